"""Who may use the processors now: the vCPUs of all that runs never add up to more than the machine has.

Without it, concurrent invocations would share processors that each of them was promised, and every one of them would
report the waiting as its own time.
"""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager


class Admission:
    """Hands out vCPUs in the order in which they were asked for."""

    def __init__(self, vcpus: float) -> None:
        """Begin with all of them free."""
        self._free = vcpus
        self._total = vcpus
        self._queue: deque[object] = deque()
        self._changed = threading.Condition()

    @contextmanager
    def hold(self, vcpus: float) -> Iterator[None]:
        """Wait until so many vCPUs are free, or all when more are asked for, and hold them for the `with` block."""
        wanted = min(vcpus, self._total)
        ticket = object()
        with self._changed:
            self._queue.append(ticket)
            try:
                self._changed.wait_for(lambda: self._queue[0] is ticket and self._free >= wanted - 1e-9)
                self._free -= wanted
            finally:
                self._queue.remove(ticket)
                self._changed.notify_all()
        try:
            yield
        finally:
            with self._changed:
                self._free += wanted
                self._changed.notify_all()
