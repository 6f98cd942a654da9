"""Who may use the processors now: the vCPUs of all that runs never add up to more than the machine has.

Without it, concurrent invocations would share processors that each of them was promised, and every one of them would
report the waiting as its own time.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from lambdabot.errors import EndpointError

_ROUNDING = 1e-9  # what sums of fractions may be off by
_GIVEN_UP = "The execution environment was stopped before its turn came"


class Admission:
    """Hands out vCPUs in the order in which they were asked for."""

    def __init__(self, vcpus: float) -> None:
        """Begin with all of them free."""
        self._free = vcpus
        self._total = vcpus
        self._queue: deque[object] = deque()
        self._changed = threading.Condition()

    @contextmanager
    def hold(self, vcpus: float, given_up: Callable[[], bool] = lambda: False) -> Iterator[None]:
        """Wait until so many vCPUs are free, or all when more are asked for, and hold them for the `with` block.

        Raises EndpointError when `given_up` says so while it waits; `wake` makes it ask.
        """
        wanted = min(vcpus, self._total)
        ticket = object()
        with self._changed:
            self._queue.append(ticket)
            try:
                self._changed.wait_for(
                    lambda: given_up() or (self._queue[0] is ticket and self._free >= wanted - _ROUNDING)
                )
                if given_up():
                    raise EndpointError(_GIVEN_UP)
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

    def wake(self) -> None:
        """Have those who wait ask again whether they should."""
        with self._changed:
            self._changed.notify_all()
