"""What `serverless package` has left in `.serverless`: one zip of the service, or one for each function.

Which, the state says that it writes beside them (Serverless Framework 3 and 4, "serverless-state.json").
"""

import json
from collections.abc import Mapping
from functools import cached_property
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any

from lambdabot import zip_directory
from lambdabot.model import Declaration
from lambdabot.project.builds.built import Outputs
from lambdabot.workspace import FileRefusedError, Workspace

FOLDER = ".serverless"
STATE = "serverless-state.json"
LARGEST_STATE = 16 * 1024 * 1024


class ServerlessBuild:
    """A service's packages."""

    def __init__(self, service: Path, workspace: Workspace) -> None:
        """Read the state that lies in a service's folder, where there is one."""
        self._folder = service / FOLDER
        self._workspace = workspace
        self._state = self._read()
        self._outputs = Outputs(workspace)

    def built(self, one: Declaration, key: str) -> Declaration:
        """Return a function with its package, where there is one; `key` is its name in the service."""
        package = next(filter(self._is_zip, map(self._folder.joinpath, self._names(key))), None)
        if package is None:
            return one
        return self._outputs.given(one, package, made=package)

    def _is_zip(self, path: Path) -> bool:
        """Tell whether a file is a package; what a build that was cut off has left is none."""
        try:
            with self._workspace.open(path) as file:
                return bool(zip_directory.sizes(file))
        except (FileRefusedError, *zip_directory.FAULTS):
            return False

    def _names(self, key: str) -> list[str]:
        """Return the names that a function's package may have, the state's own first."""
        own = _within(self._state, "service", "functions", key, "package", "artifact")
        whole = _within(self._state, "package", "artifact")
        names = [name for name in (own, f"{key}.zip", whole, self._only) if isinstance(name, str)]
        return [PurePosixPath(name.replace("\\", "/")).name for name in names]  # the state's folder is its maker's

    @cached_property
    def _only(self) -> str | None:
        """Return the name of the only zip, where there is one alone."""
        zips = islice(self._folder.glob("*.zip"), 2) if self._workspace.is_dir(self._folder) else ()
        names = [path.name for path in zips]
        return names[0] if len(names) == 1 else None

    def _read(self) -> Mapping[str, Any]:
        try:
            read = json.loads(self._workspace.read(self._folder / STATE, largest=LARGEST_STATE))
        except (FileRefusedError, ValueError, RecursionError):
            return {}
        return read if isinstance(read, dict) else {}


def _within(document: object, *keys: str) -> object:
    for key in keys:
        document = document.get(key) if isinstance(document, dict) else None
    return document
