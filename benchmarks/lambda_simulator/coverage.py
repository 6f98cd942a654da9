"""How often the 99 % interval of mean cost holds the true mean, and how wide it is."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from benchmarks.lambda_simulator.hosts import HOMOGENEOUS, MIXED, OTHERS, Hosts, within
from lambdabot.measurement.interval import CONFIDENCE, located
from lambdabot.measurement.noise import prior
from lambdabot.measurement.student import quantile
from lambdabot.measurement.variance import PRIOR_DEGREES, lanes_variance

Array = NDArray[np.float64]

TRIALS = 10_000
ENVIRONMENTS = (5, 10, 20, 40)
SIZES = (128, 512, 2048)
_WAVES = 3  # lanes mix environments from the second wave on
_MIXES = {"one payload": ((1.0, 1.0),), "90/10": ((0.9, 1.0), (0.1, 20.0))}  # share of the traffic, times as slow
_FLEETS = {"mixed": MIXED, "homogeneous": HOMOGENEOUS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """One cell of the table: `covered` and `plain` (a t interval without a prior) are shares of the trials.

    `alone` is the share of trials in which the data refute the prior and stand alone, `covered_alone` what is covered
    of those, where environments are known: an average over wide intervals and narrow ones hides how the narrow ones do.
    """

    environments: int
    memory_mb: int
    hosts: str
    payloads: str
    lanes: bool
    covered: float
    half_width: float
    plain: float
    plain_half_width: float
    alone: float | None
    covered_alone: float | None


def coverages(seed: int, fleets: Mapping[str, Hosts] = _FLEETS) -> Iterator[Coverage]:
    """Yield every cell: environments, memory size, hosts, payloads, environments known or lanes only."""
    generator = np.random.default_rng(seed)
    for count, size, hosts, payloads in product(ENVIRONMENTS, SIZES, fleets, _MIXES):
        samples = _samples(generator, fleets[hosts], size, count, _MIXES[payloads])
        parts = [share * slow for share, slow in _MIXES[payloads]]
        true = sum(parts)
        for lanes in (False, True):
            seen = _as_lanes(samples, generator) if lanes else samples
            noise = prior(size, local=False)
            values = seen.mean(axis=-1).sum(axis=1)
            expected = noise.variance(_WAVES, shares=[part / true for part in parts])
            value, error, degrees = located(values, expected, lanes_variance(seen, noise) if lanes else None)
            reach = quantile((1 - CONFIDENCE) / 2, degrees) * error
            plain = quantile((1 - CONFIDENCE) / 2, count - 1) * values.std(axis=-1, ddof=1) / np.sqrt(count)
            inside = np.abs(value - true) <= reach
            alone = degrees < count - 1 + PRIOR_DEGREES  # where the prior counts, it adds its own
            yield Coverage(
                environments=count,
                memory_mb=size,
                hosts=hosts,
                payloads=payloads,
                lanes=lanes,
                covered=float(inside.mean()),
                half_width=float(np.median(reach / value)),
                plain=float((np.abs(value - true) <= plain).mean()),
                plain_half_width=float(np.median(plain / value)),
                alone=None if lanes else float(alone.mean()),
                covered_alone=float(inside[alone].mean()) if alone.any() and not lanes else None,
            )


def _samples(
    generator: np.random.Generator, hosts: Hosts, size: int, count: int, payloads: tuple[tuple[float, float], ...]
) -> Array:
    """Return durations times the payload's share: trials, payloads, environments, waves."""
    _, logs = hosts.draw(generator, (TRIALS, 1, count, 1))
    spread = within(size)
    noise = np.exp(generator.normal(-(spread**2) / 2, spread, (TRIALS, len(payloads), count, _WAVES)))
    weights = np.array([share * slow for share, slow in payloads])[:, None, None]
    return np.asarray(hosts.effect(logs, size) * noise * weights)


def other_fleets(seed: int) -> Iterator[Coverage]:
    """Yield the same cells on fleets that nothing was chosen on."""
    return coverages(seed, OTHERS)


def _as_lanes(samples: Array, generator: np.random.Generator) -> Array:
    """Let every wave meet the environments in an order of its own."""
    return generator.permuted(samples, axis=2)
