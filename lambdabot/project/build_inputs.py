"""Whether anything differs that a build takes: where nothing does, the head's build is the base's as well."""

import re
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from lambdabot.model import Function, Slot, Stated
from lambdabot.project.base import committed
from lambdabot.project.changes import same_file
from lambdabot.project.templates.attributes import AWS_DEFAULT, FRAMEWORK_DEFAULT
from lambdabot.workspace import FileRefusedError, Workspace

NO_INPUTS = (
    *("*.md", "*.rst", "LICENSE*", "NOTICE*", "*CODEOWNERS", ".gitignore", ".editorconfig"),
    *(".github/dependabot.yml", ".github/lambdabot/*"),  # a workflow may be what builds
)
"""Files that no build of a function reads."""

SETTINGS = (
    "function_name",
    "memory_mb",
    "architecture",
    "timeout_seconds",
    "reserved_concurrency",
    "provisioned_concurrency",
    "ephemeral_storage_mb",
)
"""What a template says of a function that no build reads, beside its variables."""

_NAME_ALONE = re.compile(r"""\s*[\w"'-]+\s*[:=][\s"'\[\]]*,?\s*(#.*)?""")
_ONE_VALUE = re.compile(r"""\s*[\w"'-]+\s*[:=][^{},]*,?""")
"""A line that gives one value: what is left of it without the value, and the whole of it."""


class Files:
    """A side's files, and where its templates write the settings of functions."""

    def __init__(self, root: Path, workspace: Workspace, functions: Iterable[Function]) -> None:
        """Collect the lines; nothing is read."""
        self.root = root
        self.workspace = workspace
        self._given: dict[Path, dict[int, list[Stated[Any]]]] = {}
        for one in filter(None, (function.origin.declaration for function in functions)):
            for value in (*(getattr(one, name) for name in SETTINGS), *one.environment.values()):
                if isinstance(value, Stated) and value.inherited not in {AWS_DEFAULT, FRAMEWORK_DEFAULT}:
                    lines = self._given.setdefault(value.place.path.resolve(), {})
                    lines.setdefault(value.place.line, []).append(value)

    def gives(self, name: str) -> bool:
        """Tell whether a file gives settings of functions."""
        return (self.root / name).resolve() in self._given

    def rest(self, name: str) -> list[str]:
        """Return a file's lines without what they give of settings; none of a file that cannot be read."""
        path = self.root / name
        given = self._given.get(path.resolve(), {})
        try:
            lines = self.workspace.read(path).decode(errors="replace").splitlines()
        except FileRefusedError:
            return []
        rests = (_rest(line, given.get(number, ())) for number, line in enumerate(lines, start=1))
        return [rest for rest in rests if rest is not None]


def _rest(line: str, values: Sequence[Stated[Any]]) -> str | None:
    """Return a line without the values that it gives; None where nothing is left but what one of them is called."""
    slots = {one.slot for one in values if isinstance(one.slot, Slot) and one.slot.line == one.place.line}
    if values and not slots:
        return None if _ONE_VALUE.fullmatch(line) else line
    for slot in sorted(slots, key=lambda one: one.start, reverse=True):
        line = line[: slot.start] + line[slot.end :]
    return None if slots and _NAME_ALONE.fullmatch(line) else line


def changed_input(head: Files, base: Files, *, commit: str | None, config: Path) -> str:
    """Return a file that may make the two sides' builds differ, as its name below the root; empty where there is none.

    Lines of a template that give memory, architecture, timeout, storage, concurrency or variables are no input, nor is
    `config`, the settings file. Where git cannot say which files the base's commit has, all may: `.`.
    """
    here, there = committed("HEAD", head.root), committed(commit, head.root) if commit else None
    if here is None or there is None:
        return "."
    for name in sorted({*here, *there}):
        if head.root / name == config or any(fnmatchcase(name, pattern) for pattern in NO_INPUTS):
            continue
        if same_file(head.workspace, head.root / name, base.workspace, base.root / name):
            continue
        if not (head.gives(name) or base.gives(name)) or head.rest(name) != base.rest(name):
            return name
    return ""
