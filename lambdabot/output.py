"""The one way out for every file that lambdabot writes: no link that a pull request commits leads it elsewhere."""

import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path

from lambdabot.confidential import withheld
from lambdabot.errors import Mistake, UsageError
from lambdabot.workspace import GIT, Workspace

REPORT_FILES = ("report.json", "samples.jsonl", "comment.md", "report.html")
"""What a run writes for its readers."""

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_MODE = 0o644
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class Output:
    """A folder that is open for writing; every name in it is made anew, never written through."""

    def __init__(self, path: Path, handle: int) -> None:
        """Take an open folder; `opened` is the way to call this."""
        self.path = path
        self._handle = handle

    def write(self, name: str, data: str | bytes, *, mode: int | None = None) -> None:
        """Put a file there, whole or not at all, in place of whatever bears its name. Raises UsageError.

        Text is for readers, so no secret goes into it; bytes stay as they are.
        """
        part = f".{name}.{secrets.token_hex(8)}"
        raw = withheld(data).encode(errors="replace") if isinstance(data, str) else data
        try:
            with os.fdopen(os.open(part, _NEW, _MODE, dir_fd=self._handle), "wb") as file:
                file.write(raw)
                if mode is not None:
                    os.fchmod(file.fileno(), mode)
                self._give_away(file.fileno())
            os.replace(part, name, src_dir_fd=self._handle, dst_dir_fd=self._handle)
        except OSError as error:
            with suppress(OSError):
                os.unlink(part, dir_fd=self._handle)
            raise _refused(self.path / name, f"cannot be written: {error.strerror}") from error

    def begin(self, name: str) -> FileIO:
        """Open a file that is not there yet, to be written bit by bit. Raises UsageError."""
        try:
            handle = os.open(name, _NEW, _MODE, dir_fd=self._handle)
            os.fsync(self._handle)  # the file's name too, for whoever looks after a crash
        except OSError as error:
            raise _refused(self.path / name, f"cannot be written: {error.strerror}") from error
        self._give_away(handle)
        return FileIO(handle, "w")

    def _give_away(self, handle: int) -> None:
        """Give a file to whom the folder belongs: as root in a container, nobody else could remove it."""
        if os.geteuid() == 0:
            owner = os.fstat(self._handle)
            os.fchown(handle, owner.st_uid, owner.st_gid)


@contextmanager
def opened(folder: Path, workspace: Workspace | None, *, mode: int = 0o755) -> Iterator[Output]:
    """Yield a folder for writing, made where it is not there yet; below the workspace no part of its path is a link.

    Raises UsageError, before anything is made, for a link or a file in its place.
    """
    path = Path(os.path.abspath(folder))  # noqa: PTH100  # `resolve` would follow what must not be followed
    start, parts = _way(path, workspace)
    try:
        handle = os.open(start, _FOLDER)
    except OSError as error:
        raise _refused(start, f"cannot be written to: {error.strerror}") from error
    try:
        for index, part in enumerate(parts):
            handle = _entered(handle, part, start.joinpath(*parts[: index + 1]), mode)
        yield Output(path, handle)
    finally:
        os.close(handle)


def check(folder: Path, workspace: Workspace | None, names: Sequence[str] = ()) -> None:
    """Raise UsageError for a folder that `opened` would refuse, or that takes no files of these names.

    Nothing is made.
    """
    start, parts = _way(Path(os.path.abspath(folder)), workspace)  # noqa: PTH100  # as above
    path, whole = start, True
    for part in parts:
        if why := _fault(path / part):
            raise _refused(path / part, why)
        if not os.path.lexists(path / part):
            whole = False  # the rest is to be made in the last that is there
            break
        path /= part
    if names and not os.access(path, os.W_OK | os.X_OK):
        raise _refused(path, "cannot be written to by this user")
    for name in names if whole else ():
        if os.path.isdir(path / name) and not (path / name).is_symlink():  # noqa: PTH112  # nor raises for any name
            raise _refused(path / name, "is a folder, where a file is to be written")


def mistakes(folder: Path, workspace: Workspace | None, names: Sequence[str] = ()) -> tuple[Mistake, ...]:
    """Return what `check` would raise for, to be told among others."""
    try:
        check(folder, workspace, names)
    except UsageError as error:
        return error.mistakes
    return ()


def _way(path: Path, workspace: Workspace | None) -> tuple[Path, tuple[str, ...]]:
    """Return a folder that is there and trusted, and the names from it to the path, none of which may be a link."""
    for root in _checkouts(workspace):
        if path.is_relative_to(root):
            parts = path.relative_to(root).parts
            if GIT in parts:
                raise _refused(path, "is git's own")
            return root, parts
    there = next(parent for parent in (path, *path.parents) if os.path.exists(parent))  # noqa: PTH110  # as above
    real = there.resolve()
    if any(real.is_relative_to(root) for root in _checkouts(workspace)):
        raise _refused(path, "leads into the workspace by a link")
    return real, path.relative_to(there).parts


def _checkouts(workspace: Workspace | None) -> Iterator[Path]:
    """Yield the folders whose links anybody may have committed: the workspace, and the work tree that we stand in."""
    if workspace is not None:
        yield from (workspace.root, workspace.root.resolve())
    around = Workspace.around(Path.cwd()).root
    if os.path.lexists(around / GIT):
        yield around


def _entered(handle: int, name: str, path: Path, mode: int) -> int:
    """Return a handle of the folder of that name in an open one, which is closed; make it where there is none."""
    try:
        with suppress(FileExistsError):
            os.mkdir(name, mode, dir_fd=handle)
            if os.geteuid() == 0:
                owner = os.fstat(handle)
                os.chown(name, owner.st_uid, owner.st_gid, dir_fd=handle, follow_symlinks=False)
        inner = os.open(name, _FOLDER | os.O_NOFOLLOW, dir_fd=handle)
    except OSError as error:
        raise _refused(path, _fault(path) or f"cannot be made: {error.strerror}") from error
    os.close(handle)
    return inner


def _fault(path: Path) -> str:
    if path.is_symlink():
        return "is a link: lambdabot writes through none, for a pull request can commit it"
    return "is no folder" if os.path.lexists(path) and not os.path.isdir(path) else ""  # noqa: PTH112  # as above


def _refused(path: Path, why: str) -> UsageError:
    return UsageError([Mistake(message=why, path=path)], advice="Take it out of the way, then run again.")
