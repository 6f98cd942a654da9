"""The mean billed time of a Variant and its interval, with environments as the unit of noise."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

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
    calls = sum(one.calls for one in environments)
    known = all(one.known for one in environments)
    expected = noise.variance(calls / len(values) / len(weights), shares=_shares(environments, weights))
    seen = None if known or len(values) == 1 else lanes_variance(_lanes(environments, weights), noise)
    value, error, degrees = located(values, expected, seen)
    return Mean(
        value=float(value),
        standard_error=float(error),
        degrees=float(degrees),
        environments=len(values),
        invocations=calls,
    )


def located(values: Array, expected: float, seen: tuple[Array, float] | None = None) -> tuple[Array, Array, Array]:
    """Return mean, standard error and degrees of freedom of independent values, the last axis; others are trials.

    `expected` is their relative variance before any was seen. `seen` is the variance and its degrees of freedom where
    it is not the values' own, as with means of lanes (`lanes_variance`).
    """
    count = values.shape[-1]
    value = values.mean(axis=-1)
    if seen is None:
        seen = values.var(axis=-1, ddof=min(1, count - 1)), float(count - 1)
    variance, degrees = shrink(seen[0], expected * value**2, seen[1])
    return value, np.sqrt(variance / count), degrees


def environment_means(environments: Sequence[Environment], weights: Mapping[str, float]) -> Array:
    """Return each environment's mean billed milliseconds, payloads combined by their share."""
    means = np.zeros(len(environments))
    for name, share in weights.items():
        means += [share * sum(times := one.billed_ms(name)) / len(times) for one in environments]
    return means


def _shares(environments: Sequence[Environment], weights: Mapping[str, float]) -> list[float]:
    """Return what share of the billed time each payload makes up."""
    times = [share * sum(sum(one.billed_ms(name)) for one in environments) for name, share in weights.items()]
    return [time / sum(times) for time in times]


def _lanes(environments: Sequence[Environment], weights: Mapping[str, float]) -> Array:
    """Return billed milliseconds times the payload's share: payloads, lanes, calls that every lane has."""
    calls = min(len(one.warm[name]) for one in environments for name in weights)
    return np.array(
        [[np.multiply(share, one.billed_ms(name)[:calls]) for one in environments] for name, share in weights.items()]
    )
