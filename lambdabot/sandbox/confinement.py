"""What a worker process is denied before the first line of the user's code runs in it.

The steps run in the forked child of a supervisor, between fork and exec; the order of them matters.
"""

import os
import resource
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from lambdabot.sandbox import landlock, namespaces, prctl, seccomp
from lambdabot.sandbox.namespaces import View

_OPEN_FILES = 1024  # Lambda's quotas: "File descriptors 1,024" and "Execution processes/threads 1,024"
_PROCESSES = 1024
_MEBIBYTE = 1024 * 1024

# Of a /proc that shows every process: the calling process's own entry, and what tells nothing about others.
_OWN_PROC = tuple(
    f"/proc/{name}"
    for name in ["self", "cpuinfo", "filesystems", "loadavg", "meminfo", "stat", "sys", "uptime", "version"]
)

Namespaces = Literal["none", "own", "user"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Confinement:
    """How a process of others is confined; `landlock` False means that the kernel has none.

    `user` is always named: another user's id where this process is root, else its own. `namespaces` are entered by
    this process's privilege (`own`), by that of a user namespace (`user`), or not at all. `largest_file_mb` bounds
    every file that it writes.
    """

    user: int
    namespaces: Namespaces
    view: View | None
    landlock: bool
    unix_sockets: bool
    largest_file_mb: int
    read_only: tuple[str, ...]
    read_write: tuple[str, ...]

    def enter(self) -> None:
        """Confine the calling process for good; raise OSError when any step is refused."""
        os.setsid()
        with suppress(OSError):  # refused where /proc is read-only; then the kernel chooses its victim itself
            Path("/proc/self/oom_score_adj").write_text("1000")
        for limit, value in (
            (resource.RLIMIT_CORE, 0),
            (resource.RLIMIT_NOFILE, _OPEN_FILES),
            (resource.RLIMIT_FSIZE, self.largest_file_mb * _MEBIBYTE),
        ):
            resource.setrlimit(limit, (value, value))
        own_proc = self.view is not None and namespaces.enter_view(self.view)
        prctl.drop_capabilities()
        self._become_user()
        prctl.die_with_parent()  # after the change of user, which would undo it
        prctl.forbid_new_privileges()
        if self.landlock:
            landlock.restrict((*self.read_only, *(("/proc",) if own_proc else _OWN_PROC)), self.read_write)
        seccomp.restrict(ipc=self.namespaces != "none", unix_sockets=self.unix_sockets)

    def _become_user(self) -> None:
        """Be the user that was named, and nobody else; OSError where that is refused."""
        if self.user != os.geteuid():
            resource.setrlimit(resource.RLIMIT_NPROC, (_PROCESSES, _PROCESSES))
            os.setgroups([])
            os.setresgid(self.user, self.user, self.user)
        os.setresuid(self.user, self.user, self.user)
