"""How many invocations are under way, and how many may be."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Condition, Event

from lambdabot.aws.calls.retry import StoppedError

_LOOK_AGAIN_SECONDS = 0.5  # for the end of the run, while there is no room
_ONE_EVENT_SECONDS = 1.0  # refusals within it come from one moment of too much traffic


class InFlight:
    """Counts who is inside; a function that still runs would write its log group anew after that was removed.

    The account's other traffic shares its concurrency: when Lambda refuses an invocation for it, only half as many are
    let in, and then one more for each full number of them that passed.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Start with nobody inside and no limit: the plan has one of its own, and Lambda has refused nothing yet."""
        self._clock = clock
        self._count = 0
        self._room = float("inf")
        self._refused_at = float("-inf")
        self._changed = Condition()

    @contextmanager
    def slot(self, stop: Event) -> Iterator[None]:
        """Be inside, when there is room. StoppedError: `stop` was set meanwhile."""
        with self._changed:
            while self._count + 1 > self._room:
                if stop.is_set():
                    raise StoppedError
                self._changed.wait(_LOOK_AGAIN_SECONDS)
            self._count += 1
        try:
            yield
        finally:
            with self._changed:
                self._count -= 1
                self._changed.notify_all()

    def narrow(self) -> None:
        """Lambda refused one of those that are inside."""
        with self._changed:
            now = self._clock()
            if now - self._refused_at >= _ONE_EVENT_SECONDS:
                self._refused_at = now
                self._room = max(1.0, self._count // 2)

    def widen(self) -> None:
        """Lambda took one."""
        with self._changed:
            self._room += 1 / self._room
            self._changed.notify_all()

    def wait(self, seconds: float) -> bool:
        """Wait until nobody is inside, at most so long; say whether it came to that."""
        with self._changed:
            return self._changed.wait_for(lambda: self._count == 0, timeout=seconds)
