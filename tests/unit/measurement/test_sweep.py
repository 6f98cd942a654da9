from dataclasses import replace

import pytest

from benchmarks.lambda_simulator.run import SWEEP
from benchmarks.lambda_simulator.simulator import Account
from benchmarks.lambda_simulator.workload import Workload
from lambdabot.measurement.conclusion import conclude
from lambdabot.measurement.samples import cells
from lambdabot.measurement.sweep import FIRST, wanted
from lambdabot.model import Constraints, Outcome, Status, Strategy


def true_costs(plan, **work):
    function = Workload(**{"cpu_ms": 200, "waiting_ms": 20, **work})
    return {one: plan.cost(one, function.duration_ms(one) + 0.5) for one in plan.sweep}


def test_every_configuration_is_measured_first(sweeping) -> None:
    plan = sweeping()
    known = cells(plan.variants, plan.weights, [])
    assert wanted(plan, known) == dict.fromkeys(plan.variants, FIRST)


@pytest.mark.parametrize(
    "work",
    [
        {"cpu_ms": 20, "waiting_ms": 500},
        {"cpu_ms": 800, "waiting_ms": 8, "arm_factor": 0.8},
        {"cpu_ms": 800, "waiting_ms": 800, "threads": 2},
        {"cpu_ms": 15, "waiting_ms": 0.2, "arm_factor": 1.25},
    ],
)
def test_the_recommendation_is_among_the_cheapest(sweeping, simulate, work) -> None:
    plan = sweeping()
    seen, _ = simulate(plan, account=Account(), **work)
    costs = true_costs(plan, **work)
    found = conclude(plan, seen).recommendation
    assert costs[found.configuration] < 1.05 * min(costs.values())
    assert len(seen) < 500


def test_losers_are_dropped_early(sweeping, simulate) -> None:
    plan = sweeping()
    seen, _ = simulate(plan, cpu_ms=10, waiting_ms=2000)
    largest = [one for one in seen if one.variant.configuration.memory_mb >= 1536]
    assert max(one.round for one in largest) == 2


def test_nothing_left_to_race_wants_nothing(sweeping, simulate) -> None:
    plan = sweeping()
    failures = dict.fromkeys(SWEEP, (Outcome.ERROR, 1.0))
    seen, stop = simulate(plan, failures=failures)
    assert len(seen) == 2 * len(SWEEP)
    assert stop.reason == "every Variant failed"
    assert {one.status for one in conclude(plan, seen).measurements} == {Status.ERROR}


def test_what_breaks_a_constraint_is_not_measured_on(sweeping, simulate) -> None:
    plan = sweeping(constraints=Constraints(mean_ms=500, memory_headroom_percent=60))
    seen, _ = simulate(plan)
    rounds = {one.memory_mb: max(call.round for call in seen if call.variant.configuration == one) for one in SWEEP[:8]}
    assert rounds[128] == 1  # 60 of 128 MB used: less than 60 % headroom
    assert rounds[256] == 2  # 1.4 s
    assert conclude(plan, seen).recommendation.configuration.memory_mb >= 1024


def test_a_required_p95_is_measured_until_it_can_be_given(sweeping, simulate) -> None:
    plan = sweeping(constraints=Constraints(p95_ms=400), strategy=Strategy.COST)
    seen, _ = simulate(plan)
    found = conclude(plan, seen)
    picked = next(one for one in found.measurements if one.variant.configuration == found.recommendation.configuration)
    assert picked.p95_duration_ms <= 400


def test_speed_looks_for_the_fastest(sweeping, simulate) -> None:
    plan = sweeping(strategy=Strategy.SPEED)
    seen, _ = simulate(plan, arm_factor=0.8)
    found = conclude(plan, seen).recommendation
    assert found.configuration.memory_mb >= 1769
    assert found.configuration.architecture == "arm64"


def test_one_machine_is_swept_frugally(sweeping, simulate) -> None:
    plan = replace(sweeping(), local=True, concurrency=2, sweep=SWEEP[:6], variants=sweeping().variants[:6])
    seen, _ = simulate(plan)
    assert len(seen) <= 150
