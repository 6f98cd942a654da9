"""Edits written into the user's files: all of them, or none when one does not fit."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby, pairwise, takewhile
from pathlib import Path

from lambdabot import output
from lambdabot.errors import Mistake, UsageError
from lambdabot.model import Edit
from lambdabot.project.candidates import SUFFIXES
from lambdabot.workspace import FileRefusedError, Workspace

BYTE_ORDER_MARK = "\ufeff"


def write(edits: Sequence[Edit], root: Path) -> tuple[Path, ...]:
    """Replace each edit's line and return the files that changed; an edit that is there already changes nothing.

    The edits come from a report, which may be anyone's: they reach templates below `root` alone, and only where the
    line still reads as it did, and through no link. Raises UsageError with every edit that does not fit, before
    anything is written.
    """
    root = root.resolve()
    workspace = Workspace(root)
    mistakes: list[Mistake] = []
    by_file: dict[Path, list[Edit]] = {}
    for edit in edits:
        reason = _refused(edit, root, workspace)
        if reason:
            mistakes.append(Mistake(message=reason, path=edit.path, line=edit.line))
        else:
            by_file.setdefault(_place(edit, root), []).append(edit)
    changed: dict[Path, bytes] = {}
    for path, own in by_file.items():
        try:
            before = workspace.read(path)
        except FileRefusedError as error:
            mistakes.append(Mistake(message=str(error), path=own[0].path))
            continue
        after = _edited(before, own, mistakes)
        if after != before:
            changed[path] = after
    if mistakes:
        advice = "Nothing was written. Run lambdabot again: it reads the templates as they are now."
        raise UsageError(mistakes, advice=advice)
    for path, data in changed.items():
        mode = path.stat().st_mode & 0o777
        with output.opened(path.parent, workspace) as folder:
            folder.write(path.name, data, mode=mode)
    return tuple(changed)


def _place(edit: Edit, root: Path) -> Path:
    return Path(os.path.normpath(root / edit.path))


def _refused(edit: Edit, root: Path, workspace: Workspace) -> str:
    path = _place(edit, root)
    if not path.is_relative_to(root) or not workspace.holds(path):
        return "lies outside of the repository"
    if path.suffix not in SUFFIXES or any(part.startswith(".") for part in path.relative_to(root).parts):
        return "is no template"
    if path.is_symlink() or output.mistakes(path.parent, workspace):
        return "leads through a link, through which lambdabot does not write"
    return "" if path.is_file() else "there is no such file"


def _edited(data: bytes, edits: Sequence[Edit], mistakes: list[Mistake]) -> bytes:
    """Return the file with its lines replaced, from the last to the first so that their numbers hold."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        mistakes.append(Mistake(message="is not UTF-8 text", path=edits[0].path))
        return data
    lines = text.removeprefix(BYTE_ORDER_MARK).split("\n")
    for edit in sorted(_joined(edits), key=lambda one: one.line, reverse=True):
        row = edit.line - 1
        wanted = edit.after.split("\n")
        there = [line.removesuffix("\r") for line in lines[row : row + len(wanted)]]
        if there == [line.removesuffix("\r") for line in wanted]:
            continue
        if there[:1] != [edit.before]:
            found = f"it reads `{there[0].strip()}`" if there else "the file has no such line"
            message = f"the line should read `{edit.before.strip()}`, but {found}"
            mistakes.append(Mistake(message=message, path=edit.path, line=edit.line))
            continue
        carriage = "\r" if lines[row].endswith("\r") else ""
        lines[row] = edit.after + carriage
    mark = BYTE_ORDER_MARK if text.startswith(BYTE_ORDER_MARK) else ""
    return (mark + "\n".join(lines)).encode()


def _joined(edits: Sequence[Edit]) -> Iterator[Edit]:
    """Yield the edits, those of one line as one: functions that share a line each know their own change of it alone."""
    for _, group in groupby(sorted(edits, key=_line), _line):
        first, *others = dict.fromkeys(replace(one, note="") for one in group)
        changed = [_change(one) for one in (first, *others)]
        together = sorted(changed, reverse=True)
        apart = all(later[0] >= earlier[1] for later, earlier in pairwise(together))
        if not apart or any(one.before != first.before for one in others):
            yield from (first, *others)
            continue
        after = first.before
        for start, end, text in together:
            after = after[:start] + text + after[end:]
        yield replace(first, after=after)


def _line(edit: Edit) -> int:
    return edit.line


def _change(edit: Edit) -> tuple[int, int, str]:
    """Return which characters of the line before an edit replaces, and by what."""
    same = _alike(edit.before, edit.after)
    end = _alike(edit.before[same:][::-1], edit.after[same:][::-1])
    return same, len(edit.before) - end, edit.after[same : len(edit.after) - end]


def _alike(one: str, other: str) -> int:
    """Return how many characters two texts begin with in common."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
