"""How package indexes are asked: what is kept, how long one request may take, and who is known not to answer."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

_PATIENCE = 8  # requests in a row that a host may leave unanswered before it is given up
_REST_SECONDS = 60.0  # for which a host that was given up is left alone


class Outages:
    """The hosts that were given up, each for a minute, so that not every check of a run waits for them."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Know of none; `clock` gives seconds."""
        self._clock = clock
        self._down: dict[str, tuple[str, float]] = {}
        self._silent: dict[str, int] = {}

    def of(self, host: str) -> str | None:
        """Return why a host is left alone; None when it may be asked."""
        why, until = self._down.get(host, ("", 0.0))
        return why if why and self._clock() < until else None

    def failed(self, host: str, why: str, *, silent: bool) -> None:
        """Take note of a request without an answer: a silent host gets some patience, an absent one none."""
        self._silent[host] = self._silent.get(host, 0) + 1
        if not silent or self._silent[host] >= _PATIENCE:
            self._down[host] = why, self._clock() + _REST_SECONDS

    def answered(self, host: str) -> None:
        """Take note of an answer."""
        self._silent.pop(host, None)


@dataclass(frozen=True, slots=True)
class IndexAccess:
    """How indexes are asked, the same for all checks of a run."""

    cache_dir: Path | None  # None keeps nothing
    timeout: float  # seconds, of one request
    outages: Outages = field(default_factory=Outages)

    @property
    def uv_cache(self) -> Path | None:
        """Where uv keeps what it found out."""
        return None if self.cache_dir is None else self.cache_dir / "uv"
