"""The gate compares with other payloads than the sweep measures with: those of the target branch."""

from dataclasses import replace
from decimal import Decimal

import pytest

from benchmarks.lambda_simulator.run import SWEEP
from lambdabot.measurement import gate
from lambdabot.measurement.conclusion import conclude
from lambdabot.measurement.outlook import outlook
from lambdabot.measurement.record import read, written
from lambdabot.model import Outcome, Payload, Side, Status, Variant, Verdict

SMALL, LARGE = (Payload(name=name, body=b"{}", weight=Decimal(1)) for name in ("small", "large"))


@pytest.fixture
def plan(comparing, here):
    return comparing(sweep=(SWEEP[0], here), payloads=(SMALL,), gate_payloads=(LARGE,))


def test_every_variant_is_invoked_with_what_it_is_there_for(plan, simulate, here, head, base):
    seen, stop = simulate(plan, factor=1.5, payloads={"large": 5.0})

    by_variant = {variant: {one.payload for one in seen if one.variant == variant} for variant in plan.variants}
    assert stop.reason == "decided"
    assert by_variant == {
        base: {"large"},
        head: {"small", "large"},
        Variant(side=Side.HEAD, configuration=SWEEP[0]): {"small"},
    }


def test_the_gate_has_the_target_branchs_and_the_rows_of_the_sweep_have_the_heads(plan, simulate, here, head, base):
    seen, _ = simulate(plan, factor=1.5, payloads={"large": 5.0})

    found = conclude(plan, seen)

    rows = {one.variant: one.mean_duration_ms for one in found.measurements}
    assert found.comparison.verdict is Verdict.REGRESSION
    assert found.comparison.cost_ratio.value == pytest.approx(1.5, rel=0.1)
    assert rows[base] / rows[head] == pytest.approx(5 / 1.5, rel=0.15)
    assert found == conclude(read(written(plan)), seen)


def test_an_event_that_the_head_alone_has_and_fails_on_costs_the_gate_nothing(plan, invoked, head, base):
    seen = [
        invoked(variant=variant, payload="large", environment=f"{variant.side}{number}", wave=number)
        for variant in (base, head)
        for number in range(3)
    ]
    seen += [invoked(payload="small", outcome=Outcome.ERROR, wave=9, environment=f"head{one}") for one in range(3)]

    known = gate.known(plan, seen)
    compared = gate.compared(plan, known, seen)

    assert known[head].status is Status.ERROR
    assert compared[head].open
    assert [len(compared[variant].environments) for variant in (base, head)] == [3, 3]


def test_an_event_of_the_target_branch_that_the_head_fails_on_is_told(plan, invoked, head, base):
    seen = [invoked(variant=base, payload="large"), invoked(variant=head, payload="small", wave=2)]
    seen += [invoked(payload="large", outcome=Outcome.ERROR, wave=3, environment=name) for name in "bcd"]

    found = conclude(plan, seen)

    assert found.comparison.verdict is Verdict.NOT_MEASURED
    assert "with payload large" in found.comparison.reason
    assert {one.variant: one.status for one in found.measurements}[head] is Status.MEASURED


def test_what_both_have_is_invoked_once(plan, head):
    shared = replace(plan, gate_payloads=(replace(SMALL, weight=Decimal(9)), LARGE))

    assert shared.called_with(head) == (shared.gate_payloads[0], LARGE)
    assert shared.weights == {"small": 1.0}
    assert shared.gate_weights == {"small": 0.9, "large": 0.1}


def test_the_outlook_counts_both(plan):
    assert outlook(plan).least_invocations > outlook(replace(plan, gate_payloads=())).least_invocations
