"""The files that may be templates: those that the settings name, or all of a folder but other people's."""

from collections.abc import Iterator, Sequence
from itertools import takewhile
from pathlib import Path, PurePosixPath

from lambdabot.globs import LONGEST_STEP, MOST_STEPS, single_depths, taken
from lambdabot.model import Place, Undecided
from lambdabot.project.programs import Programs
from lambdabot.project.templates.hints import GENERATED, TERRAFORM
from lambdabot.workspace import OUTSIDE, Workspace

MOST_FILES = 50_000
"""Files that are looked at; a repository with more names its templates."""

SKIPPED = frozenset(
    "node_modules vendor venv site-packages __pycache__ bower_components target coverage lambdabot-report".split()  # noqa: SIM905  # a list of names
)
"""Folders of other people's files, beside those whose names begin with a dot."""

SUFFIXES = {".yaml", ".yml", ".json", ".template", *TERRAFORM}


def named(root: Path, names: Sequence[str], workspace: Workspace, problems: list[Undecided]) -> Iterator[Path]:
    """Yield the files that names or patterns (`*`, `?`, `[…]`, `**`) seen from a folder stand for, each once."""
    seen: set[Path] = set()
    looked_at = 0
    for name in names:
        path, found = root / name, [root / name]
        if _is_pattern(name):
            found, count = _matching(root, name, workspace, MOST_FILES - looked_at)
            looked_at += count
        if looked_at > MOST_FILES:
            problems.append(_too_many(path))
            return
        there = [one for each in found for one in _files(each, workspace)]
        if not there and not any(workspace.is_dir(each) for each in found):
            reason = "there is no such template" if workspace.holds(path) else OUTSIDE
            problems.append(Undecided(reason=reason, place=Place(path=path, line=1)))
        yield from (one for one in there if one not in seen)
        seen.update(there)


def below(root: Path, workspace: Workspace, problems: list[Undecided]) -> Iterator[Path]:
    """Yield what may be templates below a folder, the folders of other people's files left out."""
    seen = 0
    programs = Programs(root, workspace)
    for here, names in workspace.walk(root, enters=_is_ours):
        synthesized = here.name == GENERATED
        for name in names:
            seen += 1
            path = here / name
            if (
                not programs.meet(path)
                and path.suffix in SUFFIXES
                and (name.endswith(".template.json") or not synthesized)
            ):
                yield path
        if seen > MOST_FILES:
            problems.append(_too_many(root))
            break
    problems += programs.problems()


def _is_ours(folder: Path) -> bool:
    copied = folder.parent.name == GENERATED  # the assets are copies of what lies elsewhere
    return not copied and folder.name not in SKIPPED and not folder.name.startswith((".", "{"))


def _files(path: Path, workspace: Workspace) -> list[Path]:
    """Return a file, or a folder's own templates; one that may not be read is there, for its reading to say why."""
    if workspace.is_dir(path):
        names = next((names for _, names in workspace.walk(path, enters=lambda _: False)), [])
        return [path / name for name in names if Path(name).suffix in SUFFIXES]
    return [path] if workspace.holds(path) and path.exists() else []


def _is_pattern(name: str) -> bool:
    return any(sign in name for sign in "*?[")


def _matching(root: Path, pattern: str, workspace: Workspace, most: int) -> tuple[list[Path], int]:
    """Return the files and folders that a pattern fits, and how many were looked at: not many more than `most`."""
    parts = PurePosixPath(pattern).parts
    fixed = tuple(takewhile(lambda part: not _is_pattern(part), parts))
    rest, top = parts[len(fixed) :], root.joinpath(*fixed)
    steps = single_depths(rest)
    if ".." in steps or len(steps) > MOST_STEPS or any(len(step) > LONGEST_STEP for step in steps):
        return [], 0
    found: list[Path] = []
    seen = 0

    def enters(folder: Path) -> bool:
        return bool(taken(folder.relative_to(top).parts, steps))

    for here, names in workspace.walk(top, enters=enters):
        seen += 1 + len(names)
        if seen > most:
            break
        if here != top and len(steps) in taken(here.relative_to(top).parts, steps):
            found.append(here)
        found += [here / name for name in names if len(steps) in taken((here / name).relative_to(top).parts, steps)]
    return found, seen


def _too_many(path: Path) -> Undecided:
    reason = f"holds more than {MOST_FILES} files: name the `templates` in lambdabot.yml"
    return Undecided(reason=reason, place=Place(path=path, line=1))
