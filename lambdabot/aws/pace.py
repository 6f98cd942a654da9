"""A token bucket: how fast the control plane may be asked."""

import time
from collections.abc import Callable
from threading import Event, Lock

_ROUNDING = 1e-9  # what is lacking after the wait that was asked for


class Pace:
    """At most `per_second` requests a second after a first `burst`, shared by all threads of a run."""

    def __init__(self, *, per_second: float, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        """Start with a full bucket."""
        self._per_second = per_second
        self._burst = burst
        self._clock = clock
        self._tokens = float(burst)
        self._filled_at = clock()
        self._lock = Lock()

    def wait(self, stop: Event) -> None:
        """Return when a request may be sent, or at once when `stop` is set."""
        while (seconds := self._take()) > 0 and not stop.wait(seconds):
            pass

    def _take(self) -> float:
        """Take a token and return 0, or return the seconds until the next one."""
        with self._lock:
            now = self._clock()
            self._tokens = min(self._burst, self._tokens + (now - self._filled_at) * self._per_second)
            self._filled_at = now
            if self._tokens >= 1 - _ROUNDING:
                self._tokens -= 1
                return 0.0
            return (1 - self._tokens) / self._per_second
