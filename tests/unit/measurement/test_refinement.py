from dataclasses import replace

import pytest

from benchmarks.lambda_simulator.hosts import HOMOGENEOUS
from benchmarks.lambda_simulator.run import measure
from benchmarks.lambda_simulator.simulator import Account, Simulator
from benchmarks.lambda_simulator.workload import Workload
from lambdabot.measurement.conclusion import conclude
from lambdabot.measurement.decision import next_step
from lambdabot.model import Architecture, Configuration, Constraints, Outcome, Side, Status, Stop, Variant

X86 = Architecture.X86_64
SIZES = (128, 256, 512, 1024)
# Mostly waiting, so that a call costs in proportion to its memory, of which it uses 150 MB: 188 MB is the least.
WAITING = Workload(cpu_ms=5, waiting_ms=400, memory_mb=150)


@pytest.fixture
def plan(sweeping):
    sweep = tuple(Configuration(memory_mb=size, architecture=X86) for size in SIZES)
    variants = tuple(Variant(side=Side.HEAD, configuration=one) for one in sweep)
    return replace(sweeping(), sweep=sweep, variants=variants, current=sweep[1], refine=True)


def finish(plan, work):
    return measure(plan, Simulator({Side.HEAD: work}, Account(hosts=HOMOGENEOUS), seed=1))


def added(plan, seen) -> list[int]:
    return sorted({one.variant.configuration.memory_mb for one in seen} - {one.memory_mb for one in plan.sweep})


def test_the_least_size_with_headroom_is_measured_and_recommended(plan):
    seen, stop = finish(plan, WAITING)
    found = conclude(plan, seen)

    assert stop.reason == "decided"
    assert 188 in added(plan, seen)
    assert found.recommendation.configuration.memory_mb == 188
    before, after = (
        plan.cost(one, WAITING.duration_ms(one)) for one in (plan.current, found.recommendation.configuration)
    )
    assert found.recommendation.saving_percent == pytest.approx(100 * (1 - after / before), abs=3)
    row = next(one for one in found.measurements if one.variant.configuration.memory_mb == 188)
    assert row.status is Status.MEASURED


def test_on_one_machine_only_the_least_size_is_tried_and_not_to_the_last_megabyte(plan):
    here = replace(plan, local=True, waiting_counted=True, concurrency=2)
    seen, _ = finish(here, WAITING)
    computing, _ = finish(here, Workload(cpu_ms=17, waiting_ms=1, memory_mb=60))

    assert added(plan, seen) == [192]
    assert added(plan, computing) == []


def test_a_size_without_headroom_is_never_tried(plan):
    seen, _ = finish(plan, replace(WAITING, memory_mb=170))  # 213 MB at least

    assert min(added(plan, seen)) >= 213


def test_where_nothing_is_to_be_gained_nothing_is_added(plan):
    seen, _ = finish(plan, replace(WAITING, memory_mb=60))  # 128 MB is the cheapest, and no size is smaller

    assert added(plan, seen) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"refine": False},
        {"monthly_invocations": 100},  # a hundred calls a month save less than forty cost
        {"tie_tolerance_percent": 30.0},
    ],
)
def test_it_must_be_allowed_and_worth_its_calls(plan, changes):
    plan = replace(plan, **changes)
    seen, _ = finish(plan, WAITING)

    assert added(plan, seen) == []
    assert conclude(plan, seen).recommendation.configuration.memory_mb == 256


@pytest.mark.parametrize(("limit", "tried"), [(None, True), (700, False)])
def test_a_size_that_would_be_too_slow_is_not_tried(plan, limit, tried):
    work = replace(WAITING, cpu_ms=40)  # 662 ms at 256 MB, 762 at 188

    seen, _ = finish(replace(plan, constraints=Constraints(mean_ms=limit)), work)

    assert (188 in added(plan, seen)) is tried


def test_only_a_few_sizes_are_added(plan):
    wide = tuple(Configuration(memory_mb=size, architecture=X86) for size in (128, 3008))
    plan = replace(
        plan, sweep=wide, variants=tuple(Variant(side=Side.HEAD, configuration=one) for one in wide), current=wide[1]
    )
    seen, _ = finish(plan, WAITING)

    assert 1 <= len(added(plan, seen)) <= 3


def test_a_size_that_cannot_be_deployed_is_given_up(plan):
    simulator = Simulator({Side.HEAD: WAITING}, Account(), seed=1)
    seen, rounds = [], 0
    while not isinstance(step := next_step(plan, seen), Stop):
        rounds += 1
        for one in simulator.run(step):
            refused = one.variant not in plan.variants
            changes = {"outcome": Outcome.DISCARDED, "cold": False, "reason": "memory is capped", "duration_ms": None}
            seen.append(replace(one, **changes) if refused else one)
        assert rounds < 50
    found = conclude(plan, seen)

    assert found.recommendation.configuration.memory_mb == 256
    lost = [one for one in found.measurements if one.variant not in plan.variants]
    assert lost
    assert all(one.status is Status.NOT_MEASURED and "memory is capped" in one.reason for one in lost)


def test_what_it_costs_stays_within_the_budget(plan):
    whole, _ = finish(plan, WAITING)
    for invocations in range(10, len(whole), 7):
        seen, _ = finish(replace(plan, budget=replace(plan.budget, invocations=invocations)), WAITING)
        assert len(seen) <= invocations
