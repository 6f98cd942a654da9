"""Functions measured one after another, by a made-up engine that tells what the test wants, or fails when it should."""

import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import partial

import pytest
from botocore.exceptions import ClientError

from lambdabot.aws.calls.failures import CallError
from lambdabot.errors import EndpointError, InterruptionError
from lambdabot.measurement.conclusion import Conclusion, conclude
from lambdabot.model import Architecture, Budget, Measurement, Side, Status, Variant, Verdict
from lambdabot.pipeline.engine import Evidence
from lambdabot.pipeline.lineup import Lineup
from lambdabot.pipeline.run import measure_all
from lambdabot.report.progress import Progress
from lambdabot.settings.schema import RunBudgetSection
from tests.unit.pipeline.conftest import HERE, built

HEAD = Variant(side=Side.HEAD, configuration=HERE)


@dataclass
class MadeUp:
    """Stands in for an engine: what it knows of each function by and by, or how it ends."""

    steps: Mapping[str, Sequence[Mapping[str, object] | BaseException]]
    budgets: dict[str, Budget] = field(default_factory=dict)

    def measure(self, lineup: Lineup) -> Iterator[Evidence]:
        name = lineup.pair.head.name
        self.budgets[name] = lineup.plan.budget
        for step in self.steps[name]:
            if isinstance(step, BaseException):
                raise step
            yield Evidence(lineup=lineup, **step)


@pytest.fixture
def jobs(function, job):
    return [job(replace(function, name=name)) for name in ("first", "second")]


@pytest.fixture
def measured():
    limits = RunBudgetSection(usd=Decimal("1.50"), minutes=10)
    return partial(measure_all, limits=limits, started=time.monotonic(), progress=Progress())


def test_an_engine_that_fails_costs_no_other_function_its_result(jobs, measured, invoked):
    seen = (invoked(), invoked(environment="b"))
    engine = MadeUp({"first": [{}, EndpointError("the sign-in has expired")], "second": [{"invocations": seen}]})

    measured(jobs, engine)

    first, second = (one.result() for one in jobs)
    assert (first.error, first.invocations) == ("the sign-in has expired", ())
    assert (second.error, second.invocations) == ("", seen)
    assert second.measurements[0].status is Status.MEASURED


def test_what_was_measured_before_a_failure_is_kept(jobs, measured, invoked):
    engine = MadeUp({"first": [{"invocations": (invoked(),)}, TypeError("odd")], "second": [{}]})

    measured(jobs, engine)

    first = jobs[0].result()
    assert first.measurements[0].mean_duration_ms == 999.5
    assert (first.error, first.recommendation) == ("", None)
    assert first.comparison.verdict is Verdict.NOT_MEASURED
    assert (first.comparison.reason, first.comparison.refused) == ("lambdabot failed: TypeError: odd", True)


def test_once_the_credentials_hold_no_more_nothing_is_asked_for_the_other_functions(jobs, measured):
    expired = ClientError({"Error": {"Code": "ExpiredTokenException", "Message": "expired"}}, "Invoke")
    engine = MadeUp({"first": [{}, CallError(expired, doing="invoke 128 MB")]})

    measured(jobs, engine)

    first, second = (one.result() for one in jobs)
    assert list(engine.budgets) == ["first"]
    assert first.error.startswith("could not invoke 128 MB: the AWS credentials have expired (expired)")
    assert second.error == first.error
    assert second.comparison.refused


def test_an_interruption_leaves_what_was_measured_and_says_what_was_not(jobs, measured, invoked):
    engine = MadeUp({"first": [{"invocations": (invoked(),)}, InterruptionError(signal.SIGINT)]})

    with pytest.raises(InterruptionError):
        measured(jobs, engine)

    first, second = (one.result() for one in jobs)
    assert (first.error, first.measurements[0].mean_duration_ms) == ("", 999.5)
    assert second.error == "the run ended before its turn came"
    assert second.measurements[0].reason == second.error


@pytest.mark.parametrize(
    ("then", "left"),
    [(EndpointError("the sign-in has expired"), "0.60"), ({"usd": Decimal("0.80")}, "0.70")],
    ids=["not known", "settled"],
)
def test_dollars_that_a_failed_round_may_have_cost_are_not_spent_again(jobs, measured, then, left):
    """The function's own limit is a dollar, the run's one and a half."""
    begun = {"usd": Decimal("0.20"), "unsettled_usd": Decimal("0.70")}
    engine = MadeUp({"first": [begun, then], "second": [{}]})

    measured(jobs, engine)

    assert engine.budgets["first"].usd == 1
    assert engine.budgets["second"].usd == Decimal(left)


def test_no_function_is_given_less_than_nothing(jobs, measured):
    engine = MadeUp({"first": [{"usd": Decimal(2)}], "second": [{}]})

    measured(jobs, engine)

    assert engine.budgets["second"].usd == 0


def test_an_unchanged_function_is_not_measured(function, job, measured):
    one = job(function, base=replace(function, side=Side.BASE), no_base="")
    architecture = Architecture.ARM64
    one.lineup = replace(
        one.lineup, builds={(side, architecture): built(side, architecture, sha256="same") for side in Side}
    )

    measured([one], MadeUp({}))

    assert one.result().unchanged
    assert one.result().error == ""


class Averages(Evidence):
    """What an engine knows that is told averages, and no single invocations."""

    @property
    def conclusion(self) -> Conclusion:
        average = Measurement(
            variant=HEAD, status=Status.MEASURED, invocations=50, environments=1, mean_duration_ms=42.0
        )
        return replace(conclude(self.lineup.plan, ()), measurements=(average,), recommendation_reason="averages alone")


def test_an_engine_that_is_told_averages_alone_concludes_itself(jobs, measured):
    class Engine:
        """Stands in for an engine that has another program measure."""

        def measure(self, lineup: Lineup) -> Iterator[Evidence]:
            yield Averages(lineup=lineup, usd=Decimal("0.01"))

    measured(jobs, Engine())

    result = jobs[0].result()
    assert (result.error, result.invocations) == ("", ())
    assert result.measurements[0].mean_duration_ms == 42.0
    assert result.recommendation_reason == "averages alone"
