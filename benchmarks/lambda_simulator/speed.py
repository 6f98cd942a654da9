"""How long it takes to decide what to do next."""

import time

from benchmarks.lambda_simulator.run import sweep_plan
from benchmarks.lambda_simulator.simulator import Account, Simulator
from benchmarks.lambda_simulator.workload import Workload
from lambdabot.measurement.decision import next_step
from lambdabot.measurement.plan import Plan
from lambdabot.model import Architecture, Configuration, Invocation, Round, Side, Wave

VARIANTS, CALLS = 64, 200
_REPEATS = 15
_ENVIRONMENTS = 20


def milliseconds(seed: int) -> float:
    """Return the shortest time of a decision over 64 Variants of 200 invocations each."""
    plan, seen = _history(seed)
    next_step(plan, seen)
    times = []
    for _ in range(_REPEATS):
        start = time.perf_counter()
        next_step(plan, seen)
        times.append(time.perf_counter() - start)
    return min(times) * 1000


def _history(seed: int) -> tuple[Plan, list[Invocation]]:
    sizes = range(128, 128 + 96 * (VARIANTS // 2), 96)
    sweep = tuple(Configuration(memory_mb=size, architecture=one) for one in Architecture for size in sizes)
    plan = sweep_plan(sweep, seed=seed)
    simulator = Simulator({Side.HEAD: Workload(cpu_ms=200, waiting_ms=20)}, Account(), seed=seed)
    waves = tuple(
        Wave(variant=variant, payload="usual", concurrency=_ENVIRONMENTS)
        for _ in range(CALLS // _ENVIRONMENTS)
        for variant in plan.variants
    )
    return plan, simulator.run(Round(number=1, waves=waves))
