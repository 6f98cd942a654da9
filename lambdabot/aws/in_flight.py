"""How many invocations are under way."""

from threading import Condition
from types import TracebackType


class InFlight:
    """Counts who is inside; a function that still runs would write its log group anew after that was removed."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self._count = 0
        self._changed = Condition()

    def __enter__(self) -> None:
        """Count one more."""
        with self._changed:
            self._count += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Count one less."""
        with self._changed:
            self._count -= 1
            self._changed.notify_all()

    def wait(self, seconds: float) -> bool:
        """Wait until nobody is inside, at most so long; say whether it came to that."""
        with self._changed:
            return self._changed.wait_for(lambda: self._count == 0, timeout=seconds)
