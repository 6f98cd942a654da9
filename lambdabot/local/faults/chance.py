"""Which calls fail by chance, and how: drawn from the call itself, so that no thread's turn changes it."""

import random
import re
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from lambdabot.local.faults.document import FailureSection, Way

_CHANGES = ("lambda:Update*", "lambda:Publish*", "lambda:Delete*", "lambda:Invoke")  # what a conflict can refuse
_FITS = {
    Way.CONFLICT: _CHANGES,
    Way.THROTTLED: ("lambda:*",),
    Way.OLD_CONFIGURATION: ("lambda:Invoke",),
    Way.NO_REPORT: ("lambda:Invoke",),
}
_RUN = re.compile(r"lambdabot-[0-9a-f]{8}-[^-]+")  # the one part of a throw-away copy's name that no seed decides


@dataclass(frozen=True, slots=True)
class Failure:
    """One call's failure; `seconds` is the pause of a slow body."""

    way: Way
    seconds: float


class Chance:
    """Decides by seed, operation, resource and how many such calls there were before."""

    def __init__(self, seed: int, sections: Sequence[FailureSection]) -> None:
        """Begin with no calls."""
        self._seed = seed
        self._sections = sections
        self._counts: Counter[tuple[str, str]] = Counter()
        self._lock = threading.Lock()

    def draw(self, operation: str, resource: str) -> Failure | None:
        """Return how this call fails; None when it does not."""
        if not self._sections:
            return None
        resource = _RUN.sub("", resource)
        with self._lock:
            self._counts[operation, resource] += 1
            count = self._counts[operation, resource]
        generator = random.Random(f"{self._seed}/{operation}/{resource}/{count}")  # noqa: S311  # faults, no secret
        for section in self._sections:
            if generator.random() < section.share and any(fnmatchcase(operation, one) for one in section.calls):
                ways = [way for way in section.ways if _fits(way, operation)]
                return Failure(generator.choice(ways), section.seconds) if ways else None
        return None


def _fits(way: Way, operation: str) -> bool:
    return any(fnmatchcase(operation, pattern) for pattern in _FITS.get(way, ("*",)))
