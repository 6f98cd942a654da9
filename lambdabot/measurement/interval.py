"""The mean billed time of a Variant and its interval, with environments as the unit of noise."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from lambdabot.measurement.noise import Noise
from lambdabot.measurement.samples import Environment
from lambdabot.measurement.student import quantile
from lambdabot.measurement.variance import lanes_variance, shrink

Array = NDArray[np.float64]

CONFIDENCE = 0.99


@dataclass(frozen=True, slots=True, kw_only=True)
class Mean:
    """A mean with its standard error; `degrees` are those of Student's t that the two belong to."""

    value: float
    standard_error: float
    degrees: float
    environments: int
    invocations: int

    def interval(self, confidence: float = CONFIDENCE) -> tuple[float, float]:
        """Return the two-sided interval, never below zero."""
        reach = float(quantile((1 - confidence) / 2, self.degrees)) * self.standard_error
        return max(0.0, self.value - reach), self.value + reach


def mean(environments: Sequence[Environment], weights: Mapping[str, float], noise: Noise) -> Mean:
    """Return the mean billed milliseconds of one invocation, payloads combined by their share of the traffic.

    Environments are the clusters: their means are averaged, whatever the number of calls each served.
    """
    values = environment_means(environments, weights)
    count = len(values)
    calls = sum(len(times) for one in environments for times in one.billed_ms.values())
    value = float(values.mean())
    expected = value**2 * noise.variance(calls / count / len(weights))
    if count == 1:
        seen = 0.0
    elif all(one.known for one in environments):
        seen = float(values.var(ddof=1))
    else:
        seen = float(lanes_variance(_lanes(environments, weights), noise.within))
    variance, degrees = shrink(seen, expected, count - 1)
    return Mean(
        value=value,
        standard_error=sqrt(float(variance) / count),
        degrees=float(degrees),
        environments=count,
        invocations=calls,
    )


def environment_means(environments: Sequence[Environment], weights: Mapping[str, float]) -> Array:
    """Return each environment's mean billed milliseconds, payloads combined by their share."""
    shares = list(weights.items())
    return np.array(
        [sum(share * sum(times := one.billed_ms[name]) / len(times) for name, share in shares) for one in environments]
    )


def _lanes(environments: Sequence[Environment], weights: Mapping[str, float]) -> Array:
    """Return billed milliseconds times the payload's share: payloads, lanes, calls that every lane has."""
    calls = min(len(one.billed_ms[name]) for one in environments for name in weights)
    return np.array(
        [
            [[share * time for time in one.billed_ms[name][:calls]] for one in environments]
            for name, share in weights.items()
        ]
    )
