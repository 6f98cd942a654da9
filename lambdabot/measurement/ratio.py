"""Head's mean cost over base's."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lambdabot.measurement.interval import Mean
from lambdabot.measurement.ranks import differences, pairs_outside
from lambdabot.measurement.student import quantile
from lambdabot.measurement.variance import shrink

Array = NDArray[np.float64]
Models = NDArray[np.int64]

_ENDLESS = 50.0  # as good as no bound, where both sides have no stratum in common
_ALIKE = 7.0  # over the root of the degrees: log variances of identical builds are hardly ever further apart


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """Logarithm of a ratio with its standard error and Student's t; or the ordered pairwise `differences` of logs.

    The last axis of `differences` is pairs; where `alike` is false for a trial, its bounds are Student's.
    """

    log_value: Array
    standard_error: Array
    degrees: Array
    sizes: tuple[int, int]
    differences: Array | None = None
    alike: NDArray[np.bool_] | bool = False

    def bounds(self, upper_tail: float) -> tuple[Array, Array]:
        """Return the lower and the upper bound of the ratio, each wrong with probability `upper_tail`."""
        reach = quantile(upper_tail, self.degrees) * self.standard_error
        low, high = self.log_value - reach, self.log_value + reach
        outside = pairs_outside(*self.sizes, upper_tail)
        if self.differences is not None and outside:
            low = np.where(self.alike, self.differences[..., outside - 1], low)
            high = np.where(self.alike, self.differences[..., -outside], high)
        return np.exp(np.maximum(low, -_ENDLESS)), np.exp(np.minimum(high, _ENDLESS))


def ratio(base: Array, head: Array, models: tuple[Models, Models] | None, expected: float) -> Ratio:
    """Compare the mean costs of environments; the last axis is environments, axes before it are trials.

    With CPU `models`, environments of the same model are compared (`_stratified`). Without, hosts are a mixture of
    unknown models, far from normal but the same on both sides, and a change of code shifts the log cost of every one:
    then the shift has bounds by ranks that hold for whatever mixture and are the tighter the more it clusters (Hodges
    and Lehmann, Annals of Mathematical Statistics 34, 1963). They are used while the two sides spread alike; where the
    change is not a shift, as with calls that are slow now and then, the means are compared.
    """
    if models is not None:
        return _stratified(base, head, models, expected)
    one = (np.zeros(base.shape, dtype=np.int64), np.zeros(head.shape, dtype=np.int64))
    plain = _stratified(base, head, one, expected)
    logs = np.log(base), np.log(head)
    spread = [np.maximum(values.var(axis=-1), np.finfo(np.float64).tiny) for values in logs]
    pairs = differences(*logs)
    alike = np.abs(np.log(spread[1] / spread[0])) < _ALIKE / np.sqrt(min(plain.sizes) - 1)
    return Ratio(
        log_value=np.where(alike, np.median(pairs, axis=-1), plain.log_value),
        standard_error=plain.standard_error,
        degrees=plain.degrees,
        sizes=plain.sizes,
        differences=pairs,
        alike=alike,
    )


def ratio_of_means(base: Mean, head: Mean) -> Ratio:
    """Compare two means of cost by the delta method, with Welch's degrees of freedom (Biometrika 34, 1947).

    For environments that cannot be told apart: the standard errors already allow for the mixing of lanes.
    """
    parts = [(one.standard_error / one.value) ** 2 for one in (base, head)]
    variance = sum(parts)
    degrees = variance**2 / sum(part**2 / one.degrees for part, one in zip(parts, (base, head), strict=True))
    return Ratio(
        log_value=np.log(head.value / base.value),
        standard_error=np.sqrt(variance),
        degrees=np.asarray(degrees),
        sizes=(base.environments, head.environments),
    )


def _stratified(base: Array, head: Array, models: tuple[Models, Models], expected: float) -> Ratio:
    """Combine the log ratios of means of the strata that both sides have.

    Weights are Mantel and Haenszel's, n m / (n + m), the best for one variance everywhere. `expected` is the relative
    variance between environments of a stratum before any was seen; the delta method carries it to the log scale.
    """
    strata = np.arange(max(one.max() for one in models) + 1)
    members = [(one[..., None] == strata).astype(np.float64) for one in models]
    counts = [one.sum(axis=-2) for one in members]
    means, squares = [], []
    for costs, member, count in zip((base, head), members, counts, strict=True):
        mean = np.einsum("...k,...km->...m", costs, member) / np.maximum(count, 1)
        fitted = np.einsum("...m,...km->...k", mean, member)
        means.append(np.where(count > 0, mean, 1.0))
        squares.append(((costs / fitted - 1) ** 2).sum(axis=-1))
    weights = counts[0] * counts[1] / np.maximum(counts[0] + counts[1], 1)
    total = np.maximum(weights.sum(axis=-1), np.finfo(np.float64).tiny)  # no stratum in common: no end to the interval
    used = sum((one > 0).sum(axis=-1) for one in counts)
    degrees = base.shape[-1] + head.shape[-1] - used
    variance, degrees = shrink((squares[0] + squares[1]) / np.maximum(degrees, 1), expected, degrees)
    return Ratio(
        log_value=(weights * np.log(means[1] / means[0])).sum(axis=-1) / total,
        standard_error=np.sqrt(variance / total),
        degrees=degrees,
        sizes=(base.shape[-1], head.shape[-1]),
    )
