"""The one way in for every file that a pull request names: inside the workspace, none of git's own, bounded in size.

What is named goes into the function's package or event, into a message or into the comment, and so to code and eyes
that anyone may have chosen. Beside the workspace lie the job's event, its home and its credentials; in `.git` lies
what actions/checkout leaves there, and at its top what google-github-actions/auth does.
"""

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Self

GIT = ".git"

LARGEST_TEXT = 32 * 1024 * 1024
"""Bytes of a file that is read as text; the lock of a monorepo has a few million."""

_OPEN = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK  # a FIFO without a writer must not hold us


class FileRefusedError(Exception):
    """A file is not read; the message says why, to be set after the file's name: `does not lie in the workspace …`."""


OUTSIDE = "does not lie in the workspace: a pull request's code may see its own repository's files alone"


def is_private(name: str) -> bool:
    """Tell whether a name is git's own, or that of a file of credentials which another action leaves behind."""
    name = name.casefold()  # a file system may take `.GIT` for `.git`
    return name == GIT or (name.startswith("gha-creds-") and name.endswith(".json"))


@dataclass(frozen=True, slots=True)
class Workspace:
    """The folder whose files a pull request may name, links followed: the runner's workspace, or the repository."""

    root: Path
    _top: Path = field(init=False, repr=False, compare=False)  # where the root really is

    def __post_init__(self) -> None:
        """Follow the root's own links once: whoever starts lambdabot chose them."""
        object.__setattr__(self, "_top", Path(os.path.realpath(self.root)))

    @classmethod
    def around(cls, path: Path) -> Self:
        """Return the workspace of a file or folder that a person names at a terminal.

        It is the git work tree that both the current folder and the path are in, else that around the path; without
        one the current folder, where that holds it; else its own folder. Links of the path are not followed: one that
        a pull request commits would name its workspace.
        """
        named, current = Path(os.path.abspath(path)), Path.cwd()  # noqa: PTH100  # `resolve` would follow links
        folder = named if named.is_dir() else named.parent
        around = (tree for tree in (*_trees(current), *_trees(folder)) if folder.is_relative_to(tree))
        return cls(next(around, current if folder.is_relative_to(current) else folder))

    @classmethod
    def of_workflow(cls, folder: Path | None) -> Self | None:
        """Return the workspace that the runner names; None where there is none, and a terminal's is to be found."""
        return None if folder is None else cls(folder)

    def holds(self, path: Path) -> bool:
        """Tell whether a path, links followed, is one of the workspace's and none of git's own; it need not exist."""
        try:
            self._real(path)
        except FileRefusedError:
            return False
        return True

    def covers(self, path: Path) -> bool:
        """Tell whether a path lies in it, by its name or once links are followed: a pull request can be there first."""
        ways = (Path(os.path.abspath(path)), path.resolve())  # noqa: PTH100  # one of the two follows links
        return any(way.is_relative_to(root) for way in ways for root in (self.root, self.root.resolve()))

    def is_file(self, path: Path) -> bool:
        """Tell whether there is such a file in the workspace."""
        return _quietly(path, os.path.isfile) and self.holds(path)

    def is_dir(self, path: Path) -> bool:
        """Tell whether there is such a folder in the workspace."""
        return _quietly(path, os.path.isdir) and self.holds(path)

    def walk(self, folder: Path, *, enters: Callable[[Path], bool]) -> Iterator[tuple[Path, list[str]]]:
        """Yield a folder and those below it that are to be entered, each with the names of its files, all in order.

        Nothing private is among them and no link to a folder is entered, but a name may be that of any link.
        """
        waiting = [folder] if self.is_dir(folder) else []
        while waiting:  # no recursion: git commits folders in folders a thousand deep
            here = waiting.pop()
            try:
                with os.scandir(here) as found:
                    entries = sorted((each for each in found if not is_private(each.name)), key=lambda each: each.name)
            except OSError:  # not for our eyes, or deeper than a path may be long
                continue
            folders = [each.name for each in entries if each.is_dir(follow_symlinks=False)]
            yield here, [each.name for each in entries if not _is_dir(each)]
            waiting += [inner for name in reversed(folders) if enters(inner := here / name)]

    def open(self, path: Path, *, largest: int | None = None) -> BinaryIO:
        """Open a regular file for reading. Raises FileRefusedError, also for one above `largest` bytes.

        Links are followed before the check, and none after it.
        """
        real = self._real(path)
        try:
            handle = os.open(real, _OPEN)
        except OSError as error:
            message = f"cannot be read: {error.strerror}"
            raise FileRefusedError(message) from error
        found = os.fstat(handle)
        refused = ""
        if not stat.S_ISREG(found.st_mode):
            refused = "is a folder" if stat.S_ISDIR(found.st_mode) else "is no regular file"
        elif largest is not None and found.st_size > largest:
            refused = _too_large(largest)
        if refused:
            os.close(handle)
            raise FileRefusedError(refused)
        return os.fdopen(handle, "rb")

    def read(self, path: Path, *, largest: int = LARGEST_TEXT) -> bytes:
        """Return a file's bytes, `largest` at most. Raises FileRefusedError."""
        with self.open(path, largest=largest) as file:
            try:
                data = file.read(largest + 1)
            except OSError as error:
                message = f"cannot be read: {error.strerror}"
                raise FileRefusedError(message) from error
        if len(data) > largest:  # it grew, or its size was not known before
            raise FileRefusedError(_too_large(largest))
        return data

    def _real(self, path: Path) -> Path:
        try:
            real = path.resolve()
        except (OSError, ValueError, RuntimeError) as error:  # too long, a NUL, a circle of links
            message = f"is no path that can be followed: {getattr(error, 'strerror', None) or error}"
            raise FileRefusedError(message) from error
        if not real.is_relative_to(self._top) or any(map(is_private, real.relative_to(self._top).parts)):
            raise FileRefusedError(OUTSIDE)
        return real


def _trees(folder: Path) -> list[Path]:
    """Return the git work trees that a folder is in, the innermost first."""
    return [each for each in (folder, *folder.parents) if os.path.lexists(each / GIT)]


def _quietly(path: Path, ask: Callable[[Path], bool]) -> bool:
    try:
        return ask(path)
    except ValueError:  # a NUL in the name
        return False


def _is_dir(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link in a circle
        return False


def _too_large(largest: int) -> str:
    size = f"{largest // 1024**2} MB" if largest >= 1024**2 else f"{largest // 1024} kB"
    return f"is larger than {size}"
