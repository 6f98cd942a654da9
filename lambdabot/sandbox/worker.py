"""A confined process of others, a worker or a build: its start, its family, its limits and its end."""

import os
import signal
import sys
import time
import traceback
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from lambdabot.sandbox import namespaces, processes, storage
from lambdabot.sandbox.cgroup import Group
from lambdabot.sandbox.governor import Governor, send_to_all
from lambdabot.sandbox.log_file import LogFile
from lambdabot.sandbox.order import Order
from lambdabot.sandbox.use import Use

_NEVER = 60.0
_DYING_SECONDS = 0.0005
_FAMILY_SECONDS = 0.050  # how long a new child process may go unseen by the memory limit
_STORAGE_SECONDS = 0.25  # how long files may grow unseen, and how many times longer than a look at them takes
_STORAGE_SHARE = 20


class Worker:
    """A worker and everything that it starts; to be used by the one process that is its parent."""

    def __init__(self, order: Order) -> None:
        """Make the control group, the namespaces and the log; the worker does not run yet."""
        self._order = order
        self._group = Group(order.controllers)
        self._first_process = 0
        if order.confinement.namespaces != "none":
            with_users = order.confinement.namespaces == "user"
            self._first_process = namespaces.enter_process_namespace(with_users=with_users)
        self._governor = None if self._group.limits_cpu else Governor(self.family, order.vcpus)
        self._governed = False
        self.log = LogFile(Path(order.folder))
        self.pid = 0
        self.wait_status: int | None = None
        self._peak_kib = 0
        self._frozen = False
        self._over_limit = False
        self._known_family: list[int] = []
        self._family_until = 0.0
        self._storage_until = 0.0
        self._over_storage = False

    @property
    def running(self) -> bool:
        """True between `start` and the end of the process."""
        return self.pid != 0 and self.wait_status is None

    def start(self, environment: Mapping[str, str], *, throttled: bool) -> int:
        """Start the process and return a handle that is readable when it ends."""
        self._group.limit_memory(self._order.memory_mb)
        self._group.throttle(self._order.vcpus if throttled else None)
        self.pid = os.fork()
        if self.pid == 0:
            self._become_worker(environment)
        return os.pidfd_open(self.pid)

    def _become_worker(self, environment: Mapping[str, str]) -> None:
        """Go from this program to the worker's; runs in the forked child and never returns."""
        try:
            nothing = os.open(os.devnull, os.O_RDONLY)
            os.dup2(nothing, 0)
            os.dup2(self.log.handle, 1)
            os.dup2(self.log.handle, 2)
            self._group.join()
            self._order.confinement.enter()
            os.closerange(3, os.sysconf("SC_OPEN_MAX"))
            os.umask(0o022)
            os.chdir(self._order.working_folder)
            signal.signal(signal.SIGPIPE, signal.SIG_DFL)
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # a file that is too large is an error of its writer's
            os.execve(self._order.command[0], self._order.command, dict(environment))  # noqa: S606 - no shell wanted
        except BaseException:  # noqa: BLE001 - nothing may return into the supervisor's code
            traceback.print_exc()
            sys.stderr.flush()
        finally:
            os._exit(127)

    def throttle(self) -> None:
        """Hold the worker to its share of the CPU from now on."""
        self._group.throttle(self._order.vcpus)

    def govern(self, *, on_duty: bool) -> None:
        """Begin or end the stopping and continuing that stands in for a quota where none can be set."""
        if self._governor is None:
            return
        if on_duty:
            self._governor.start()
        elif self._governed:
            self._governor.finish()
        self._governed = on_duty

    def use(self) -> Use:
        """Return what its processes have had of the CPU so far, and waited for."""
        return Use.of(self.family(), throttled_ns=self._group.throttled_ns())

    def look(self, now: float) -> float:
        """Enforce by hand what no control group enforces; return the seconds until the next look is due."""
        due = self._governor.look() if self._governor is not None and self._governed else _NEVER
        if not self._group.limits_memory:
            if now >= self._family_until:
                self._known_family = self.family()
                self._family_until = now + _FAMILY_SECONDS
            held = sum(processes.resident_kib(pid) for pid in self._known_family)
            self._peak_kib = max(self._peak_kib, held)
            if processes.mebibytes(held) > self._order.memory_mb:
                self._over_limit = True
                self.kill()
            due = min(due, 0.005)
        if now >= self._storage_until:
            if self.ran_out_of_storage():
                self.kill()
            took = time.monotonic() - now
            self._storage_until = now + max(_STORAGE_SECONDS, took * _STORAGE_SHARE)
        return min(due, max(0.0, self._storage_until - now))

    def ran_out_of_storage(self) -> bool:
        """Return True when the family holds more of the disk than it may, or was seen to."""
        if not self._over_storage:
            folder = str(Path(self._order.folder, "tmp"))
            self._over_storage = storage.held_mb(folder, self.family()) > self._order.storage_mb
        return self._over_storage

    def family(self) -> list[int]:
        """Return the worker and its living descendants, orphans too: their foster parent is the supervisor."""
        return self._group.pids() or [p for p in processes.descendants(os.getpid()) if p != self._first_process]

    def max_memory_mb(self) -> int:
        """Return the most memory that was seen in use so far, in MB, at most the size of the function."""
        if self.ran_out_of_memory():
            return self._order.memory_mb
        self._peak_kib = max(self._peak_kib, processes.peak_resident_kib(self.pid))
        family = self.family()
        if len(family) > 1:
            self._peak_kib = max(self._peak_kib, sum(processes.resident_kib(pid) for pid in family))
        return min(self._order.memory_mb, processes.mebibytes(self._peak_kib))

    def ran_out_of_memory(self) -> bool:
        """Return True when a process was killed because of the memory limit."""
        return self._over_limit or self._group.oom_kills() > 0

    def freeze(self) -> None:
        """Stop everything that goes on in the background."""
        if not self._frozen:
            self._frozen = True
            if self._group.freezes:
                self._group.freeze(frozen=True)
            else:
                send_to_all(self.family(), signal.SIGSTOP)

    def thaw(self) -> None:
        """Let everything go on."""
        if self._frozen:
            self._frozen = False
            if self._group.freezes:
                self._group.freeze(frozen=False)
            else:
                send_to_all(self.family(), signal.SIGCONT)

    def reap(self) -> None:
        """Take note of the processes that ended, the worker among them."""
        with suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    return
                if pid == self.pid:
                    self.wait_status = status

    def kill(self) -> None:
        """Kill the worker and everything that it started."""
        self._group.kill()
        while family := processes.descendants(os.getpid()):
            send_to_all(family, signal.SIGKILL)
            time.sleep(_DYING_SECONDS)
            self.reap()
        self.reap()

    def close(self) -> None:
        """Kill what runs and give up the group and the log."""
        self.kill()
        self._group.remove()
        self.log.close()
