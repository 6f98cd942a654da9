"""Which format a manifest has, by its name; and which manifest of a folder says what is shipped."""

import re
from collections.abc import Callable
from pathlib import Path

from lambdabot.arm64.formats.pdm_lock import read_pdm_lock
from lambdabot.arm64.formats.pipfile import read_pipfile, read_pipfile_lock
from lambdabot.arm64.formats.poetry import read_poetry_lock
from lambdabot.arm64.formats.pylock import read_pylock
from lambdabot.arm64.formats.pyproject import read_pyproject
from lambdabot.arm64.formats.requirements_txt import read_requirements
from lambdabot.arm64.formats.uv_lock import read_uv_lock
from lambdabot.arm64.manifest import Manifest
from lambdabot.errors import Mistake, UsageError
from lambdabot.requirements_file import SUFFIXES
from lambdabot.workspace import Workspace

_BY_NAME: dict[str, Callable[[Path, Workspace], Manifest]] = {
    "uv.lock": read_uv_lock,
    "pylock.toml": read_pylock,
    "poetry.lock": read_poetry_lock,
    "pdm.lock": read_pdm_lock,
    "Pipfile.lock": read_pipfile_lock,
    "requirements.txt": read_requirements,
    "Pipfile": read_pipfile,
    "pyproject.toml": read_pyproject,
}


def read_manifest(path: Path, workspace: Workspace) -> Manifest:
    """Read a manifest by its name; one of another name holds requirements where it is called so (.txt, .in, .pip)."""
    if path.name in _BY_NAME:
        return _BY_NAME[path.name](path, workspace)
    if re.fullmatch(r"pylock\.[^.]+\.toml", path.name):
        return read_pylock(path, workspace)
    if path.suffix.lower() not in SUFFIXES:
        advice = f"Known are {', '.join(_BY_NAME)}, other requirements (.txt, .in, .pip), zips, folders and images."
        raise UsageError([Mistake(message="is no manifest that is known by its name", path=path)], advice=advice)
    return read_requirements(path, workspace)


def manifest_in(folder: Path) -> Path | None:
    """Return the manifest that says what a folder ships: its lock, else requirements.txt, Pipfile, pyproject.toml.

    A link is one wherever it leads: whoever reads it is told when that is out of the workspace.
    """
    paths = (folder / name for name in _BY_NAME)
    return next((path for path in paths if path.is_symlink() or path.is_file()), None)
