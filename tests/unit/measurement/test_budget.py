from collections import Counter
from dataclasses import replace
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.lambda_simulator.hosts import MIXED
from benchmarks.lambda_simulator.run import SWEEP, gate_plan, measure
from benchmarks.lambda_simulator.simulator import Account, Simulator
from benchmarks.lambda_simulator.workload import Workload
from lambdabot.measurement.budget import worst_case
from lambdabot.measurement.decision import next_step
from lambdabot.measurement.plan import Aside
from lambdabot.model import Budget, Extras, Outcome, Payload, Side, Stop
from tests.spot_check import examples


def spent(plan, seen) -> Decimal:
    return sum((plan.prices.cost(one.variant.configuration, one.billed_ms or 0) for one in seen), Decimal(0))


@settings(max_examples=examples(60), deadline=None)
@given(
    invocations=st.integers(0, 400),
    usd=st.decimals("0.0001", "0.02", places=5),
    minutes=st.floats(0.2, 20),
    concurrency=st.integers(1, 40),
    account=st.integers(1, 60),
    cpu_ms=st.floats(5, 3000),
    failing=st.floats(0, 1),
    refine=st.booleans(),
    seed=st.integers(0, 1000),
)
def test_no_budget_is_ever_exceeded(**drawn) -> None:
    budget = Budget(invocations=drawn["invocations"], usd=drawn["usd"], minutes=drawn["minutes"])
    plan = gate_plan(SWEEP[2], SWEEP, budget=budget, concurrency=drawn["concurrency"], seed=drawn["seed"])
    plan = replace(plan, refine=drawn["refine"], sweep=plan.sweep[::2])
    failures = {SWEEP[0]: (Outcome.TIMEOUT, drawn["failing"]), SWEEP[5]: (Outcome.ERROR, drawn["failing"])}
    work = Workload(cpu_ms=drawn["cpu_ms"], waiting_ms=10, failures=failures, memory_mb=180)
    account = Account(hosts=MIXED, concurrency=drawn["account"], timeout_seconds=30)
    seen, stop = measure(plan, Simulator({Side.BASE: work, Side.HEAD: work}, account, seed=drawn["seed"]))
    assert len(seen) <= budget.invocations
    assert spent(plan, seen) <= budget.usd
    assert stop.reason
    throttled = [one for one in seen if one.outcome is Outcome.DISCARDED]
    assert all(one.duration_ms is None for one in throttled)


def test_no_money_buys_nothing_and_says_so(comparing) -> None:
    step = next_step(comparing(budget=Budget(invocations=None, usd=Decimal(0), minutes=1)), [])
    assert isinstance(step, Stop)
    assert step.reason == "the budget is used up (usd)"


def test_time_is_kept_by_what_calls_took(comparing, simulate) -> None:
    plan = comparing(budget=Budget(invocations=None, usd=Decimal(5), minutes=0.5), concurrency=2)
    seen, stop = simulate(plan, cpu_ms=2000)
    assert stop.reason == "the budget is used up (minutes)"
    assert max(one.at_seconds for one in seen) <= 30


def test_storage_counts(comparing) -> None:
    usd = Decimal("0.0034")  # one call of 40 seconds at 512 MB costs 0.00033, ten times as much for ten
    budget = Budget(invocations=None, usd=usd, minutes=5)
    small = next_step(comparing(budget=budget, concurrency=5), [])
    large = next_step(comparing(budget=budget, concurrency=5, extras=Extras(ephemeral_storage_mb=10240)), [])
    assert sum(wave.concurrency for wave in small.waves) == 10
    assert sum(wave.concurrency for wave in large.waves) == 5


def test_a_small_budget_is_shared_by_all_variants(sweeping) -> None:
    step = next_step(sweeping(budget=Budget(invocations=9, usd=Decimal(1), minutes=5)), [])
    assert set(Counter(wave.variant for wave in step.waves).values()) == {1}
    assert sum(wave.concurrency for wave in step.waves) == 8


def test_environments_are_not_begun_that_no_budget_can_complete(simulate) -> None:
    """A cold wave and one warm payload of three count for nothing, and would be tried until no more are to be had."""
    payloads = tuple(Payload(name=name, body=b"", weight=Decimal(1)) for name in ("a", "b", "c"))
    for invocations in range(20, 60):
        budget = Budget(invocations=invocations, usd=Decimal(5), minutes=10)
        seen, stop = simulate(gate_plan(SWEEP[2], payloads=payloads, budget=budget, concurrency=2), factor=1.12)
        assert stop.reason in {"the budget is used up (invocations)", "decided"}
        met: dict[str, set[str]] = {}
        for one in seen:
            met.setdefault(one.environment, set()).update([] if one.cold else [one.payload])
        assert set(map(len, met.values())) <= {0, 3}


def test_what_runs_around_the_calls_is_spent_of_the_same_budget(comparing, invoked, head) -> None:
    plan = comparing(budget=Budget(invocations=None, usd=Decimal(1), minutes=10))
    seen = [invoked(variant=variant, wave=number) for number, variant in enumerate(plan.variants)]
    assert not isinstance(next_step(plan, seen), Stop)

    dear = [replace(seen[0], aside_usd=Decimal(1)), *seen[1:]]
    assert next_step(plan, dear) == Stop(reason="the budget is used up (usd)")

    slow = [replace(one, aside_ms=300_001.0) for one in seen]  # twice that does not fit
    assert next_step(plan, slow) == Stop(reason="the budget is used up (minutes)")


def test_a_waves_worst_case_has_what_runs_around_it(comparing, head) -> None:
    plan = comparing(timeout_seconds=20)
    one = plan.price(head, 30_000)
    each, once = Aside(once=False, worst_usd=Decimal("0.5")), Aside(once=True, worst_usd=None)

    assert worst_case(plan, head, 4) == 4 * one
    assert worst_case(replace(plan, asides=(each, once)), head, 4) == 4 * one + 4 * Decimal("0.5") + one
