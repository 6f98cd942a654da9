"""The rules of other tools, run on the same simulated functions; no code of theirs.

Each returns the Configuration it would recommend and how many calls that took, cold ones counted.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from math import ceil

import numpy as np
from numpy.typing import NDArray

from benchmarks.lambda_simulator.hosts import Hosts, within
from benchmarks.lambda_simulator.workload import Work
from lambdabot.measurement.plan import Plan
from lambdabot.model import Architecture, Configuration

Array = NDArray[np.float64]

_SERIAL_CALLS = 50


@dataclass(frozen=True, slots=True)
class Caller:
    """Calls a function on simulated hosts, without a plan."""

    work: Work
    hosts: Hosts
    generator: np.random.Generator

    def durations(self, configuration: Configuration, environments: int, calls: int) -> Array:
        """Return warm durations in milliseconds: a row an environment."""
        size = configuration.memory_mb
        _, logs = self.hosts.draw(self.generator, environments)
        spread = within(size)
        noise = np.exp(self.generator.normal(-(spread**2) / 2, spread, (environments, calls)))
        return self.work.duration_ms(configuration) * self.hosts.effect(logs, size)[:, None] * noise


Rule = Callable[[Plan, Caller], tuple[Configuration, int]]


def power_tuning(plan: Plan, caller: Caller) -> tuple[Configuration, int]:
    """Follow aws-lambda-power-tuning's defaults: 50 serial calls a size, 20 % trimmed mean, no request fee."""
    costs = {}
    for configuration in plan.sweep:
        times = np.sort(caller.durations(configuration, 1, _SERIAL_CALLS - 1)[0])  # the first is cold, and trimmed
        trim = int(_SERIAL_CALLS * 0.2)
        costs[configuration] = ceil(times[trim : len(times) - trim + 1].mean()) * plan.rate(configuration)
    return min(costs, key=lambda one: costs[one]), _SERIAL_CALLS * len(plan.sweep)


def textbook(plan: Plan, caller: Caller) -> tuple[Configuration, int]:
    """Follow the loop of many a tutorial: x86_64 only, a call to warm up, then the mean of 50 calls a size."""
    sizes = [one for one in plan.sweep if one.architecture is Architecture.X86_64]
    costs = {one: caller.durations(one, 1, _SERIAL_CALLS).mean() * plan.rate(one) for one in sizes}
    return min(costs, key=lambda one: costs[one]), (_SERIAL_CALLS + 1) * len(sizes)


def parrotfish(_: Plan, caller: Caller) -> tuple[Configuration, int]:
    """Follow Parrotfish's defaults (SoCC'23): x86_64 only, exponential curve, sizes chosen by cost times knowledge.

    Four parallel calls at the smallest size, at a third of the range and at the largest; up to eight single calls more
    replace one of the four while their coefficient of variation is above 5 %; then the size of least predicted cost
    times knowledge, until more than 20 samples or knowledge above 3 at the cheapest.
    """
    space = np.arange(128, 3009, 10)
    sampled: list[tuple[int, Array]] = []
    knowledge = np.ones(len(space))
    calls = 0
    plans = [int(space[0]), int(space[ceil(len(space) / 3)]), int(space[-1])]
    while plans:
        size = plans.pop(0)
        configuration = Configuration(memory_mb=size, architecture=Architecture.X86_64)
        times = caller.durations(configuration, 4, 1)[:, 0]
        calls += 8  # four cold ones after the update, four that count
        times, more = _steadied(times, partial(caller.durations, configuration, 1, 1))
        calls += more
        sampled.append((size, times))
        knowledge += np.exp(-(((space - size) / 200.0) ** 2) / 2)
        if plans:
            continue
        costs = _fitted(sampled, space) * space
        if 4 * len(sampled) <= 20 and knowledge[costs.argmin()] <= 3:  # noqa: PLR2004  # Parrotfish's defaults
            left = ~np.isin(space, [one for one, _ in sampled])
            plans = [int(space[left][(costs * knowledge)[left].argmin()])]
    return Configuration(memory_mb=int(space[costs.argmin()]), architecture=Architecture.X86_64), calls


def _steadied(times: Array, call: Callable[[], Array]) -> tuple[Array, int]:
    """Replace single values by new ones while that brings the coefficient of variation down, eight times at most."""
    made = 0
    while made < 8 and times.std(ddof=1) / times.mean() > 0.05:  # noqa: PLR2004  # Parrotfish's defaults
        new = float(call()[0, 0])
        made += 1
        tries = np.tile(times, (len(times), 1))
        np.fill_diagonal(tries, new)
        spreads = tries.std(axis=1, ddof=1) / tries.mean(axis=1)
        if spreads.min() < times.std(ddof=1) / times.mean():
            times = tries[spreads.argmin()]
    return times, made


def _fitted(sampled: list[tuple[int, Array]], space: NDArray[np.int64]) -> Array:
    """Fit duration = a + b exp(-size / c) by least squares, a and b not negative, c on a grid."""
    sizes = np.repeat([one for one, _ in sampled], [len(times) for _, times in sampled])
    durations = np.concatenate([times for _, times in sampled])
    best, curve = np.inf, np.zeros(len(space))
    for scale in np.geomspace(20, 20000, 60):
        here, everywhere = (np.column_stack([np.ones(len(x)), np.exp(-x / scale)]) for x in (sizes, space))
        for used in ([0, 1], [0], [1]):
            found, *_ = np.linalg.lstsq(here[:, used], durations, rcond=None)
            error = float(((here[:, used] @ found - durations) ** 2).sum())
            if (found >= 0).all() and error < best:
                best, curve = error, everywhere[:, used] @ found
    return curve
