"""What a pull request changes in a function: files of its code, and settings."""

import filecmp
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from lambdabot.declaration import Place, Stated
from lambdabot.model import Function
from lambdabot.project.base import BaseTree, NoBase

SETTINGS = (
    "handler",
    "runtime",
    "timeout_seconds",
    "environment",
    "current",
    "ephemeral_storage_mb",
    "provisioned_concurrency",
    "snap_start",
    "tracing",
    "image_config",
    "attachments",
)
"""What makes two sides with the same package the same, beside their layers."""

_NOT_DEPLOYED = {"__pycache__", "node_modules"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A difference between the sides of one function: a file, or a setting with the place where it is written."""

    function: str
    path: Path
    setting: str = ""  # in words: `memory 512 MB x86_64 -> 1024 MB x86_64`
    line: int | None = None


def same_settings(head: Function, base: Function) -> bool:
    """Tell whether the sides differ in their package at most."""
    same = all(getattr(head, name) == getattr(base, name) for name in SETTINGS)
    return same and head.layers == base.layers and _layers(head) == _layers(base)


def changes(head: Function, base: Function, *, config: Path) -> Iterator[Change]:
    """Yield what differs between a function's sides; `config` is where settings without a template are written."""
    sides = {name: (getattr(base, name), getattr(head, name)) for name in SETTINGS}
    for name, (before, now) in {**sides, "layers": (_layers(base), _layers(head))}.items():
        if now != before:
            place = _place(head, name)
            words = f"{_words(name)} changed" if name == "environment" else f"{_words(name)} {before} -> {now}"
            yield Change(
                function=head.name,
                path=place.path if place else config,
                setting=words,
                line=place.line if place else None,
            )
    if isinstance(head.source, Path) and isinstance(base.source, Path):
        for path in differing(head.source, base.source):
            yield Change(function=head.name, path=path)
    elif head.source != base.source:
        yield Change(function=head.name, path=config, setting=f"code {base.source} -> {head.source}")


def describe(
    sides: Sequence[tuple[Function, Function | None, str]], tree: BaseTree | NoBase, *, config: Path, root: Path
) -> str:
    """Return as text which changed files and settings belong to which functions, and which functions are unchanged.

    Each function comes with its base side, or why there is none. The packages are not built: a dependency that
    resolves to another release today is seen only when they are.
    """
    if isinstance(tree, NoBase):
        return f"\nchanged: not known, {tree.reason}"
    lines = ["", f"changed against {tree.description}"]
    by_place: dict[str, list[str]] = {}
    unchanged = []
    for head, base, reason in sides:
        if base is None:
            lines.append(f"  {head.name} is measured alone: {reason}")
            continue
        found = list(changes(head, base, config=config))
        for one in found:
            path = one.path.relative_to(root) if one.path.is_relative_to(root) else one.path
            place = f"{path}:{one.line}" if one.line else str(path)
            by_place.setdefault(place, []).append(f"{one.function}{f' ({one.setting})' if one.setting else ''}")
        if not found:
            unchanged.append(head.name)
    lines += [f"  {place} -> {', '.join(names)}" for place, names in sorted(by_place.items())]
    if unchanged:
        lines.append(f"unchanged, not measured: {', '.join(unchanged)}")
    return "\n".join(lines)


def _layers(function: Function) -> str:
    """Return the layers as settings and template name them; one that is not decided is known by the reason why."""
    attached = [arn for arns in function.layers.values() for arn in arns]
    declared = function.declaration.layers if function.declaration else ()
    written = [one.value if isinstance(one, Stated) else one.reason for one in declared if one is not None]
    return ", ".join(dict.fromkeys([*attached, *written]))


def _words(name: str) -> str:
    return {"current": "configuration", "timeout_seconds": "timeout"}.get(name, name.replace("_", " "))


def _place(head: Function, name: str) -> Place | None:
    """Return where the template writes a setting; of the configuration, where its memory is written."""
    written = getattr(head.declaration, {"current": "memory_mb"}.get(name, name), None)
    if isinstance(written, tuple):
        written = next(iter(written), None)
    return written.place if isinstance(written, Stated) else None


def differing(head: Path, base: Path) -> Sequence[Path]:
    """Return the files that differ, or that one side lacks, by their place in the head."""
    if not (head.is_dir() and base.is_dir()):
        same = head.is_file() and base.is_file() and filecmp.cmp(head, base, shallow=False)
        return () if same else (head,)
    names = sorted({*_below(head), *_below(base)})
    _, differing, missing = filecmp.cmpfiles(head, base, names, shallow=False)
    return [head / name for name in sorted([*differing, *missing])]


def _below(folder: Path) -> Iterator[str]:
    for here, folders, names in os.walk(folder):
        folders[:] = [one for one in folders if one not in _NOT_DEPLOYED and not one.startswith(".")]
        yield from (os.path.relpath(os.path.join(here, name), folder) for name in names)  # noqa: PTH118  # os.walk's own
