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
        self._newest: dict[Path, tuple[int, str]] = {}  # when a folder's source was last written, and which

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
        """Return that a source was written after the build, empty where none was."""
        try:
            built_at = made.stat().st_mtime_ns
        except OSError:
            return ""
        if sources not in self._newest:
            self._newest[sources] = _newest(sources, self._workspace)
        written_at, where = self._newest[sources]
        if written_at <= built_at + TOGETHER_NS:
            return ""
        return f"Its build is older than {where}: build it again before lambdabot, else an older package is measured."


def _newest(sources: Path, workspace: Workspace) -> tuple[int, str]:
    """Return when the source that was written last was, in nanoseconds, and its name; 0 where there is none."""
    names = (here / name for here, names in workspace.walk(sources, enters=_is_source) for name in names)
    newest = (0, "")
    for path in islice(names, MOST_SOURCES):
        if any(fnmatchcase(path.name, pattern) for pattern in (*NO_INPUTS, OWN)):
            continue
        try:
            written_at = os.lstat(path).st_mtime_ns
        except OSError:
            continue
        if written_at > newest[0]:
            newest = (written_at, os.path.relpath(path, workspace.root.resolve()))
    return newest


def _is_source(folder: Path) -> bool:
    return folder.name not in _NOT_SOURCES and not folder.name.startswith(".")
