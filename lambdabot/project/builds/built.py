"""A function with the code that a build made of it, and whether that is older than what it was made from."""

import os
from dataclasses import replace
from fnmatch import fnmatchcase
from itertools import islice
from pathlib import Path

from lambdabot.model import Declaration, Stated
from lambdabot.model.selection import ALL
from lambdabot.project.build_inputs import NO_INPUTS
from lambdabot.workspace import Workspace

MOST_SOURCES = 20_000
"""Files whose times are looked at: more is no source of one function."""

TOGETHER_NS = 5_000_000_000
"""Nanoseconds within which a checkout, a copy or an unpacked cache writes what nobody edited in between."""

OWN = "lambdabot*.yml"
"""lambdabot's own settings, which no build reads."""

_NOT_SOURCES = {"node_modules", "venv", "__pycache__", "target", "build", "dist", "bin", "obj", "lambdabot-report"}


class Outputs:
    """The outputs of one build; how old they are is looked up once for all functions of the same sources."""

    def __init__(self, workspace: Workspace) -> None:
        """Look at nothing yet."""
        self._workspace = workspace
        self._stale: dict[tuple[Path, Path], str] = {}

    def given(self, one: Declaration, code: Path, *, made: Path) -> Declaration:
        """Return a function whose code is what a build made; `made` is the file that the build writes at its end.

        An output that is not in the workspace, or that is gone, is none; nor is one that is the sources themselves.
        """
        workspace = self._workspace
        if not isinstance(one.code, Stated) or code == one.code.value:
            return one
        if not (workspace.is_dir(code) or workspace.is_file(code)):
            return one
        sources = one.code.value
        return replace(
            one,
            code=replace(one.code, value=code),
            selection=ALL,
            built_from=sources if isinstance(sources, Path) else None,
            stale=self._told(sources, made) if isinstance(sources, Path) else "",
        )

    def _told(self, sources: Path, made: Path) -> str:
        if (sources, made) not in self._stale:
            self._stale[sources, made] = _stale(sources, made, self._workspace)
        return self._stale[sources, made]


def _stale(sources: Path, made: Path, workspace: Workspace) -> str:
    """Return which source was written after the build, empty where none was."""
    try:
        built_at = made.stat().st_mtime_ns
    except OSError:
        return ""
    names = (here / name for here, names in workspace.walk(sources, enters=_is_source) for name in names)
    for path in islice(names, MOST_SOURCES):
        if any(fnmatchcase(path.name, pattern) for pattern in (*NO_INPUTS, OWN)):
            continue
        try:
            newer = os.lstat(path).st_mtime_ns > built_at + TOGETHER_NS
        except OSError:
            continue
        if newer:
            where = os.path.relpath(path, workspace.root.resolve())
            return (
                f"Its build is older than {where}: build it again before lambdabot, else an older package is measured."
            )
    return ""


def _is_source(folder: Path) -> bool:
    return folder.name not in _NOT_SOURCES and not folder.name.startswith(".")
