"""The package.json of a folder of Node.js's, found and read."""

import json
from collections.abc import Mapping
from pathlib import Path

from lambdabot.workspace import FileRefusedError, Workspace

LARGEST_BYTES = 1024 * 1024
"""Bytes of a file of a package that are read: more is a bundle, which has its packages in itself."""


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
