"""The mean cold start and its interval."""

from collections.abc import Sequence

import numpy as np

from lambdabot.measurement.interval import CONFIDENCE, located
from lambdabot.measurement.student import quantile
from lambdabot.model import Interval

# Coefficient of variation before any was seen: means of ten inits move by more than 10 % from one day to the next on 7
# to 30 % of days (maxday/lambda-perf), which inits of 12 to 22 % would do.
_VARIATION = 0.16
_FEWEST = 2


def cold_start(inits_ms: Sequence[float]) -> Interval | None:
    """Return the interval of the mean Init Duration; None where there are too few samples.

    Every sample is the start of another execution environment, so they are independent.
    """
    if len(inits_ms) < _FEWEST:
        return None
    value, error, degrees = located(np.array(inits_ms), _VARIATION**2)
    reach = float(quantile((1 - CONFIDENCE) / 2, degrees) * error)
    return Interval(low=max(0.0, float(value) - reach), high=float(value) + reach, confidence=CONFIDENCE)
