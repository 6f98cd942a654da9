"""A process's private folder: locked while the process lives, so that a killed one's is found and removed."""

import fcntl
import os
import secrets
import shutil
import tempfile
import weakref
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self


class PrivateFolder:
    """A fresh folder; its lock ends with this process, however that ends.

    It is removed when it is closed, or when nobody holds it any more, at the latest at the interpreter's exit: an
    interrupt may come before anybody could close it.
    """

    def __init__(self, parent: Path | None = None, *, prefix: str = "lambdabot-local-", mode: int = 0o711) -> None:
        """Remove what killed predecessors of this prefix left beside it, then make it.

        Through the default mode, workers with a user id of their own pass, and see no names.
        """
        self._parent = parent or Path(tempfile.gettempdir())
        for leftover in self._parent.glob(f"{prefix}*"):
            _remove_if_abandoned(leftover)
        while True:
            self.path = self._parent / f"{prefix}{secrets.token_hex(8)}"
            self._finalizer = weakref.finalize(self, _remove, self.path, os.getpid())
            self.path.mkdir(mode=0o700)
            lock = _locked(self.path)
            if lock is not None:
                break  # else another process, starting right now, took it for abandoned
            self._finalizer.detach()
        self._lock = lock
        self.path.chmod(mode)

    def close(self) -> None:
        """Remove it with everything in it."""
        if self._finalizer.alive:
            self._finalizer()
            os.close(self._lock)

    def __enter__(self) -> Self:
        """Give itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Remove it."""
        self.close()


def _remove(folder: Path, owner: int) -> None:
    """Remove the folder, unless this is a copy of the owner that a fork made."""
    if os.getpid() == owner:
        shutil.rmtree(folder, ignore_errors=True)


def _remove_if_abandoned(folder: Path) -> None:
    with suppress(OSError):  # another user's, or gone meanwhile
        if folder.lstat().st_uid != os.geteuid():
            return
        lock = _locked(folder)
        if lock is not None:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(lock)


def _locked(folder: Path) -> int | None:
    """Return a descriptor that holds the folder's lock; None when another process holds it or the folder is gone."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if folder.lstat().st_ino == os.fstat(descriptor).st_ino:
            return descriptor
    except OSError:
        pass
    os.close(descriptor)
    return None


def remove_closed(folder: Path) -> None:
    """Remove a folder that code of others wrote to, also one whose folders it closed to us; nothing of it may run."""
    for path, names, _ in os.walk(folder):
        for inner in (Path(path, name) for name in names):
            if not inner.is_symlink():
                inner.chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)
