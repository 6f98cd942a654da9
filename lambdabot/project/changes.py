"""What a pull request changes in a function: files of its code, and settings."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from lambdabot import zip_directory
from lambdabot.model import Code, Function, Place, Stated
from lambdabot.project.base import BaseTree, NoBase
from lambdabot.workspace import FileRefusedError, Workspace

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

MOST_FILES = 100_000
LARGEST_BYTES = 512 * 1024 * 1024
"""More than a package may hold: what is larger is not compared, and counts as changed."""

_PIECE = 256 * 1024

_INSTALLED = "node_modules"
"""A step of the workflow installs it, on the side that is checked out; its lock is compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A difference between the sides of one function: a file, or a setting with the place where it is written."""

    function: str
    path: Path
    setting: str = ""  # in words: `memory 512 MB x86_64 -> 1024 MB x86_64`
    line: int | None = None


def same_settings(head: Function, base: Function) -> bool:
    """Tell whether the sides differ in their package at most."""
    same = all(head.value(name) == base.value(name) for name in SETTINGS)
    return same and head.code.layers == base.code.layers and _layers(head) == _layers(base)


def changes(head: Function, base: Function, *, config: Path) -> Iterator[Change]:
    """Yield what differs between a function's sides; `config` is where settings without a template are written."""
    sides = {name: (base.value(name), head.value(name)) for name in SETTINGS}
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
    if isinstance(head.code.source, Path) and isinstance(base.code.source, Path):
        for path in differing(head, base):
            yield Change(function=head.name, path=path)
    elif head.code.source != base.code.source:
        yield Change(function=head.name, path=config, setting=f"code {base.code.source} -> {head.code.source}")


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
    attached = [arn for arns in function.code.layers.values() for arn in arns]
    declared = function.origin.declaration.layers if function.origin.declaration else ()
    written = [one.value if isinstance(one, Stated) else one.reason for one in declared if one is not None]
    return ", ".join(dict.fromkeys([*attached, *written]))


def _words(name: str) -> str:
    return {"current": "configuration", "timeout_seconds": "timeout"}.get(name, name.replace("_", " "))


def _place(head: Function, name: str) -> Place | None:
    """Return where the template writes a setting; for the configuration, where its memory is written."""
    written = getattr(head.origin.declaration, {"current": "memory_mb"}.get(name, name), None)
    if isinstance(written, tuple):
        written = next(iter(written), None)
    return written.place if isinstance(written, Stated) else None


def differing(head: Function, base: Function) -> Sequence[Path]:
    """Return the files of two sides' code that differ, or that one side lacks, by their place in the head.

    For a folder with more files than a package holds, that is the folder itself; for code that is no path, nothing.
    """
    here, there = head.code.source, base.code.source
    if not (isinstance(here, Path) and isinstance(there, Path)):
        return ()
    if not (head.code.workspace.is_dir(here) and base.code.workspace.is_dir(there)):
        same = _same_package(head.code.workspace, here, base.code.workspace, there)
        return () if same else (here,)
    its, bases = dict(head.code.selection.texts), dict(base.code.selection.texts)
    texts = {name for name in {*its, *bases} if _value(its.get(name)) != _value(bases.get(name))}
    names = {*_packaged(head.code, here), *_packaged(base.code, there)} - its.keys() - bases.keys()
    if len(names) > MOST_FILES:
        return (here,)
    files = {
        name for name in names if not same_file(head.code.workspace, here / name, base.code.workspace, there / name)
    }
    return [its[name].place.path if name in its else here / name for name in sorted(files | texts)]


def _value(text: Stated[str] | None) -> str | None:
    return None if text is None else text.value


def _packaged(code: Code, folder: Path) -> Iterator[str]:
    """Yield the names of a folder's files that are packaged, a few more than MOST_FILES at most."""
    selection = code.selection

    def enters(inner: Path) -> bool:
        return inner.name != _INSTALLED and selection.enters(inner.relative_to(folder))

    found = (here / name for here, names in code.workspace.walk(folder, enters=enters) for name in names)
    names = (name for path in found if selection.takes(name := path.relative_to(folder)))
    yield from map(str, islice(names, MOST_FILES + 1))


def same_file(workspace: Workspace, path: Path, other_workspace: Workspace, there: Path) -> bool:
    """Tell whether two files hold the same; what may not be read is not."""
    try:
        with (
            workspace.open(path, largest=LARGEST_BYTES) as here,
            other_workspace.open(there, largest=LARGEST_BYTES) as its,
        ):
            if os.fstat(here.fileno()).st_size != os.fstat(its.fileno()).st_size:
                return False
            while piece := here.read(_PIECE):
                if piece != its.read(_PIECE):
                    return False
            return not its.read(1)
    except (FileRefusedError, OSError):
        return False


def _same_package(workspace: Workspace, path: Path, other_workspace: Workspace, there: Path) -> bool:
    """Tell whether two files are the same package: the same bytes, or zips that hold the same."""
    if same_file(workspace, path, other_workspace, there):
        return True
    try:
        with (
            workspace.open(path, largest=LARGEST_BYTES) as here,
            other_workspace.open(there, largest=LARGEST_BYTES) as its,
        ):
            return zip_directory.contents(here, largest=LARGEST_BYTES) == zip_directory.contents(
                its, largest=LARGEST_BYTES
            )
    except (FileRefusedError, *zip_directory.FAULTS):
        return False
