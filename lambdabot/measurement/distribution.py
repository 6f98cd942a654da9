"""Warm durations of a Variant as its callers meet them: percentiles and spread."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lambdabot.measurement.plan import Plan
from lambdabot.measurement.samples import Cell

Array = NDArray[np.float64]

ENOUGH = {0.5: 1, 0.95: 20, 0.99: 100}  # so many that one is expected above the percentile


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """Durations in milliseconds with their shares of the traffic: payloads by weight, environments all the same."""

    values: Array
    shares: Array

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
        if len(self.values) < ENOUGH[share]:
            return None
        return float(np.quantile(self.values, share, weights=self.shares, method="inverted_cdf"))


def distribution(plan: Plan, cell: Cell) -> Distribution:
    """Return the warm durations of a Cell that has environments."""
    values: list[float] = []
    shares: list[float] = []
    for one in cell.environments:
        for name, share in plan.weights.items():
            times = one.durations_ms(name)
            values += times
            shares += [share / len(times)] * len(times)
    return Distribution(values=np.array(values), shares=np.array(shares))
