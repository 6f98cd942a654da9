import pytest

from benchmarks.lambda_simulator.hosts import HOMOGENEOUS
from benchmarks.lambda_simulator.simulator import Account, Simulator
from benchmarks.lambda_simulator.workload import Workload
from lambdabot.measurement.conclusion import conclude
from lambdabot.measurement.decision import next_step
from lambdabot.model import Outcome, Round, Side, Status, Stop, Verdict

BASE = Workload(cpu_ms=200, waiting_ms=20)


def simulator(factor: float = 1.0, **options) -> Simulator:
    head = Workload(cpu_ms=200 * factor, waiting_ms=20 * factor, failures=options.pop("failures", {}))
    return Simulator({Side.BASE: BASE, Side.HEAD: head}, Account(**{"hosts": HOMOGENEOUS, **options}), seed=5)


def test_the_first_round_is_one_cold_wave_of_every_variant(plan) -> None:
    plan = plan()
    step = next_step(plan, [])
    assert isinstance(step, Round)
    assert {wave.variant for wave in step.waves} == set(plan.variants)
    assert len(step.waves) == len(plan.variants)
    assert all(one.cold for one in simulator().run(step))


@pytest.mark.parametrize(
    ("factor", "verdict", "rounds"),
    [(1.0, Verdict.NO_CHANGE, 1), (2.0, Verdict.REGRESSION, 2), (0.6, Verdict.IMPROVEMENT, 1)],
)
def test_the_gate_sees_what_is_there(plan, measure, factor, verdict, rounds) -> None:
    plan = plan()
    seen, stop = measure(plan, simulator(factor))
    found = conclude(plan, seen).comparison
    assert isinstance(stop, Stop)
    assert (found.verdict, found.rounds) == (verdict, rounds)


def test_the_same_plan_and_invocations_give_the_same_round(plan, measure) -> None:
    plan = plan()
    seen, _ = measure(plan, simulator())
    for number in {one.round for one in seen}:
        before = [one for one in seen if one.round < number]
        assert next_step(plan, before) == next_step(plan, list(before))


def test_a_configuration_that_fails_is_a_result_and_is_left_alone(plan, measure) -> None:
    plan = plan()
    smallest = plan.sweep[0]
    seen, _ = measure(plan, simulator(failures={smallest: (Outcome.OUT_OF_MEMORY, 1.0)}))
    result = next(one for one in conclude(plan, seen).measurements if one.variant.configuration == smallest)
    assert result.status is Status.OUT_OF_MEMORY
    assert result.invocations <= 4
