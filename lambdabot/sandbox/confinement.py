"""What a worker process is denied before the first line of the user's code runs in it.

The steps run in the forked child of a supervisor, between fork and exec; the order of them matters.
"""

import ctypes
import os
import resource
import signal
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from lambdabot.sandbox import landlock, namespaces
from lambdabot.sandbox.namespaces import View

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_CAPBSET_DROP = 24
_PR_SET_CHILD_SUBREAPER = 36
_PR_SET_NO_NEW_PRIVS = 38
_OPEN_FILES = 1024  # Lambda's quotas: "File descriptors 1,024" and "Execution processes/threads 1,024"
_PROCESSES = 1024
_CAPABILITIES = 64  # bits of a capability set (capget(2))

# Of a /proc that shows every process: the calling process's own entry, and what tells nothing about others.
_OWN_PROC = tuple(
    f"/proc/{name}"
    for name in ["self", "cpuinfo", "filesystems", "loadavg", "meminfo", "stat", "sys", "uptime", "version"]
)

Namespaces = Literal["none", "own", "user"]

_libc = ctypes.CDLL(None, use_errno=True)


def _prctl(option: int, value: int) -> None:
    if _libc.prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"prctl {option}: {os.strerror(ctypes.get_errno())}")


def forbid_inspection() -> None:
    """Keep processes of the same user from reading this one's memory, environment and files in /proc."""
    _prctl(_PR_SET_DUMPABLE, 0)


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent ends: none escapes by forking twice."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def die_with_parent() -> None:
    """Ask the kernel for SIGKILL when the parent ends."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Confinement:
    """How a worker is confined; `user` None keeps the user, `landlock` False means that the kernel has none.

    `namespaces` are entered by this process's privilege (`own`), by that of a user namespace (`user`), or not at all.
    """

    user: int | None
    namespaces: Namespaces
    view: View | None
    landlock: bool
    read_only: tuple[str, ...]
    read_write: tuple[str, ...]

    def enter(self) -> None:
        """Confine the calling process for good; raise OSError when any step is refused."""
        os.setsid()
        with suppress(OSError):  # refused where /proc is read-only; then the kernel chooses its victim itself
            Path("/proc/self/oom_score_adj").write_text("1000")
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_NOFILE, (_OPEN_FILES, _OPEN_FILES))
        own_proc = self.view is not None and namespaces.enter_view(self.view)
        _drop_capabilities()
        if self.user is not None:
            resource.setrlimit(resource.RLIMIT_NPROC, (_PROCESSES, _PROCESSES))
            os.setgroups([])
            os.setresgid(self.user, self.user, self.user)
            os.setresuid(self.user, self.user, self.user)
        die_with_parent()  # after the change of user, which would undo it
        _prctl(_PR_SET_NO_NEW_PRIVS, 1)
        if self.landlock:
            landlock.restrict((*self.read_only, *(("/proc",) if own_proc else _OWN_PROC)), self.read_write)


def _drop_capabilities() -> None:
    """Leave nothing that a program of user 0 could regain; refused where there is nothing to drop."""
    with suppress(OSError):
        for capability in range(_CAPABILITIES):
            _prctl(_PR_CAPBSET_DROP, capability)
