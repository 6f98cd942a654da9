"""What sizes between the default ones save, and what they cost to find."""

from dataclasses import dataclass, replace
from statistics import fmean

import numpy as np

from benchmarks.lambda_simulator.run import measure, sweep_plan
from benchmarks.lambda_simulator.simulator import Account, Simulator
from benchmarks.lambda_simulator.sweeps import true_cost
from benchmarks.lambda_simulator.workload import random_workload
from lambdabot.measurement.conclusion import conclude
from lambdabot.model import Architecture, Configuration, Side

FUNCTIONS = 150
_DEFAULT = (128, 256, 512, 1024, 1769, 3008)
_FINE = range(128, 3009, 16)
_HEADROOM = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Refined:
    """Means over functions; `above` is what the recommended one costs above the cheapest of all sizes that fit."""

    refine: bool
    above: float
    above_p95: float
    invocations: float
    added: float


def refinements(seed: int) -> list[Refined]:
    """Return the sweep of the default sizes alone, and with what lies between, on the same random functions."""
    found = []
    for refine in (False, True):
        generator = np.random.default_rng(seed)
        above, calls, added = [], [], []
        for number in range(FUNCTIONS):
            # Any memory up to what a function may use of 1,024 MB: the smallest size that fits lies between two.
            work = replace(random_workload(generator), memory_mb=int(2 ** generator.uniform(5.5, 9.5)))
            sweep = tuple(Configuration(memory_mb=size, architecture=one) for one in Architecture for size in _DEFAULT)
            plan = sweep_plan(sweep, seed=seed + number, refine=refine)
            seen, _ = measure(plan, Simulator({Side.HEAD: work}, Account(), seed=plan.seed))
            advice = conclude(plan, seen).recommendation
            assert advice is not None  # noqa: S101  # 1,024 MB fits every one of them
            fits = [
                Configuration(memory_mb=size, architecture=one)
                for one in Architecture
                for size in _FINE
                if work.memory_mb <= _HEADROOM * size
            ]
            cheapest = min(true_cost(plan, work, one) for one in fits)
            above.append(true_cost(plan, work, advice.configuration) / cheapest - 1)
            calls.append(len(seen))
            added.append(len({one.variant for one in seen} - set(plan.variants)))
        found.append(
            Refined(
                refine=refine,
                above=fmean(above),
                above_p95=float(np.quantile(above, 0.95)),
                invocations=fmean(calls),
                added=fmean(added),
            )
        )
    return found
