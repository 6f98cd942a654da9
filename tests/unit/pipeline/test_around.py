from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from lambdabot.aws.calls.connection import Connection
from lambdabot.aws.invoking.invocation import Answer
from lambdabot.errors import DeploymentError
from lambdabot.model import Deployment, Each, Outcome, Preparation, Side, Variant, Wave
from lambdabot.pipeline import around as module
from lambdabot.pipeline.around import Around, Ran
from lambdabot.pipeline.event_series import EventSeries
from lambdabot.pipeline.preparers import Preparer, preparers_of
from tests.unit.pipeline.conftest import HERE

ARN = "arn:aws:lambda:us-east-1:123456789012:function:seed"
VARIANT = Variant(side=Side.HEAD, configuration=HERE)
COPY = Deployment(variant=VARIANT, function_name="copy", arn="copy:$LATEST")
EXISTING = Deployment(variant=VARIANT, function_name=ARN, arn=f"{ARN}:$LATEST")
WAVE = Wave(variant=VARIANT, payload="default", concurrency=3)


@pytest.fixture
def events(monkeypatch, invoked):
    """Answer every wave of a preparation as the test says, without a REPORT, and record its events."""
    seen: list[tuple[str, list[bytes]]] = []

    def answer(_: Connection, target: Deployment, event, *, wave: Wave, **__: object) -> tuple[Answer, ...]:
        seen.append((target.function_name, [event(lane) for lane in range(wave.concurrency)]))
        outcome = Outcome.ERROR if answer.reason else Outcome.OK
        one = invoked(outcome=outcome, reason=answer.reason)
        return (Answer(invocation=one, request_id="id"),) * wave.concurrency

    answer.reason = ""
    monkeypatch.setattr(module, "invoke_wave", answer)
    return seen, answer


@pytest.fixture
def make(function, line_up):
    def of(each: Each = Each.CALL, *, pause_ms: float = 0.0, existing: Deployment | None = EXISTING) -> Around:
        one = Preparation(function=ARN if existing else None, event=b'{"id": "{{uuid}}"}', each=each)
        preparer = Preparer(key="before", preparation=one, timeout_seconds=5, existing=existing)
        lineup = line_up(function.changed(before=one, pause_ms=pause_ms))
        series = EventSeries(
            function.question.payloads, seed=1, function=function.name, began=datetime(2026, 3, 1, tzinfo=UTC)
        )
        return Around(replace(lineup, preparers=(preparer,)), None, None, series)

    return of


def test_each_call_has_its_own_set_up_and_each_wave_one(make, events):
    seen, _ = events
    make().run("before", WAVE, COPY, (1, 3, 5))
    make(Each.WAVE).run("before", WAVE, COPY, (1, 3, 5))

    (name, three), (_, one) = seen
    assert (name, len(set(three)), one) == (ARN, 3, three[:1])


def test_what_is_not_asked_for_takes_nothing(make, events):
    assert make().run("after", WAVE, COPY, (1,)) == Ran()
    assert events[0] == []


def test_without_a_report_a_call_counts_as_the_dearest_that_it_can_have_been(make, events, bench):
    ran = make().run("before", WAVE, COPY, (1, 3, 5))
    assert ran.usd == 3 * bench.prices.cost(HERE, (5 + 10) * 1000)
    assert ran.failure == ""


def test_a_failure_names_what_failed_and_what_came_back_and_three_in_a_row_end_it(make, events):
    _, answer = events
    around = make()
    answer.reason = "ValueError: no table"
    assert around.run("before", WAVE, COPY, (1,)).failure == (
        "`before` (arn:aws:lambda:us-east-1:****:function:seed) failed: error: ValueError: no table"
    )
    around.run("before", WAVE, COPY, (3,))
    answer.reason = ""
    around.run("before", WAVE, COPY, (5,))
    answer.reason = "ValueError: no table"
    for number in (7, 9):
        around.run("before", WAVE, COPY, (number,))
    assert around.failure == ""

    around.run("before", WAVE, COPY, (11,))

    assert around.failure.endswith("failed: error: ValueError: no table (3 times in a row)")


def test_only_set_up_of_the_copy_itself_wants_its_environments_replaced(make):
    assert not make().renews
    assert make(existing=None).renews
    assert make(existing=None).alone


def test_a_pause_is_between_calls(make):
    class Waited:
        """Stands in for a Connection, whose run does not end meanwhile."""

        def __init__(self) -> None:
            self.ending, self.seconds = self, []

        def wait(self, seconds: float) -> None:
            self.seconds.append(seconds)

    around = make(pause_ms=200)
    around._connection = connection = Waited()
    for _ in range(3):
        around.pause()

    assert connection.seconds == [0.2, 0.2]


def test_without_a_pause_nothing_is_waited_for(make):
    around = make()

    assert [around.pause() for _ in range(2)] == [Ran(), Ran()]


@pytest.mark.parametrize(
    ("named", "message"),
    [
        (
            ARN,
            "`before` invokes arn:aws:lambda:us-east-1:****:function:seed, and the embedded endpoint has no functions",
        ),
        ("seed", "`before` invokes `seed`, which cannot be measured here, so there is no copy of it either"),
    ],
)
def test_whom_nobody_can_invoke_is_told(function, named, message):
    head = function.changed(before=Preparation(function=named, event=b"{}"))
    with pytest.raises(DeploymentError) as caught:
        preparers_of(head, {}, completed=lambda one: one, connection=None)
    assert message in str(caught.value)


def test_a_copy_that_helps_shares_its_name_with_no_function_and_no_other_copy(function):
    head = function.changed(
        before=Preparation(function="seed", event=b"{}"), after=Preparation(function="seed", event=b"{}")
    )
    seed = replace(function, name="seed").changed(timeout_seconds=9)

    before, after = preparers_of(head, {"seed": seed}, completed=lambda one: one, connection=None)

    assert (before.function.name, after.function.name) == ("thumbnail.before", "thumbnail.after")
    assert (before.timeout_seconds, before.name) == (9, "`before` (seed)")


def test_the_plan_holds_the_budget_against_what_runs_around_the_calls(function, line_up, bench):
    preparation = Preparation(function=ARN, event=b"{}", each=Each.WAVE)
    preparer = Preparer(key="before", preparation=preparation, timeout_seconds=5, existing=EXISTING)
    own = Preparer(key="after", preparation=replace(preparation, function=None, each=Each.CALL), timeout_seconds=3)
    head = function.changed(before=preparation)

    plan = line_up(head, sides={"preparers": (preparer, own)}).plan

    assert [(one.once, one.worst_usd) for one in plan.asides] == [
        (True, bench.prices.cost(HERE, Decimal(15_000))),
        (False, None),
    ]
    assert plan.concurrency == bench.concurrency
    assert line_up(function.changed(pause_ms=1.0)).plan.concurrency == 1
    assert line_up(function.changed(after=own.preparation)).plan.concurrency == 1
