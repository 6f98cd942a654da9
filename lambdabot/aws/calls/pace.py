"""A token bucket: how fast the control plane may be asked."""

import time
from collections.abc import Callable
from threading import Event, Lock

_ROUNDING = 1e-9  # what is lacking after the wait that was asked for
_SLOWEST = 1.0  # requests a second: a run that shares the account with much other traffic still gets on
_GROWTH = 1.0  # requests a second, each second
_ONE_EVENT_SECONDS = 1.0  # refusals within it come from one moment of too much traffic


class Pace:
    """At most `per_second` requests a second after a first `burst`, shared by all threads of a run.

    The account's other traffic uses the same quota: a refusal halves the rate, which then grows back (additive
    increase, multiplicative decrease).
    """

    def __init__(self, *, per_second: float, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        """Start with a full bucket."""
        self._per_second = self._rate = per_second
        self._burst = burst
        self._clock = clock
        self._tokens = float(burst)
        self._filled_at = clock()
        self._refused_at = float("-inf")
        self._lock = Lock()

    def wait(self, stop: Event) -> None:
        """Return when a request may be sent, or at once when `stop` is set."""
        while (seconds := self._take()) > 0 and not stop.wait(seconds):
            pass

    def slow_down(self) -> None:
        """AWS refused a request for coming too fast."""
        with self._lock:
            self._fill()
            if self._filled_at - self._refused_at >= _ONE_EVENT_SECONDS:
                self._refused_at = self._filled_at
                self._rate = max(min(_SLOWEST, self._per_second), self._rate / 2)
                self._tokens = 0.0

    def _take(self) -> float:
        """Take a token and return 0, or return the seconds until the next one."""
        with self._lock:
            self._fill()
            if self._tokens >= 1 - _ROUNDING:
                self._tokens -= 1
                return 0.0
            return (1 - self._tokens) / self._rate

    def _fill(self) -> None:
        now = self._clock()
        passed, self._filled_at = now - self._filled_at, now
        self._tokens = min(self._burst, self._tokens + passed * self._rate)
        self._rate = min(self._per_second, self._rate + passed * _GROWTH)
