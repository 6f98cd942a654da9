"""How often the intervals of 95th percentiles and of cold starts hold the true figure, and what bounds they give."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from benchmarks.lambda_simulator.hosts import HOMOGENEOUS, MIXED, Hosts, within
from lambdabot.measurement.cold_start import cold_start
from lambdabot.measurement.distribution import Distribution

Array = NDArray[np.float64]

TRIALS = 2_000
_SHARE = 0.95
_CALLS = 2
_MANY = 400_000  # draws that stand for the truth
_MIX = (0.9, 0.1)  # shares of a usual payload and of one that takes 20 times as long
_SLOW = 20.0
_FLEETS = {"mixed": MIXED, "homogeneous": HOMOGENEOUS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tail:
    """One cell: shares of the trials that are covered and that have an upper bound, and the median of both bounds."""

    figure: str
    drawn_from: str
    environments: int
    covered: float
    bounded: float
    low: float
    high: float  # as a multiple of the true figure, as `low`; infinite where most have none


def percentiles(seed: int) -> Iterator[Tail]:
    """Yield the 95th percentile's cells: payload mixes, fleets, sizes, environments."""
    generator = np.random.default_rng(seed)
    for (hosts, fleet), size, mixed, count in product(_FLEETS.items(), (128, 2048), (False, True), (20, 40, 120)):
        shares = np.array(_MIX if mixed else (1.0,))
        payload = generator.choice(len(shares), size=_MANY, p=shares)
        everything = _calls(generator, fleet, size, (_MANY, 1))[:, 0] * np.array([1.0, _SLOW])[payload]
        bounds = []
        for _ in range(TRIALS):
            effects = _effects(generator, fleet, size, (count, 1))
            values = [
                (effects * _noise(generator, size, (count, _CALLS)) * slow).ravel()
                for slow in (1.0, _SLOW)[: len(shares)]
            ]
            found = Distribution(
                values=np.concatenate(values),
                shares=np.repeat(shares / _CALLS, count * _CALLS),
                payloads=np.repeat(np.arange(len(shares)), count * _CALLS),
                environments=count,
            ).interval(_SHARE)
            bounds.append((found.low, found.high) if found else (0.0, np.inf))
        yield _tail(
            "p95",
            f"{hosts}, {size} MB, {'90/10' if mixed else 'one payload'}",
            count,
            bounds,
            float(np.quantile(everything, _SHARE)),
        )


def cold_starts(seed: int) -> Iterator[Tail]:
    """Yield the cells of the mean cold start: how much inits vary, and how many were seen."""
    generator = np.random.default_rng(seed)
    for variation, count in product((0.12, 0.22, None), (2, 5, 10, 20, 40)):
        bounds = []
        for _ in range(TRIALS):
            if variation is None:
                inits = _effects(generator, MIXED, 512, (count,))
            else:
                spread = np.sqrt(np.log1p(variation**2))
                inits = np.exp(generator.normal(-(spread**2) / 2, spread, count))
            found = cold_start([float(one) for one in inits])
            bounds.append((found.low, found.high) if found else (0.0, np.inf))
        drawn_from = "mixed hosts" if variation is None else f"inits that vary by {variation:.0%}"
        yield _tail("cold start", drawn_from, count, bounds, 1.0)


def _tail(figure: str, drawn_from: str, environments: int, bounds: list[tuple[float, float]], true: float) -> Tail:
    low, high = np.array(bounds).T
    return Tail(
        figure=figure,
        drawn_from=drawn_from,
        environments=environments,
        covered=float(((low <= true) & (true <= high)).mean()),
        bounded=float(np.isfinite(high).mean()),
        low=float(np.median(low)) / true,
        high=float(np.median(high)) / true,
    )


def _calls(generator: np.random.Generator, hosts: Hosts, size: int, shape: tuple[int, ...]) -> Array:
    return _effects(generator, hosts, size, shape) * _noise(generator, size, shape)


def _effects(generator: np.random.Generator, hosts: Hosts, size: int, shape: tuple[int, ...]) -> Array:
    return hosts.effect(hosts.draw(generator, shape)[1], size)


def _noise(generator: np.random.Generator, size: int, shape: tuple[int, ...]) -> Array:
    spread = within(size)
    return np.asarray(np.exp(generator.normal(-(spread**2) / 2, spread, shape)))
