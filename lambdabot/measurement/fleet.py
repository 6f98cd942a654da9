"""What the hosts' CPU models do to durations, learnt from all Variants of a run together."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lambdabot.measurement.noise import Noise

Array = NDArray[np.float64]

_SPREAD = 0.2  # standard deviation of the log effect of a CPU model at 512 MB before any was seen
_REFERENCE = 0.14  # CPU models matter as much as environments differ: in proportion to 512 MB
_SCALE_DEGREES = 8  # what is known of the noise counts as much as eight observed deviations


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Mean billed milliseconds of one Variant's environments, their CPU models, and what noise to expect of them."""

    means: Array
    cpu_models: Sequence[str | None]
    noise: Noise
    calls: float  # of a payload, by one environment
    lanes: bool = False  # the means are of lanes, which mix environments


def level(samples: Sequence[Sample]) -> tuple[Array, Array]:
    """Return log mean milliseconds of Variants as all hosts of the fleet would show them, and their covariance.

    Where the CPU models are known, a Variant that met the fast ones by luck is not taken for cheap: effects of the
    models are fitted to the deviations within all Variants (least squares with a prior), taken out of the samples, and
    put back in the shares that the whole run met. Samples are of one fleet: one architecture.
    """
    known = all(model is not None for sample in samples for model in sample.cpu_models)
    models = list(dict.fromkeys(model if known else None for sample in samples for model in sample.cpu_models))
    members = [
        np.array([[model == one or not known for one in models] for model in sample.cpu_models], dtype=np.float64)
        for sample in samples
    ]
    # One model in all: the fleet may have others, so that environments differ as they do on mixed hosts.
    same_cpu = len(models) > 1
    variances = np.array([one.noise.variance(one.calls, same_cpu=same_cpu) for one in samples])
    force = np.array([one.noise.between for one in samples]) / _REFERENCE
    effects, uncertainty = _effects(samples, members, force, variances)
    met = np.sum([member.sum(axis=0) for member in members], axis=0)
    shares = met / met.sum()
    log_means, leaning, squares = [], [], 0.0
    for sample, member, strength, variance in zip(samples, members, force, variances, strict=True):
        plain = sample.means / np.exp(strength * (member @ effects))
        squares += float(((plain / plain.mean() - 1) ** 2).sum()) / variance
        log_means.append(np.log(plain.mean()) + np.log(shares @ np.exp(strength * effects)))
        leaning.append(strength * (shares - member.mean(axis=0)))
    counts = np.array([len(sample.means) for sample in samples])
    scale = (_SCALE_DEGREES + squares) / (_SCALE_DEGREES + float((counts - 1).sum()))
    if any(sample.lanes for sample in samples):
        scale = max(1.0, scale)
    own = scale * variances / counts
    leaning_of = np.array(leaning)
    # A logarithm of a noisy mean is too low by half its variance.
    return np.array(log_means) + own / 2, np.asarray(np.diag(own) + leaning_of @ uncertainty @ leaning_of.T)


def _effects(
    samples: Sequence[Sample], members: Sequence[Array], force: Array, variances: Array
) -> tuple[Array, Array]:
    """Fit the log effects of CPU models at 512 MB; return them and their covariance."""
    count = members[0].shape[1]
    precision, moment = np.eye(count) / _SPREAD**2, np.zeros(count)
    for sample, member, strength, variance in zip(samples, members, force, variances, strict=True):
        design = strength * (member - member.mean(axis=0))
        logs = np.log(sample.means)
        precision += design.T @ design / variance
        moment += design.T @ (logs - logs.mean()) / variance
    uncertainty = np.linalg.inv(precision)
    return np.asarray(uncertainty @ moment), np.asarray(uncertainty, dtype=np.float64)
