from dataclasses import asdict, replace
from datetime import UTC, datetime

import pytest

from lambdabot.errors import ExitCode
from lambdabot.github.label import LabelSet
from lambdabot.model import Verdict
from lambdabot.pipeline.override import accept, judged
from lambdabot.pipeline.verdict import exit_code
from lambdabot.report.bounds import LONGEST
from lambdabot.report.document import document
from lambdabot.settings.schema import GateSection
from tests.unit.report import runs

PUSHED = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
LATER = datetime(2026, 11, 23, 12, 0, 1, tzinfo=UTC)
STRICT = GateSection(inconclusive="fail", not_measured="fail")


def judge(*, pushed=PUSHED, **fields):
    known = {"by": "octocat", "at": LATER, "person": True, "may_write": True}
    return judged(LabelSet(**{**known, **fields}), pushed=pushed)


def test_a_label_that_was_set_after_the_head_was_pushed_counts():
    assert (judge().valid, judge().by, judge().at, judge().reason) == (True, "octocat", "2026-11-23T12:00:01+00:00", "")


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"at": PUSHED}, "it was set before this commit was pushed: "),
        ({"at": datetime(2026, 11, 22, tzinfo=UTC)}, "it was set before this commit was pushed: "),
        ({"by": None}, "does not say who"),
        ({"at": None}, "does not say who"),
        ({"pushed": None}, "does not say when this commit became the pull request's head"),
        ({"shown": LATER}, "before the pull request was reopened"),
        ({"person": False}, "no person set it"),
        ({"may_write": False}, "may not write to this repository"),
    ],
)
def test_any_other_label_does_not_and_says_why(fields, reason):
    override = judge(**fields)

    assert not override.valid
    assert reason in override.reason


def test_a_valid_override_names_who_accepted_and_opens_the_gate():
    regression = document(runs.regression())
    assert exit_code(regression, GateSection()) is ExitCode.GATE_FAILED

    accepted = accept(regression, judge())

    assert accepted.verdict is Verdict.OVERRIDDEN
    assert accepted.functions[0].comparison.verdict is Verdict.OVERRIDDEN
    assert accepted.functions[0].comparison.cost_ratio == regression.functions[0].comparison.cost_ratio
    assert accepted.verdict_reason == "accepted by octocat: costs at least 14.1% more"
    assert exit_code(accepted, GateSection()) is ExitCode.DONE


def test_a_void_override_leaves_the_gate_shut_and_is_told():
    void = judge(by=None)
    refused = accept(document(runs.regression()), void)

    assert refused.verdict is Verdict.REGRESSION
    assert refused.override.model_dump() == asdict(void)
    assert exit_code(refused, GateSection()) is ExitCode.GATE_FAILED


def test_a_reason_as_long_as_a_report_takes_can_be_accepted():
    regression = runs.regression()
    (one,) = regression.functions
    long = replace(one, comparison=replace(one.comparison, reason="x" * LONGEST))

    accepted = accept(document(replace(regression, functions=(long,))), judge())

    assert accepted.verdict_reason.startswith("accepted by octocat: xxx")
    assert len(accepted.verdict_reason) == LONGEST


def test_what_was_not_decided_stays_so_and_no_longer_fails():
    undecided = document(runs.inconclusive())
    assert exit_code(undecided, STRICT) is ExitCode.GATE_FAILED

    accepted = accept(undecided, judge())

    assert accepted.verdict is Verdict.INCONCLUSIVE
    assert exit_code(accepted, STRICT) is ExitCode.DONE


def test_an_override_measures_nothing():
    lost = accept(document(runs.not_reached()), judge())

    assert exit_code(lost, STRICT) is ExitCode.NOT_MEASURED
