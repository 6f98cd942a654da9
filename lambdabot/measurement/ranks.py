"""The distribution of Mann and Whitney's statistic, and the bounds of a shift that it gives."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@lru_cache(maxsize=256)
def pairs_outside(base: int, head: int, upper_tail: float) -> int:
    """Return how many of the ordered differences lie outside a bound that is wrong with at most this probability.

    0: there are too few observations for any bound. Exact, for continuous distributions of whatever shape. Source:
    Mann and Whitney, Annals of Mathematical Statistics 18, 1947; Lehmann, Nonparametrics, section 2.4.
    """
    chances = np.ones(1)
    for one in range(1, base + 1):
        # The generating function of the statistic is a product of (1 - q^(head + i)) / (1 - q^i).
        grown = np.zeros(one * head + 1)
        grown[: len(chances)] = chances
        grown[head + one :] -= chances[: max(0, len(grown) - head - one)]
        for start in range(one):
            grown[start::one] = np.cumsum(grown[start::one])
        chances = grown * (one / (head + one))
    return int(np.searchsorted(np.cumsum(chances), upper_tail, side="right"))


def differences(base: Array, head: Array) -> Array:
    """Return all differences head - base in order; the last axis is observations, those before it broadcast."""
    pairs = head[..., :, None] - base[..., None, :]
    return np.sort(pairs.reshape(*pairs.shape[:-2], -1), axis=-1)
