"""The names that a function's package would have, of a folder, of one file or of a zip."""

from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatchcase
from functools import cached_property
from itertools import islice
from pathlib import Path
from zipfile import BadZipFile

from lambdabot import zip_directory
from lambdabot.unbuilt.node_modules import NodeModules
from lambdabot.workspace import FileRefusedError, Workspace

MOST_NAMES = 5_000
"""Names of one folder that a pattern is held against."""

_ZIPS = {".zip", ".jar"}


class Packages:
    """The packages of a workspace's functions, each looked into once for all functions that have it."""

    def __init__(self, workspace: Workspace) -> None:
        """Read nothing yet."""
        self.workspace = workspace
        self.modules = NodeModules(workspace)
        self._known: dict[Path, PackageFiles] = {}

    def of(self, code: Path) -> "PackageFiles":
        """Return what is in some code."""
        return self._known.setdefault(code, PackageFiles(code, self.workspace))


class PackageFiles:
    """What is in code as it lies there, asked by name."""

    def __init__(self, code: Path, workspace: Workspace) -> None:
        """Read nothing yet."""
        self.code = code
        self.workspace = workspace

    @property
    def is_folder(self) -> bool:
        """Tell whether it is a folder, whose files a project's tools may work on."""
        return self.workspace.is_dir(self.code)

    @cached_property
    def readable(self) -> bool:
        """Tell whether the names can be known; what Lambda would refuse is packaging's to say."""
        if self.is_folder or self._zipped is not None:
            return True
        return self.code.suffix not in _ZIPS and self.workspace.is_file(self.code)

    def has_file(self, names: Sequence[str]) -> bool:
        """Tell whether one of some files is there; a name may be a pattern, with `*` in its last part."""
        return any(self._has(name, self.workspace.is_file) for name in names)

    def has_any(self, names: Sequence[str]) -> bool:
        """Tell whether one of some files or folders is there, as `has_file` has their names."""
        return any(self._has(name, self._is_there) for name in names)

    def _is_there(self, path: Path) -> bool:
        return self.workspace.is_file(path) or self.workspace.is_dir(path)

    def _has(self, name: str, is_there: Callable[[Path], bool]) -> bool:
        folder, _, last = name.rpartition("/")
        if name.startswith("/") or ".." in name.split("/"):
            return False  # it leads out of the package
        if "*" in last:
            return any(fnmatchcase(one, last) for one in self._names(folder))
        if self.is_folder:
            return is_there(self.code / name)
        return name in self._zipped if self._zipped is not None else name == self.code.name

    def _names(self, folder: str) -> Iterator[str]:
        if self.is_folder:
            inside = self.code / folder
            found = inside.iterdir() if self.workspace.is_dir(inside) else iter(())
            yield from (path.name for path in islice(found, MOST_NAMES))
        elif self._zipped is not None:
            prefix = f"{folder}/" if folder else ""
            rests = (name.removeprefix(prefix) for name in self._zipped if name.startswith(prefix))
            yield from (rest for rest in rests if "/" not in rest)

    @cached_property
    def _zipped(self) -> frozenset[str] | None:
        """Return a zip's names, None for what is none that can be read."""
        try:
            with self.workspace.open(self.code) as file:
                return frozenset(zip_directory.sizes(file))
        except (FileRefusedError, BadZipFile, OSError, UnicodeDecodeError, NotImplementedError):
            return None
