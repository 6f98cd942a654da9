"""Whether durations moved while they were measured."""

from collections.abc import Iterable, Mapping

import numpy as np

from lambdabot.measurement.interval import environment_means
from lambdabot.measurement.samples import Cell
from lambdabot.measurement.student import quantile

_WORTH_SAYING = 0.05
_FEWEST = 10  # environments beyond one of each Variant
_TAIL = 0.005


def drift(cells: Iterable[Cell], weights: Mapping[str, float]) -> float | None:
    """Return by what share durations changed from the first to the last environment; None where nothing is to be said.

    Least squares of log means over time, within Variants, at 99 %: rounds are interleaved, so that drift touches all
    Variants alike and biases no comparison; it tells of a busy Region or a warming dependency.
    """
    times, logs, groups = [], [], 0
    for cell in cells:
        if len(cell.environments) > 1:
            groups += 1
            values = np.log(environment_means(cell.environments, weights))
            when = np.array(
                [
                    np.mean([call.at_seconds for calls in one.warm.values() for call in calls])
                    for one in cell.environments
                ]
            )
            times.append(when - when.mean())
            logs.append(values - values.mean())
    if not times:
        return None
    time, log = np.concatenate(times), np.concatenate(logs)
    degrees = len(time) - groups - 1
    spread = float(time @ time)
    if degrees < _FEWEST or spread == 0:
        return None
    slope = float(time @ log) / spread
    error = np.sqrt(float(((log - slope * time) ** 2).sum()) / degrees / spread)
    change = float(np.expm1(slope * (time.max() - time.min())))
    certain = abs(slope) > float(quantile(_TAIL, degrees)) * error
    return change if certain and abs(change) > _WORTH_SAYING else None
