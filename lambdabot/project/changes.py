"""What a pull request changes in a function: files of its code, and settings."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from lambdabot import zip_directory
from lambdabot.model import Architecture, Code, Function, Layer, Place, Stated
from lambdabot.model.selection import ALL
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
    return same and _attached(head) == _attached(base) and missing(head) == missing(base)


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
    for path in dict.fromkeys(_differing_layers(head, base)):
        yield Change(function=head.name, path=path)


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


def missing(function: Function) -> frozenset[str]:
    """Return why layers of a side are left out, wherever its template lies."""
    return frozenset(one.reason for one in function.code.missing_layers)


def _attached(function: Function) -> dict[Architecture, list[str | None]]:
    """Return the layers' ARNs; None stands for one of the repository, whose contents are compared when packaged."""
    return {
        architecture: [one if isinstance(one, str) else None for one in layers]
        for architecture, layers in function.code.layers.items()
    }


def _layers(function: Function) -> str:
    """Return the layers as settings and template name them; one that is left out is known by the reason why."""
    attached = [one if isinstance(one, str) else one.name for layers in function.code.layers.values() for one in layers]
    return ", ".join(dict.fromkeys([*attached, *(one.reason for one in function.code.missing_layers)]))


def _differing_layers(head: Function, base: Function) -> Iterator[Path]:
    """Yield the files that differ of the layers that stand at the same place of both sides' order."""
    for architecture in head.code.layers.keys() & base.code.layers.keys():
        for here, there in zip(head.code.layers_for(architecture), base.code.layers_for(architecture), strict=False):
            if isinstance(here, Layer) and isinstance(there, Layer):
                yield from _differing(_code_of(head, here), _code_of(base, there))


def _code_of(function: Function, layer: Layer) -> Code:
    """Return a layer as code, all of whose folder is the package."""
    return replace(function.code, workspace=layer.workspace, source=layer.source, selection=ALL)


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
    return _differing(head.code, base.code)


def _differing(head: Code, base: Code) -> Sequence[Path]:
    here, there = head.source, base.source
    if not (isinstance(here, Path) and isinstance(there, Path)):
        return ()
    if not (head.workspace.is_dir(here) and base.workspace.is_dir(there)):
        same = _same_package(head.workspace, here, base.workspace, there)
        return () if same else (here,)
    its, bases = dict(head.selection.texts), dict(base.selection.texts)
    texts = {name for name in {*its, *bases} if _value(its.get(name)) != _value(bases.get(name))}
    names = {*_packaged(head, here), *_packaged(base, there)} - its.keys() - bases.keys()
    if len(names) > MOST_FILES:
        return (here,)
    files = {name for name in names if not same_file(head.workspace, here / name, base.workspace, there / name)}
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
