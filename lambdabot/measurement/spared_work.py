"""Whether the first call of each environment does work that later ones with the same event are spared."""

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

from lambdabot.model import Invocation, Outcome, Side, Variant

# Connections and lazy imports make a first call longer too: by tens to some hundreds of milliseconds, and mostly by
# less than ten times. Above both bounds, in every environment, it is worth a question, and no more than that: a cache
# cannot be told from an import by its durations.
_TIMES = 10
_LONGER_MS = 100.0
_FEWEST = 3  # of first calls, and of later ones


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstCalls:
    """Medians of the first and of the later calls of a Variant's environments, INIT not counted."""

    variant: Variant
    first_ms: float
    later_ms: float

    @property
    def times(self) -> float:
        """Return how many times as long the first ones took; a later one counts for a millisecond at least."""
        return self.first_ms / max(1.0, self.later_ms)


def spared_work(seen: Iterable[Invocation], payload: str) -> FirstCalls | None:
    """Return the largest size of the head whose first calls stand out, where those of all its sizes do; else None."""
    firsts: dict[Variant, list[float]] = {}
    laters: dict[Variant, list[float]] = {}
    for one in seen:
        if one.payload != payload or one.outcome is not Outcome.OK or one.duration_ms is None:
            continue
        if one.variant.side is not Side.HEAD:
            continue
        if not one.cold:
            laters.setdefault(one.variant, []).append(one.duration_ms)
        elif one.init_ms is not None or one.restore_ms is not None:  # else INIT was done again within the call
            firsts.setdefault(one.variant, []).append(one.duration_ms)
    judged = [
        variant
        for variant in firsts.keys() & laters.keys()
        if len(firsts[variant]) >= _FEWEST and len(laters[variant]) >= _FEWEST
    ]
    found = []
    for variant in judged:
        later = median(laters[variant])
        least = min(firsts[variant])
        if least < _TIMES * max(1.0, later) or least < later + _LONGER_MS:
            return None
        found.append(FirstCalls(variant=variant, first_ms=median(firsts[variant]), later_ms=later))
    return max(found, key=lambda one: one.variant.configuration.memory_mb, default=None)
