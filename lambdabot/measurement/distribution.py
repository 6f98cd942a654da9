"""Warm durations of a Variant as its callers meet them: percentiles and spread."""

from dataclasses import dataclass
from functools import cache
from math import inf, lgamma, log

import numpy as np
from numpy.typing import NDArray

from lambdabot.measurement.interval import CONFIDENCE
from lambdabot.measurement.plan import Plan
from lambdabot.measurement.samples import Cell
from lambdabot.model import Interval

Array = NDArray[np.float64]

_ROUNDING = 1e-9
_MOST_GAINED = 50.0  # times as many draws as environments
ENOUGH = {0.5: 1, 0.95: 20, 0.99: 100}  # so many that one is expected above the percentile


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """Durations in milliseconds, by payload with its share of the traffic, and each one's share among all of them.

    `environments` were met; they count all the same, however many calls each served.
    """

    values: Array
    shares: Array
    payloads: NDArray[np.int64]
    environments: int

    @property
    def mean(self) -> float:
        """Return the mean duration."""
        return float(np.average(self.values, weights=self.shares))

    @property
    def cv(self) -> float | None:
        """Return the coefficient of variation, None where the mean is zero."""
        mean = self.mean
        return float(np.sqrt(np.average((self.values - mean) ** 2, weights=self.shares))) / mean if mean else None

    def percentile(self, share: float) -> float | None:
        """Return the duration that this share of calls stays within, None where there are too few samples to say."""
        return None if len(self.values) < ENOUGH[share] else self._within(share)

    def interval(self, share: float) -> Interval | None:
        """Return the interval of a percentile, infinite above where it may lie beyond all that was seen.

        None where the percentile itself is not given. The bounds are order statistics, so they hold for durations of
        whatever shape (Lehmann, Nonparametrics, section 4.3). What was seen counts as that number of independent draws
        which varies as much as it may vary at most (an effective sample size, Korn and Graubard, Survey Methodology 24,
        1998).
        """
        if len(self.values) < ENOUGH[share]:
            return None
        draws = self._draws(share)
        low, high = ranks(draws, share, (1 - CONFIDENCE) / 2)
        return Interval(
            low=self._within(low / draws) if low else 0.0,
            high=self._within(high / draws) if high else inf,
            confidence=CONFIDENCE,
        )

    def _draws(self, share: float) -> int:
        """Return how many independent draws the samples are worth at a percentile, never fewer than environments.

        Of all that an environment's calls with a payload can do, to lie all below the percentile or all above it varies
        most, and payloads at worst go together. A payload that lies all on one side adds nothing.
        """
        below = (self.values <= self._within(share)) * self.shares
        total = np.bincount(self.payloads, self.shares)
        within = np.minimum(1.0, np.bincount(self.payloads, below) / total)
        parts = total / total.sum()
        variance = float((parts @ np.sqrt(within * (1 - within))) ** 2)
        most = share * (1 - share)
        return int(self.environments * min(_MOST_GAINED, max(1.0, most / max(variance, most / _MOST_GAINED))))

    def _within(self, share: float) -> float:
        # Shares that add up to a whole number of environments do so up to rounding.
        return float(np.quantile(self.values, max(0.0, share - _ROUNDING), weights=self.shares, method="inverted_cdf"))


@cache
def ranks(draws: int, share: float, tail: float) -> tuple[int, int]:
    """Return which of so many ordered draws bound a percentile from below and above, each wrong with at most `tail`.

    0: none does.
    """
    below = np.arange(draws + 1)
    ways = np.array([lgamma(draws + 1) - lgamma(one + 1) - lgamma(draws - one + 1) for one in below])
    chances = np.exp(ways + below * log(share) + (draws - below) * log(1 - share))
    low = int((np.cumsum(chances) <= tail).sum())
    high = draws + 1 - int((np.cumsum(chances[::-1]) <= tail).sum())
    return low, high if high <= draws else 0


def distribution(plan: Plan, cell: Cell) -> Distribution:
    """Return the warm durations of a Cell that has environments."""
    values: list[float] = []
    shares: list[float] = []
    payloads: list[int] = []
    for one in cell.environments:
        for number, (name, share) in enumerate(plan.weights_of(cell.variant.side).items()):
            times = one.durations_ms(name)
            values += times
            shares += [share / len(times)] * len(times)
            payloads += [number] * len(times)
    return Distribution(
        values=np.array(values),
        shares=np.array(shares),
        payloads=np.array(payloads),
        environments=len(cell.environments),
    )
