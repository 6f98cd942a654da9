"""The npm packages that a Node.js handler imports and that nobody installed: its imports followed, none of them run."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from lambdabot.unbuilt.package_files import PackageFiles
from lambdabot.workspace import FileRefusedError, Workspace

MOST_MODULES = 500
LARGEST_BYTES = 1024 * 1024
"""Modules that are followed, and bytes of each: more is a bundle, which has its packages in itself."""

_IMPORT = re.compile(
    r"""(?:\brequire\s{0,9}\(\s{0,9}|\bimport\s{0,9}\(\s{0,9}|\bfrom\s{0,9}|\bimport\s{0,9})["']([^"'\s]{1,200})["']"""
)
_PACKAGE = re.compile(r"(?:@[\w.~-]+/)?[\w.~-]+")
_TYPES = re.compile(r"@types/.+|aws-lambda")
_SDK = {2: re.compile(r"aws-sdk"), 3: re.compile(r"@aws-sdk/.+|@smithy/.+")}
_FIRST_WITH_SDK_3 = 18
"""What Lambda's runtimes bring (Lambda Developer Guide, "Building Lambda functions with Node.js"), and types alone."""

_LINE_BEFORE = 200
"""Characters before an import in which its line is looked at: a longer line is no comment, but a bundle's."""

_ENDINGS = ("", ".js", ".mjs", ".cjs", "/index.js", "/index.mjs", "/index.cjs")


def missing_packages(files: PackageFiles, entry: str, runtime: str) -> tuple[str, ...]:
    """Return the packages that a module of a folder imports, with no folder of theirs and not of the runtime.

    They are dependencies of the next package.json, or the SDK of another generation than the runtime's; the modules
    that it imports from the same folder count as well.
    """
    dependencies = declared_packages(files.code, files.workspace)
    brought, other = _of_runtime(runtime)
    wanted = dict.fromkeys(
        name
        for name, at_load in _imported(files, entry)
        if not any(one.fullmatch(name) for one in (_TYPES, *brought))
        and (name in dependencies or (at_load and any(one.fullmatch(name) for one in other)))
    )
    return tuple(name for name in wanted if not files.has_any((f"node_modules/{name}",)))


def _of_runtime(runtime: str) -> tuple[list[re.Pattern[str]], list[re.Pattern[str]]]:
    """Return the SDKs that a runtime brings, and those that it does not; where that is not known, it brings all."""
    number = runtime.removeprefix("nodejs").partition(".")[0]
    if not number.isdecimal():
        return list(_SDK.values()), []
    brought = 3 if int(number) >= _FIRST_WITH_SDK_3 else 2
    return [_SDK[brought]], [one for generation, one in _SDK.items() if generation != brought]


def declared_packages(code: Path, workspace: Workspace) -> frozenset[str]:
    """Return the dependencies of the next package.json."""
    folder = package_folder(code, workspace)
    said = package_json(folder, workspace).get("dependencies") if folder else None
    return frozenset(said) if isinstance(said, dict) else frozenset()


def package_folder(folder: Path, workspace: Workspace) -> Path | None:
    """Return the folder of the package.json that Node.js's tools take for a folder: its own, or the next around it."""
    around = (each for each in (folder, *folder.parents) if workspace.holds(each))
    return next((each for each in around if workspace.is_file(each / "package.json")), None)


def package_json(folder: Path, workspace: Workspace, name: str = "package.json") -> Mapping[str, object]:
    """Return what a folder's package.json says, or another such file; nothing where that cannot be read."""
    try:
        read = json.loads(workspace.read(folder / name, largest=LARGEST_BYTES))
    except (FileRefusedError, ValueError, RecursionError):
        return {}
    return read if isinstance(read, dict) else {}


def _imported(files: PackageFiles, entry: str) -> Iterator[tuple[str, bool]]:
    """Yield the packages that a module imports, and those of the modules beside it that it imports.

    With each goes whether its line begins at the margin, so that it is imported as soon as the module is loaded.
    """
    waiting = [files.code / entry]
    seen: set[Path] = set()
    while waiting and len(seen) < MOST_MODULES:
        path = waiting.pop()
        module = next((one for end in _ENDINGS if files.workspace.is_file(one := Path(f"{path}{end}"))), None)
        if module is None or module in seen or not module.is_relative_to(files.code):
            continue
        seen.add(module)
        try:
            text = files.workspace.read(module, largest=LARGEST_BYTES).decode(errors="replace")
        except FileRefusedError:
            continue
        for found in _IMPORT.finditer(text):
            start = found.start()
            before = text[max(0, start - _LINE_BEFORE) : start].rpartition("\n")[2]
            if before.lstrip().startswith(("//", "*", "/*")):
                continue
            if found[1].startswith("."):
                waiting.append(Path(module.parent, found[1]))
            elif package := _PACKAGE.match(found[1]):
                yield package[0], len(before) < _LINE_BEFORE and not before[:1].isspace()
