"""What a run says of functions whose calls fail: the whole decision, on the simulated Lambda."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from decimal import Decimal

import pytest

from benchmarks.lambda_simulator.hosts import HOMOGENEOUS
from benchmarks.lambda_simulator.run import gate_plan, measure
from benchmarks.lambda_simulator.simulator import Account, Simulator
from benchmarks.lambda_simulator.workload import Workload
from lambdabot.measurement.conclusion import Conclusion, conclude
from lambdabot.measurement.decision import next_step
from lambdabot.model import (
    Architecture,
    Configuration,
    Invocation,
    Outcome,
    Payload,
    Side,
    Status,
    Stop,
    Variant,
    Verdict,
)

SIZES = tuple(Configuration(memory_mb=size, architecture=Architecture.X86_64) for size in (128, 512, 2048))
SMALL, HERE, LARGE = SIZES

Answers = Callable[[Variant, str, int], Invocation | None]


@dataclass(frozen=True)
class Failing:
    """How calls end: by side, optionally at one size or with one payload alone, all of them or every so many."""

    outcome: Outcome = Outcome.FAILING_ANSWER
    error_type: str = "HTTP 500"
    size: Configuration | None = None
    payload: str | None = None
    every: int = 1
    first: int | None = None  # only so many calls of a Variant

    def hits(self, variant: Variant, payload: str, number: int) -> bool:
        return (
            self.size in (None, variant.configuration)
            and self.payload in (None, payload)
            and number % self.every == 0
            and (self.first is None or number < self.first)
        )


@dataclass(frozen=True)
class Situation:
    """What happens, and what a run is to say."""

    name: str
    verdict: Verdict
    recommended: Configuration | None
    head: Failing | None = None
    base: Failing | None = None
    plan: dict[str, object] = field(default_factory=dict)
    words: str = ""
    rows: dict[Configuration, Status] = field(default_factory=dict)


class Canned(Simulator):
    """The simulated Lambda with calls that fail as a situation has it: quickly, so that failing looks cheap."""

    def __init__(self, situation: Situation) -> None:
        work = Workload(cpu_ms=5, waiting_ms=200)  # so that the smallest size is the cheapest
        super().__init__(dict.fromkeys(Side, work), Account(hosts=HOMOGENEOUS), seed=3)
        self._failing = {Side.HEAD: situation.head, Side.BASE: situation.base}
        self._calls: Counter[Variant] = Counter()

    def _call(self, number, wave, lane, environment, cold):
        one = super()._call(number, wave, lane, environment, cold)
        failing, count = self._failing[wave.variant.side], self._calls[wave.variant]
        self._calls[wave.variant] += 1
        if failing is None or not failing.hits(wave.variant, wave.payload, count):
            return one
        figures = {"duration_ms": None, "billed_ms": None} if failing.outcome is Outcome.DISCARDED else {}
        survived = failing.outcome is Outcome.FAILING_ANSWER or failing.error_type == "KeyError"
        quick = {"duration_ms": 1.0, "billed_ms": 1, "survived": survived, **figures}
        return replace(one, outcome=failing.outcome, error_type=failing.error_type, reason=failing.error_type, **quick)


TWO = tuple(Payload(name=name, body=b"{}", weight=Decimal(1)) for name in ("usual", "rare"))
RAISED = Failing(Outcome.ERROR, "KeyError")
NO_BASE = {
    "base": None,
    "no_comparison": "there is no base",
    "variants": tuple(Variant(side=Side.HEAD, configuration=one) for one in SIZES),
}

SITUATIONS = [
    Situation(
        "head answers HTTP 500",
        Verdict.REGRESSION,
        None,
        head=Failing(),
        words="head failed 10 of 10 calls (HTTP 500), base 0 of 10",
        rows={SMALL: Status.NOT_MEASURED, HERE: Status.ERROR},
    ),
    Situation(
        "head names failed records",
        Verdict.REGRESSION,
        None,
        head=Failing(error_type="batchItemFailures"),
        words="(batchItemFailures)",
    ),
    Situation("head raises", Verdict.REGRESSION, None, head=RAISED, words="(KeyError), base 0 of"),
    Situation("head ends its runtime", Verdict.REGRESSION, None, head=Failing(Outcome.ERROR, "Runtime.ExitError")),
    Situation(
        "head times out at every size",
        Verdict.REGRESSION,
        None,
        head=Failing(Outcome.TIMEOUT, ""),
        rows={SMALL: Status.TIMEOUT, LARGE: Status.TIMEOUT},
    ),
    Situation("both fail", Verdict.NOT_MEASURED, None, head=RAISED, base=RAISED, words="head at 512 MB x86_64: "),
    Situation("base alone fails", Verdict.NOT_MEASURED, SMALL, base=Failing(), words="base at 512 MB x86_64: "),
    Situation("head fails one call in three", Verdict.REGRESSION, SMALL, head=Failing(every=3), words=", base 0 of "),
    Situation(
        "head fails one call in three, a warning",
        Verdict.INCONCLUSIVE,
        SMALL,
        head=Failing(every=3),
        plan={"failures": "warn"},
        words="of the calls that went well: costs at most",
    ),
    Situation(
        "head always fails, a warning",
        Verdict.NOT_MEASURED,
        None,
        head=Failing(),
        plan={"failures": "warn"},
        words="head failed 10 of 10 calls (HTTP 500), base 0 of 10; of the calls that went well",
    ),
    Situation("both fail one call in four", Verdict.NO_CHANGE, SMALL, head=Failing(every=4), base=Failing(every=4)),
    Situation("head fails once", Verdict.NO_CHANGE, SMALL, head=Failing(every=10**6)),
    Situation(
        "head always fails without a base",
        Verdict.NOT_MEASURED,
        None,
        head=RAISED,
        plan=NO_BASE,
        rows={SMALL: Status.NOT_MEASURED, HERE: Status.ERROR, LARGE: Status.ERROR},
    ),
    Situation(
        "head fails one call in four without a base", Verdict.NOT_MEASURED, SMALL, head=Failing(every=4), plan=NO_BASE
    ),
    Situation(
        "the small size always fails",
        Verdict.NO_CHANGE,
        HERE,
        head=Failing(size=SMALL),
        rows={SMALL: Status.ERROR, HERE: Status.MEASURED},
    ),
    Situation(
        "the small size fails every other call",
        Verdict.NO_CHANGE,
        HERE,
        head=Failing(size=SMALL, every=2),
        rows={SMALL: Status.MEASURED},
    ),
    Situation(
        "the small size is too small",
        Verdict.NO_CHANGE,
        HERE,
        head=Failing(Outcome.OUT_OF_MEMORY, "Runtime.ExitError", size=SMALL),
        rows={SMALL: Status.OUT_OF_MEMORY},
    ),
    Situation(
        "today's size alone always fails",
        Verdict.REGRESSION,
        SMALL,
        head=Failing(size=HERE),
        rows={SMALL: Status.MEASURED, HERE: Status.ERROR},
    ),
    Situation(
        "the first two calls of a size fail",
        Verdict.NO_CHANGE,
        SMALL,
        head=Failing(first=2, size=LARGE),
        rows={LARGE: Status.MEASURED},
    ),
    Situation(
        "one payload fails on both sides",
        Verdict.NOT_MEASURED,
        None,
        head=Failing(payload="rare"),
        base=Failing(payload="rare"),
        plan={"payloads": TWO},
        words="with payload rare",
    ),
    Situation(
        "one payload fails on head",
        Verdict.REGRESSION,
        None,
        head=Failing(payload="rare"),
        plan={"payloads": TWO},
        words=", base 0 of ",
    ),
    Situation("calls are throttled", Verdict.NO_CHANGE, SMALL, head=Failing(Outcome.DISCARDED, "", every=5)),
]


def ran(situation: Situation) -> tuple[Conclusion, list[Invocation], Stop]:
    plan = replace(gate_plan(HERE, SIZES), **{"failures": "fail", "tie_tolerance_percent": 0, **situation.plan})
    seen, stop = measure(plan, Canned(situation))
    assert next_step(plan, seen) == stop
    return conclude(plan, seen), seen, stop


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda one: one.name)
def test_what_is_said_of_a_function_that_fails(situation):
    found, seen, _ = ran(situation)

    comparison = found.comparison
    assert (comparison.verdict, situation.words in comparison.reason) == (situation.verdict, True), comparison.reason
    recommended = found.recommendation and found.recommendation.configuration
    assert recommended == situation.recommended, found.recommendation or found.recommendation_reason
    status = {one.variant.configuration: one.status for one in found.measurements if one.variant.side is Side.HEAD}
    assert {one: status[one] for one in situation.rows} == situation.rows
    here = Variant(side=Side.HEAD, configuration=HERE)
    failed = sum(one.failed for one in seen if one.variant == here)
    assert comparison.reliability.head.failed == failed
    if comparison.reliability.worse:
        assert comparison.verdict is not Verdict.NO_CHANGE
        assert situation.plan.get("failures") == "warn" or comparison.cost_ratio is None


def test_the_sweep_is_not_run_for_a_function_that_fails_on_its_first_calls():
    alone = next(one for one in SITUATIONS if one.name == "head always fails without a base")
    found, seen, stop = ran(alone)

    assert len(seen) <= 6
    assert stop.reason.startswith("every first call failed (")
    assert found.recommendation_reason == "every call failed"
    rows = {one.variant.configuration: one for one in found.measurements}
    assert rows[SMALL].reason == "not tried, as every first call failed"
    assert str(rows[HERE].failures) == "3 of 3"
    assert rows[HERE].failures.reason == "KeyError"


def test_what_fails_is_in_no_figure():
    flaky = next(one for one in SITUATIONS if one.name == "both fail one call in four")
    found, seen, _ = ran(flaky)

    row = next(one for one in found.measurements if one.variant == Variant(side=Side.HEAD, configuration=SMALL))
    assert row.failures.failed > 0
    assert row.mean_duration_ms > 200
    assert min(one.duration_ms for one in seen if one.failed) == 1.0


def test_a_size_that_fails_more_often_is_named_where_another_is_recommended():
    half = next(one for one in SITUATIONS if one.name == "the small size fails every other call")
    found, *_ = ran(half)

    assert "left out, as they fail more often than other sizes: 128 MB x86_64" in found.recommendation.reason


def test_the_first_round_calls_what_is_compared_and_nothing_else():
    plan = gate_plan(HERE, SIZES, failures="fail")
    step = next_step(plan, [])

    assert {one.variant for one in step.waves} == set(plan.pair)
    earlier = next_step(replace(plan, failures=None), [])
    assert {one.variant for one in earlier.waves} == set(plan.variants)


def test_a_suspicion_that_the_budget_leaves_open_is_no_calm_answer():
    few = Situation("few", Verdict.INCONCLUSIVE, None, head=Failing(every=4))
    plan = gate_plan(HERE, failures="fail")
    seen, _ = measure(replace(plan, budget=replace(plan.budget, invocations=60)), Canned(few))
    found = conclude(plan, seen).comparison

    assert found.verdict is Verdict.INCONCLUSIVE
    assert "too few calls to tell whether that is chance" in found.reason


def test_a_size_that_may_fail_by_chance_is_called_until_that_is_known():
    found, *_ = ran(Situation("once", Verdict.NO_CHANGE, SMALL, head=Failing(size=LARGE, first=1)))

    rows = {one.variant.configuration: one for one in found.measurements if one.variant.side is Side.HEAD}
    assert rows[LARGE].failures.answered >= 20
    assert "left out" not in found.recommendation.reason
