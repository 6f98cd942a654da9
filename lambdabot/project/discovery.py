"""The functions that a repository's templates declare: found, read, and named so that no two are called the same."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from lambdabot.declaration import Discovery, Place, Undecided
from lambdabot.project.templates.hints import GENERATED, TERRAFORM, possible, unread
from lambdabot.workspace import holds

MOST_FILES = 50_000
"""Files that are looked at; a repository with more names its templates."""

SKIPPED = frozenset(
    "node_modules vendor venv site-packages __pycache__ bower_components target coverage lambdabot-report".split()  # noqa: SIM905  # a list of names
)
"""Folders of other people's files, beside those whose names begin with a dot."""

SUFFIXES = {".yaml", ".yml", ".json", ".template", *TERRAFORM}


def discover(root: Path, named: Sequence[str] | None = None, workspace: Path | None = None) -> Discovery:
    """Return the functions of the templates below a folder, or of those that are named there.

    Of a workflow's workspace nothing outside is read.

    A template that cannot be read costs no other: it is a problem of the discovery, with its place.
    """
    root = root.resolve()
    problems: list[Undecided] = []
    paths = _walk(root, problems) if named is None else _named(root, named, problems)
    templates = [path for path in paths if holds(workspace, path) and possible(path)]
    if not templates:
        return Discovery(problems=tuple(problems))
    from lambdabot.project.reading import Reading  # noqa: PLC0415  # the parsers, only where there is a template

    reading = Reading(problems=problems, workspace=workspace)
    for path in templates:
        reading.add(path)
    return reading.discovery(root)


def _named(root: Path, named: Sequence[str], problems: list[Undecided]) -> Iterator[Path]:
    for name in named:
        path = root / name
        found = sorted(root.glob(name)) if any(sign in name for sign in "*?[") else [path]
        for one in found:
            if one.is_dir():
                yield from sorted(child for child in one.iterdir() if child.suffix in SUFFIXES and child.is_file())
            elif one.is_file():
                yield one
            else:
                found = []
        if not found:
            problems.append(Undecided(reason="there is no such template", place=Place(path=path, line=1)))


def _walk(root: Path, problems: list[Undecided]) -> Iterator[Path]:
    """Yield what may be templates, the folders of other people's files left out."""
    seen = 0
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(one for one in folders if one not in SKIPPED and not one.startswith((".", "{")))
        here = Path(folder)
        synthesized = here.name == GENERATED
        if synthesized:
            folders[:] = []  # the assets are copies of what lies elsewhere
        for name in sorted(names):
            seen += 1
            if reason := unread(here / name):
                problems.append(Undecided(reason=reason, place=Place(path=here / name, line=1)))
            elif Path(name).suffix in SUFFIXES and (name.endswith(".template.json") or not synthesized):
                yield here / name
        if seen > MOST_FILES:
            reason = f"holds more than {MOST_FILES} files: name the `templates` in lambdabot.yml"
            problems.append(Undecided(reason=reason, place=Place(path=root, line=1)))
            return
