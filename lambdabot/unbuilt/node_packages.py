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
_OF_RUNTIME = re.compile(r"aws-sdk|@aws-sdk/.+|@smithy/.+|@types/.+|aws-lambda")
"""What Lambda's runtimes bring (Lambda Developer Guide, "Building Lambda functions with Node.js"), and types alone."""

_ENDINGS = ("", ".js", ".mjs", ".cjs", "/index.js", "/index.mjs", "/index.cjs")


def missing_packages(files: PackageFiles, entry: str) -> tuple[str, ...]:
    """Return the dependencies of the next package.json that a module of a folder imports, with no folder of theirs.

    The modules that it imports from the same folder count as well.
    """
    dependencies = _dependencies(files.code, files.workspace)
    wanted = dict.fromkeys(name for name in _imported(files, entry) if name in dependencies)
    return tuple(name for name in wanted if not files.has_any((f"node_modules/{name}",)))


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


def _dependencies(code: Path, workspace: Workspace) -> frozenset[str]:
    folder = package_folder(code, workspace)
    said = package_json(folder, workspace).get("dependencies") if folder else None
    names = said.keys() if isinstance(said, dict) else ()
    return frozenset(name for name in names if not _OF_RUNTIME.fullmatch(name))


def _imported(files: PackageFiles, entry: str) -> Iterator[str]:
    """Yield the packages that a module imports, and those of the modules beside it that it imports."""
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
        for name in _IMPORT.findall(text):
            if name.startswith("."):
                waiting.append(Path(module.parent, name))
            elif package := _PACKAGE.match(name):
                yield package[0]
