from collections import Counter
from decimal import Decimal
from itertools import pairwise

import pytest

from benchmarks.lambda_simulator.run import SWEEP, gate_plan
from benchmarks.lambda_simulator.simulator import Account
from lambdabot.measurement.decision import next_step
from lambdabot.model import Form, Outcome, Payload, Round, Stop


def test_the_first_round_is_one_cold_wave_of_every_variant(here) -> None:
    plan = gate_plan(here, SWEEP)
    step = next_step(plan, [])
    assert isinstance(step, Round)
    assert Counter(wave.variant for wave in step.waves) == dict.fromkeys(plan.variants, 1)
    assert not any(wave.fresh for wave in step.waves)
    assert {wave.concurrency for wave in step.waves if wave.variant in plan.pair} == {5}


def test_the_same_plan_and_invocations_give_the_same_round(simulate, here) -> None:
    plan = gate_plan(here, SWEEP)
    seen, _ = simulate(plan)
    for number in {one.round for one in seen}:
        before = [one for one in seen if one.round < number]
        assert next_step(plan, before) == next_step(plan, list(before))
    assert next_step(gate_plan(here, SWEEP, seed=2), []) != next_step(plan, [])


@pytest.mark.parametrize("concurrency", [1, 3, 40])
def test_waves_stay_within_the_concurrency_and_replace_environments(comparing, simulate, concurrency) -> None:
    plan = comparing(concurrency=concurrency)
    seen, _ = simulate(plan)
    assert max(Counter((one.wave, one.variant) for one in seen).values()) <= concurrency
    for variant in plan.pair:
        cold = {one.environment for one in seen if one.cold and one.variant == variant}
        warm = {one.environment for one in seen if not one.cold and one.variant == variant}
        assert cold == warm
        assert len(warm) >= 5


def test_base_and_head_take_turns(comparing, simulate) -> None:
    plan = comparing(concurrency=5)
    seen, _ = simulate(plan, account=Account(cpu_known=False))
    order = [one.variant.side for one in sorted(seen, key=lambda one: one.wave) if one.round > 2]
    changes = sum(a != b for a, b in pairwise(order))
    assert changes >= 6


def test_throttling_everything_ends(comparing, invoked, base, head) -> None:
    plan = comparing()
    seen = [
        invoked(variant=variant, round=number, outcome=Outcome.DISCARDED, duration_ms=None, billed_ms=None)
        for number in (1, 2, 3)
        for variant in (base, head)
    ]
    assert isinstance(next_step(plan, seen[:4]), Round)
    assert next_step(plan, seen) == Stop(reason="every Variant failed")


def test_an_endpoint_that_never_gives_new_environments_ends(comparing, invoked, base, head) -> None:
    plan = comparing()
    seen = [invoked(variant=variant, round=number) for number in range(2, 7) for variant in (base, head)]
    assert isinstance(next_step(plan, seen), Stop)


def test_nothing_live_is_nothing_to_measure(sweeping) -> None:
    assert next_step(sweeping(variants=()), []) == Stop(reason="nothing is deployed")


def test_an_unchanged_package_is_not_measured(comparing) -> None:
    assert isinstance(next_step(comparing(identical=True), []), Stop)


def test_an_account_of_concurrency_ten_gets_its_answer(comparing, simulate) -> None:
    plan = comparing(concurrency=5)
    seen, _ = simulate(plan, factor=1.5, account=Account(concurrency=10))
    assert not any(one.outcome is Outcome.DISCARDED for one in seen)
    assert next_step(plan, seen) == Stop(reason="decided")


def test_every_environment_serves_four_calls_of_a_list(simulate) -> None:
    payloads = tuple(Payload(name=form, body=b"", weight=Decimal(1), form=form) for form in Form)
    seen, stop = simulate(gate_plan(SWEEP[2], payloads=payloads))
    met = Counter((one.environment, one.payload) for one in seen if not one.cold)
    assert {(payload, count) for (_, payload), count in met.items()} == {("event", 1), ("lines", 4), ("sample", 4)}
    assert stop.reason == "decided"


def test_every_payload_meets_every_environment(simulate) -> None:
    payloads = tuple(Payload(name=name, body=b"", weight=Decimal(1)) for name in ("a", "b", "c"))
    plan = gate_plan(SWEEP[2], payloads=payloads)
    seen, _ = simulate(plan)
    met = Counter((one.environment, one.payload) for one in seen if not one.cold)
    assert set(met.values()) == {1}
    assert len(met) == 3 * len({one.environment for one in seen})


@pytest.mark.parametrize(("duration_ms", "calls"), [(20.0, 5), (9000.0, 2)])
def test_on_one_machine_long_calls_are_repeated_less_often(comparing, invoked, duration_ms, calls) -> None:
    plan = comparing(local=True, waiting_counted=True, concurrency=2)
    cold = [
        invoked(variant=variant, cold=True, init_ms=200.0, environment=f"{variant.side}", duration_ms=duration_ms)
        for variant in plan.pair
    ]
    step = next_step(plan, cold)
    warm = Counter(wave.variant for wave in step.waves if not wave.fresh)
    # The environment that is there, and after a cold wave for the others that the first look needs, those.
    assert set(warm.values()) == {2 * calls}
