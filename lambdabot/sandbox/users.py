"""User ids of their own for workers, where this process is root."""

import os
import random
import re
import socket
from contextlib import suppress
from pathlib import Path

_FIRST, _LAST = 61184, 65519  # systemd's range for users that exist only while a service runs (DynamicUser=)
_CAP_CHOWN, _CAP_KILL, _CAP_SETGID, _CAP_SETUID = 0, 5, 6, 7  # capabilities(7)


class Users:
    """Hands out user ids that no other endpoint on this machine uses."""

    def __init__(self) -> None:
        """Begin with none given."""
        self._locks: dict[int, socket.socket] = {}

    def take(self) -> int | None:
        """Return a user id for one environment, None when every one is taken."""
        ids = list(range(_FIRST, _LAST + 1))
        random.shuffle(ids)
        for user in ids:
            # An abstract socket's name is a lock without a file: it ends with this process, however that ends.
            lock = socket.socket(socket.AF_UNIX)
            try:
                lock.bind(f"\0lambdabot-user-{user}")
            except OSError:
                lock.close()
                continue
            self._locks[user] = lock
            return user
        return None

    def give_back(self, user: int | None) -> None:
        """Let the id be used again; no process of that user may be left."""
        if user is not None:
            self._locks.pop(user).close()


def may_run_other_users() -> bool:
    """Return True when this process can start processes under another user id, and end them."""
    return os.geteuid() == 0 and _has_capabilities() and _are_mapped()


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
