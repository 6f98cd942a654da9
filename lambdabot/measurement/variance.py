"""How far environments differ: what was seen, held against what is known of Lambda."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lambdabot.measurement.noise import Noise

Array = NDArray[np.float64]

PRIOR_DEGREES = 4  # what is known counts as much as five environments
_FEWEST_TO_REFUTE = 4  # degrees of freedom: below, luck explains any agreement
_REFUTATION = 4.0  # environments of mixed hosts agree so well by luck in about 1 of 100 samples, by simulation


def shrink(seen: ArrayLike, expected: ArrayLike, degrees: ArrayLike) -> tuple[Array, Array]:
    """Return the variance to reckon with and its degrees of freedom, from a sample variance with `degrees` of its own.

    The expected variance enters as a scaled inverse chi-squared prior (Gelman et al., Bayesian Data Analysis, section
    2.6): a few environments that all met the same CPU model by luck do not pass for certainty. Where the sample
    variance is too small for the prior to be true, as it is on hosts of one CPU model, the sample stands alone.
    All arguments broadcast.
    """
    seen, expected = np.asarray(seen, dtype=np.float64), np.asarray(expected, dtype=np.float64)
    own = np.asarray(degrees, dtype=np.float64)
    refuted = (own >= _FEWEST_TO_REFUTE) & (seen < expected * np.exp(-2 * _REFUTATION / np.sqrt(own + 1)))
    shrunk = (PRIOR_DEGREES * expected + own * seen) / (PRIOR_DEGREES + own)
    return np.where(refuted, seen, shrunk), np.where(refuted, own, PRIOR_DEGREES + own)


def lanes_variance(samples: Array, noise: Noise) -> tuple[Array, float]:
    """Return variance and degrees of freedom of environments' means where only the lanes of waves are known.

    `samples` has payloads, lanes and waves as its last axes, already multiplied by the payloads' shares. Each wave
    meets the same environments in another order, so means of lanes mix them and differ too little. But a wave's lanes
    differ by both components, and means of waves by the one within environments alone, which the prior steadies. An
    environment's speed touches all payloads alike, so their deviations add up. Degrees of freedom are Satterthwaite's
    for the components as they are expected: every wave tells anew of the one within.
    """
    lanes, waves = samples.shape[-2:]
    both = samples.var(axis=-2, ddof=1).mean(axis=-1)
    expected = (noise.within * samples.mean(axis=(-1, -2))) ** 2
    own = waves - 1
    seen = lanes * samples.mean(axis=-2).var(axis=-1, ddof=1) if own else 0.0
    inside = (PRIOR_DEGREES * expected + own * seen) / (PRIOR_DEGREES + own)
    between = np.sqrt(np.maximum(both - inside, 0.0)).sum(axis=-1) ** 2
    inside = inside.sum(axis=-1) / waves
    parts = noise.between**2, noise.within**2 / waves
    degrees = (lanes - 1) * sum(parts) ** 2 / (parts[0] ** 2 + parts[1] ** 2 / waves)
    return between + inside, degrees
