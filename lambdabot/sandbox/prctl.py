"""What a process tells the kernel of itself: who may look into it, who its parent is, what it gives up (prctl(2))."""

import ctypes
import os
import signal
from contextlib import suppress

_SET_PDEATHSIG, _SET_DUMPABLE, _CAPBSET_DROP, _SET_CHILD_SUBREAPER, _SET_NO_NEW_PRIVS = 1, 4, 24, 36, 38
_CAPABILITIES = 64  # bits of a capability set (capget(2))

_libc = ctypes.CDLL(None, use_errno=True)


def _prctl(option: int, value: int) -> None:
    if _libc.prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"prctl {option}: {os.strerror(ctypes.get_errno())}")


def forbid_inspection() -> None:
    """Keep processes of the same user from reading this one's memory, environment and files in /proc.

    A program that it starts can be looked into again.
    """
    if hasattr(_libc, "prctl"):  # on other systems no code of others is run
        _prctl(_SET_DUMPABLE, 0)


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent ends: none escapes by forking twice."""
    _prctl(_SET_CHILD_SUBREAPER, 1)


def die_with_parent() -> None:
    """Ask the kernel for SIGKILL when the parent ends."""
    _prctl(_SET_PDEATHSIG, signal.SIGKILL)


def forbid_new_privileges() -> None:
    """Let no program that is started from here gain by its set-user-id bit or its file's capabilities."""
    _prctl(_SET_NO_NEW_PRIVS, 1)


def drop_capabilities() -> None:
    """Leave nothing that a program of user 0 could regain; refused where there is nothing to drop."""
    with suppress(OSError):
        for capability in range(_CAPABILITIES):
            _prctl(_CAPBSET_DROP, capability)
