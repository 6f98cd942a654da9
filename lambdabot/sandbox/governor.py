"""A CPU quota without control groups: processes are stopped when their budget is spent, until it is refilled.

A token bucket over the CPU clocks of a process and its descendants: each period refills it by the quota, debt is
carried over, credit is not. It needs no privilege but the right to signal the processes. What a descendant uses that
lives for less than a period goes unseen.
"""

import os
import signal
import time
from collections.abc import Callable, Iterable
from contextlib import suppress

from lambdabot.sandbox import processes

PERIOD_SECONDS = 0.020
_SHORTEST_SLICE = 0.0005  # looking more often would cost more CPU than it governs


def send_to_all(pids: Iterable[int], signal_number: int) -> None:
    """Send a signal to each process that is still there."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal_number)


class Governor:
    """Keeps a family of processes to a number of vCPUs while it is on duty."""

    def __init__(
        self, family: Callable[[], list[int]], vcpus: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Watch the processes that `family` names, when asked."""
        self._family = family
        self._vcpus = vcpus
        self._clock = clock
        self._refill = vcpus * PERIOD_SECONDS
        self._used: dict[int, float] = {}
        self._budget = 0.0
        self._next_refill = 0.0
        self.stopped = False

    def start(self) -> None:
        """Go on duty with one period's budget: what was used before is forgiven."""
        self._used = {pid: processes.cpu_seconds(pid) or 0.0 for pid in self._family()}
        self._budget = self._refill
        self._next_refill = self._clock() + PERIOD_SECONDS

    def finish(self) -> None:
        """Go off duty; what was stopped goes on."""
        if self.stopped:
            send_to_all(self._used, signal.SIGCONT)
            self.stopped = False

    def look(self) -> float:
        """Stop or continue the processes as their use demands, and return the seconds until the next look is due."""
        now = self._clock()
        refill_due = now >= self._next_refill
        if refill_due:
            self._find_new_members()
        self._budget -= self._use()
        if refill_due:
            periods = int((now - self._next_refill) / PERIOD_SECONDS) + 1
            self._next_refill += periods * PERIOD_SECONDS
            self._budget = min(self._refill, self._budget + periods * self._refill)
        if self._budget <= 0 and not self.stopped:
            send_to_all(self._used, signal.SIGSTOP)
            self.stopped = True
        elif self._budget > 0 and self.stopped:
            send_to_all(self._used, signal.SIGCONT)
            self.stopped = False
        until_refill = self._next_refill - now
        if self.stopped:
            return until_refill
        fastest = max(1.0, self._vcpus)
        return min(until_refill, max(_SHORTEST_SLICE, self._budget / fastest))

    def _find_new_members(self) -> None:
        """Take in the processes that were started since; all that they used counts."""
        for pid in self._family():
            if pid not in self._used:
                self._used[pid] = 0.0
                if self.stopped:
                    send_to_all([pid], signal.SIGSTOP)

    def _use(self) -> float:
        """Return the CPU seconds used since the last look."""
        used = 0.0
        for pid, before in list(self._used.items()):
            seconds = processes.cpu_seconds(pid)
            if seconds is None:
                del self._used[pid]
            else:
                self._used[pid] = seconds
                used += seconds - before
        return used
