"""Landlock by its system calls: a process hides from itself every file that is not named, and every other process.

Source: the kernel's documentation, "Landlock: unprivileged access control" (include/uapi/linux/landlock.h).
A process in a domain can also not attach to a process outside; from version 6 it can neither signal one nor connect
to its abstract sockets. What other processes show in /proc for reading it does see where /proc is allowed to it.
"""

import ctypes
import os
import stat
import struct
from collections.abc import Iterable

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same numbers on every architecture
_CREATE_RULESET_VERSION = 1
_RULE_PATH_BENEATH = 1

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_ALL_OF_VERSION_1 = (1 << 13) - 1
_REFER, _TRUNCATE, _IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15  # versions 2, 3, 5
_SCOPE_ABSTRACT_SOCKETS, _SCOPE_SIGNALS = 1 << 0, 1 << 1  # version 6
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEV
_READ_ONLY = _EXECUTE | _READ_FILE | _READ_DIR

_libc = ctypes.CDLL(None, use_errno=True)


def version() -> int:
    """Return the version of Landlock that the kernel has, 0 where it has none or a seccomp filter refuses it."""
    return max(0, int(_libc.syscall(_CREATE_RULESET, None, 0, _CREATE_RULESET_VERSION)))


def restrict(read_only: Iterable[str], read_write: Iterable[str]) -> None:
    """Leave the calling thread and its future children only these files and folders; there is no way back.

    Paths that do not exist are passed over. TCP stays free: a function talks to the network.
    """
    known = version()
    handled = _ALL_OF_VERSION_1
    handled |= _REFER if known >= 2 else 0  # noqa: PLR2004 - the version that brought it, as in the header
    handled |= _TRUNCATE if known >= 3 else 0  # noqa: PLR2004 - as above
    handled |= _IOCTL_DEV if known >= 5 else 0  # noqa: PLR2004 - as above
    scoped = _SCOPE_ABSTRACT_SOCKETS | _SCOPE_SIGNALS if known >= 6 else 0  # noqa: PLR2004 - as above
    attributes = struct.pack("=QQQ", handled, 0, scoped)[: 24 if scoped else 8]
    ruleset = _call(_CREATE_RULESET, attributes, len(attributes), 0)
    try:
        for path in read_only:
            _allow(ruleset, path, _READ_ONLY & handled)
        for path in read_write:
            _allow(ruleset, path, handled)
        _call(_RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: str, access: int) -> None:
    try:
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not stat.S_ISDIR(os.fstat(handle).st_mode):
            access &= _OF_FILES
        _call(_ADD_RULE, ruleset, _RULE_PATH_BENEATH, struct.pack("=Qi", access, handle), 0)
    finally:
        os.close(handle)


def _call(number: int, *arguments: int | bytes) -> int:
    result = int(_libc.syscall(number, *arguments))
    if result < 0:
        raise OSError(ctypes.get_errno(), f"Landlock: {os.strerror(ctypes.get_errno())}")
    return result
