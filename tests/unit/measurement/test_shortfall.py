"""What the endpoint refused is the reason of what could not be answered."""

from dataclasses import replace
from decimal import Decimal

import pytest

from lambdabot.measurement.budget import Allowance
from lambdabot.measurement.conclusion import conclude
from lambdabot.measurement.decision import next_step
from lambdabot.measurement.samples import cells
from lambdabot.model import Outcome, Side, Status, Verdict, Wave

CROWDED = "could not invoke 512 MB x86_64: no concurrency was free"


@pytest.fixture
def refused(invoked, base, head):
    """A round of calls that were refused, one a side."""

    def make(number=1, sides=("base", "head")):
        variants = {"base": base, "head": head}
        return [
            invoked(
                variant=variants[side],
                round=number,
                wave=100 * number + place,
                environment=f"lane {side}",
                environment_known=False,
                outcome=Outcome.DISCARDED,
                refused=True,
                reason=CROWDED,
                duration_ms=None,
                billed_ms=None,
            )
            for place, side in enumerate(sides)
        ]

    return make


def later(seen, number=10):
    """The round after the last one."""
    return max(one.round for one in seen) + number


def test_calls_that_never_ran_are_the_reason_and_cost_nothing(comparing, refused, head) -> None:
    plan = comparing()
    seen = refused()
    found = conclude(plan, seen)

    assert (found.comparison.verdict, found.comparison.reason) == (Verdict.NOT_MEASURED, CROWDED)
    assert found.comparison.refused
    assert [one.reason for one in found.measurements] == [CROWDED, CROWDED]
    assert found.notes[-1] == f"2 invocations were refused and never ran: {CROWDED}"
    cell = cells(plan.variants, plan.weights, seen)[head]
    assert (cell.invocations, cell.refused) == (0, 1)
    tight = replace(plan, budget=replace(plan.budget, invocations=1, usd=Decimal(1)))
    assert Allowance(tight, {head: cell}, 0.0).take(Wave(variant=head, payload="usual", concurrency=1))


def test_what_was_refused_is_asked_for_again_only_some_times(comparing, refused) -> None:
    plan, seen = comparing(), []
    for number in (1, 2, 3):
        step = next_step(plan, seen)
        assert {wave.fresh for wave in step.waves} == {False}
        seen += refused(number)
    assert next_step(plan, seen).reason == "every Variant failed"


def test_a_refusal_before_the_gate_could_decide_is_told_with_what_was_seen(comparing, simulate, refused) -> None:
    plan = comparing()
    seen, _ = simulate(plan, factor=2.0)
    first = [one for one in seen if one.round <= 2]
    undecided = conclude(plan, [*first, *refused(later(first))]).comparison

    assert conclude(plan, first).comparison.verdict is Verdict.INCONCLUSIVE
    assert undecided.cost_ratio is not None
    assert undecided.verdict is Verdict.INCONCLUSIVE
    assert undecided.reason.endswith(f"; no more was measured: {CROWDED}")


@pytest.mark.parametrize("factor", [1.0, 0.5, 2.0])
def test_a_refusal_after_the_decision_changes_nothing(comparing, simulate, refused, factor) -> None:
    plan = comparing()
    seen, _ = simulate(plan, factor=factor)
    assert conclude(plan, [*seen, *refused(later(seen))]).comparison == conclude(plan, seen).comparison


def test_a_call_that_was_refused_spoils_none_that_ran(comparing, simulate, refused) -> None:
    plan = comparing()
    seen, _ = simulate(plan)
    between = [replace(one, wave=seen[-1].wave, round=seen[-1].round) for one in refused()]
    assert conclude(plan, [*between, *seen]).comparison == conclude(plan, seen).comparison


@pytest.mark.parametrize(
    ("factor", "verdict"), [(1.0, Verdict.NOT_MEASURED), (0.5, Verdict.NOT_MEASURED), (2.0, Verdict.REGRESSION)]
)
def test_what_was_cut_short_is_not_compared_unless_a_regression_was_confirmed(
    comparing, simulate, factor, verdict
) -> None:
    plan = comparing()
    seen, _ = simulate(plan, factor=factor)
    found = conclude(replace(plan, cut_short="the credentials have expired\nSign in again."), seen)

    assert found.comparison.verdict is verdict
    assert found.comparison.refused is (verdict is Verdict.NOT_MEASURED)
    assert (found.recommendation, found.recommendation_reason) == (None, "the credentials have expired")
    assert all(one.status is Status.MEASURED for one in found.measurements)


def test_where_more_was_refused_no_size_is_recommended_that_may_cost_anything(sweeping, simulate, refused) -> None:
    plan = sweeping()
    whole, _ = simulate(plan)
    first = [one for one in whole if one.round <= 2]
    seen = [*first, *(replace(one, refused=True) for one in refused(later(first), ("head",)))]

    assert conclude(plan, first).recommendation is not None
    found = conclude(plan, seen)
    assert found.recommendation is None
    assert "against today's is anywhere from −" in found.recommendation_reason
    assert found.recommendation_reason.endswith(CROWDED)


def test_a_side_that_fails_by_itself_keeps_its_own_reason(comparing, refused, invoked, head) -> None:
    failing = [
        invoked(wave=number, outcome=Outcome.ERROR, reason="KeyError: 'Records'", duration_ms=1.0)
        for number in (1, 2, 3)
    ]
    found = conclude(comparing(), [*failing, *refused(1)])

    assert found.comparison.verdict is Verdict.NOT_MEASURED
    assert not found.comparison.refused
    assert "KeyError" in found.comparison.reason
    assert head.side is Side.HEAD
