"""What the terraform-aws-lambda module packages of its `source_path` (its README, "Building and Packaging")."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from lambdabot import globs
from lambdabot.model import Attribute, Selection, Stated, Undecided
from lambdabot.model.selection import ALL, NOTHING
from lambdabot.project.templates.terraform.archive import Contents
from lambdabot.project.templates.terraform.hcl_values import Found, Value

_UNREAD = {
    "patterns": "its `patterns` are regular expressions, which are not applied",
    "prefix_in_zip": "its `prefix_in_zip` is not applied",
    "commands": "its `commands` are not run",
}
"""What a source may have beside its path that makes another package of it."""


def of_sources(sources: list[Value], code: Callable[[Value], Attribute[Path | str]]) -> Contents:
    """Return the first source that is code; several files of one folder are the package together.

    `code` makes a path of a value.
    """
    with_path = [one for one in sources if _has_path(one)]
    first, *others = with_path or sources[:1]
    notes = list(_notes(first))
    found = code(_path(first))
    if not others or not isinstance(found, Stated) or not isinstance(found.value, Path):
        return found, Selection(notes=tuple(notes)) if notes else ALL
    paths = [one.value for one in (found, *(code(_path(one)) for one in others)) if isinstance(one, Stated)]
    files = [one for one in paths if isinstance(one, Path) and one.is_file() and not globs.is_glob(one.name)]
    if len(files) == len(with_path) and len({one.parent for one in files}) == 1:
        patterns = (*NOTHING, *(one.name for one in files))
        return replace(found, value=found.value.parent), Selection(patterns=patterns, notes=tuple(notes))
    reason = f"of its {len(with_path)} sources `{found.value.name}` is in the package alone"
    return found, Selection(notes=(*notes, Undecided(reason=reason, place=first.place)))


def _has_path(item: Value) -> bool:
    """Tell whether an item of the list of sources is code, and no requirements alone."""
    return isinstance(item, Found) and (not isinstance(item.value, dict) or "path" in item.value)


def _path(item: Value) -> Value:
    if isinstance(item, Found) and isinstance(item.value, dict):
        path: Value = item.value.get("path", Undecided(reason="the package has no `path`", place=item.place))
        return path
    return item


def _notes(item: Value) -> Iterator[Undecided]:
    said: Mapping[str, Value] = item.value if isinstance(item, Found) and isinstance(item.value, dict) else {}
    for key, reason in _UNREAD.items():
        value = said.get(key)
        if value is not None and not (isinstance(value, Found) and value.value in (None, "", [])):
            yield Undecided(reason=reason, place=value.place)
