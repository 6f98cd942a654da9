"""Estimates of mean billed time and of its ratio, with environments as the unit of noise."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, log, sqrt

import numpy as np

from lambdabot.measurement.noise import Noise
from lambdabot.measurement.samples import Environment
from lambdabot.measurement.student import quantile

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

    Environments are the clusters: their means are averaged, whatever the number of calls each served. The variance is
    that of the clusters, shrunk towards the prior (scaled inverse chi-squared, Gelman et al., Bayesian Data Analysis,
    section 2.6), so that few environments that agree by luck do not pass for certainty.
    """
    means = np.array(
        [sum(share * float(np.mean(one.billed_ms[name])) for name, share in weights.items()) for one in environments]
    )
    count = len(means)
    calls = sum(len(times) for one in environments for times in one.billed_ms.values())
    value = float(means.mean())
    expected = value**2 * (noise.between**2 + noise.within**2 * count / calls)
    degrees = noise.weight + count - 1
    variance = (noise.weight * expected + float(((means - value) ** 2).sum())) / degrees
    return Mean(
        value=value,
        standard_error=sqrt(variance / count),
        degrees=degrees,
        environments=count,
        invocations=calls,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """Head's mean cost over base's, on the log scale."""

    log_value: float
    standard_error: float
    degrees: float

    def bounds(self, upper_tail: float) -> tuple[float, float]:
        """Return the lower and the upper bound of the ratio, each wrong with probability `upper_tail`."""
        reach = float(quantile(upper_tail, self.degrees)) * self.standard_error
        return exp(self.log_value - reach), exp(self.log_value + reach)


def ratio(base: Mean, head: Mean) -> Ratio:
    """Return head over base by the delta method, with Satterthwaite's degrees of freedom (Welch 1947).

    Both means are costs, so that the request fee dampens the ratio as it does on the bill.
    """
    parts = [(one.standard_error / one.value) ** 2 for one in (base, head)]
    variance = sum(parts)
    degrees = variance**2 / sum(part**2 / one.degrees for part, one in zip(parts, (base, head), strict=True))
    return Ratio(log_value=log(head.value / base.value), standard_error=sqrt(variance), degrees=degrees)
