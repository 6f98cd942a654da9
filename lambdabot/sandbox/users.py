"""User ids of their own for code of others, where this process is root.

An id is held by a lock on one byte of a file that only root can open: the lock ends with the last process that has the
file open, however that ends, and nobody else can take it.
"""

import fcntl
import os
import random
import re
import stat
import struct
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from lambdabot.errors import ConfinementError

_FIRST, _LAST = 61184, 65519  # systemd's range for users that exist only while a service runs (DynamicUser=)
_CAP_CHOWN, _CAP_KILL, _CAP_SETGID, _CAP_SETUID = 0, 5, 6, 7  # capabilities(7)

_FOLDERS = tuple(map(Path, ("/run", "/var/lib", "/")))
_NAME = "lambdabot-users"
_OPEN = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
_IN_USE = 0  # the byte that everybody who has the file open shares; whoever has it alone may remove the file


class Users:
    """Hands out user ids that no other endpoint or build on this machine uses."""

    def __init__(self, folders: Iterable[Path] = _FOLDERS) -> None:
        """Open the file of locks. Raises ConfinementError where no folder keeps it from others."""
        self._taken: set[int] = set()
        self._path = next((folder / _NAME for folder in folders if _is_ours_alone(folder)), None)
        if self._path is None:
            what = "no user ids can be given to code of others: no system folder is root's alone, and writable"
            raise ConfinementError(what, advice="Mount a writable /run into the container.")
        self.handle = _opened(self._path)

    def take(self) -> int:
        """Return a user id for one environment or build. Raises ConfinementError when every one is taken."""
        ids = [user for user in range(_FIRST, _LAST + 1) if user not in self._taken]
        random.shuffle(ids)
        for user in ids:
            if _locked(self.handle, fcntl.F_WRLCK, user):
                self._taken.add(user)
                return user
        what = f"all {_LAST + 1 - _FIRST} user ids for code of others are in use on this machine"
        raise ConfinementError(what, advice="End the other runs, or let fewer environments run at once.")

    def give_back(self, user: int) -> None:
        """Let the id be used again; no process of that user may be left."""
        self._taken.remove(user)
        _locked(self.handle, fcntl.F_UNLCK, user)

    def close(self) -> None:
        """Give all of them up, and remove the file unless somebody else has it open."""
        if not self._taken:
            remove_unused(self.handle)
        os.close(self.handle)


def remove_unused(handle: int) -> None:
    """Remove the file of locks when nobody else holds any of them."""
    if _locked(handle, fcntl.F_WRLCK, _IN_USE):
        path = Path(f"/proc/self/fd/{handle}").readlink()
        with suppress(OSError):
            if path.stat().st_ino == os.fstat(handle).st_ino:
                path.unlink()


def may_run_other_users() -> bool:
    """Return True when this process can start processes under another user id, and end them."""
    return os.geteuid() == 0 and _has_capabilities() and _are_mapped()


def _is_ours_alone(folder: Path) -> bool:
    try:
        found = folder.stat()
    except OSError:
        return False
    others = stat.S_IWGRP | stat.S_IWOTH
    return found.st_uid == 0 and not found.st_mode & others and os.access(folder, os.W_OK)


def _opened(path: Path) -> int:
    """Open the file that is there now and share it; one that its last user removes meanwhile is not it."""
    while True:
        handle = os.open(path, _OPEN, 0o600)
        _locked(handle, fcntl.F_RDLCK, _IN_USE, wait=True)  # held alone only for as long as a removal takes
        with suppress(OSError):
            if path.stat().st_ino == os.fstat(handle).st_ino:
                return handle
        os.close(handle)


def _locked(handle: int, kind: int, byte: int, *, wait: bool = False) -> bool:
    """Lock one byte for all who share this open file, or unlock it; False when another open file has it (fcntl(2))."""
    lock = struct.pack("hhqqi4x", kind, os.SEEK_SET, byte, 1, 0)
    try:
        fcntl.fcntl(handle, fcntl.F_OFD_SETLKW if wait else fcntl.F_OFD_SETLK, lock)
    except BlockingIOError:
        return False
    return True


def _has_capabilities() -> bool:
    status = Path("/proc/self/status").read_text()
    found = re.search(r"^CapEff:\s*([0-9a-f]+)", status, re.MULTILINE)
    capabilities = int(found[1], 16) if found else 0
    return all(capabilities >> each & 1 for each in (_CAP_CHOWN, _CAP_KILL, _CAP_SETGID, _CAP_SETUID))


def _are_mapped() -> bool:
    """Return True when the range exists in this process's user namespace (user_namespaces(7))."""
    with suppress(OSError):
        for line in Path("/proc/self/uid_map").read_text().splitlines():
            inside, _, count = map(int, line.split())
            if inside <= _FIRST and inside + count > _LAST:
                return True
    return False
