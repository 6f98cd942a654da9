from dataclasses import replace
from types import SimpleNamespace

import pytest

from lambdabot.errors import ExitCode
from lambdabot.model import ACCEPT_LABEL, Override, Verdict
from lambdabot.pipeline.override import accept
from lambdabot.pipeline.verdict import exit_code, overall
from lambdabot.report.document import document
from tests.unit.report import runs


def ended(*verdicts: Verdict):
    """A run of measured functions with these verdicts."""
    results = []
    for number, verdict in enumerate(verdicts):
        one = runs.result(runs.function(name=f"f{number}"))
        results.append(replace(one, comparison=replace(one.comparison, verdict=verdict, reason=f"because {verdict}")))
    return runs.run(*results)


@pytest.mark.parametrize(
    ("verdict", "inconclusive", "not_measured", "expected"),
    [
        (Verdict.INCONCLUSIVE, "pass", "pass", ExitCode.DONE),
        (Verdict.INCONCLUSIVE, "fail", "pass", ExitCode.GATE_FAILED),
        (Verdict.INCONCLUSIVE, "pass", "fail", ExitCode.DONE),
        (Verdict.NOT_MEASURED, "fail", "pass", ExitCode.DONE),
        (Verdict.NOT_MEASURED, "pass", "fail", ExitCode.GATE_FAILED),
        (Verdict.REGRESSION, "pass", "pass", ExitCode.GATE_FAILED),
        (Verdict.IMPROVEMENT, "fail", "fail", ExitCode.DONE),
        (Verdict.NO_CHANGE, "fail", "fail", ExitCode.DONE),
        (Verdict.OVERRIDDEN, "fail", "fail", ExitCode.DONE),
    ],
)
def test_the_settings_say_what_an_answer_that_is_none_does(verdict, inconclusive, not_measured, expected):
    policy = SimpleNamespace(inconclusive=inconclusive, not_measured=not_measured)

    assert exit_code(document(ended(Verdict.NO_CHANGE, verdict)), policy) is expected


def test_a_failed_gate_beats_that_nothing_was_measured():
    run = ended(Verdict.NOT_MEASURED)
    bare = document(replace(run, functions=tuple(replace(one, measurements=()) for one in run.functions)))

    assert exit_code(bare, SimpleNamespace(inconclusive="pass", not_measured="pass")) is ExitCode.NOT_MEASURED
    assert exit_code(bare, SimpleNamespace(inconclusive="pass", not_measured="fail")) is ExitCode.GATE_FAILED


def test_a_comparison_that_was_refused_fails_the_run_whatever_else_was_measured():
    run = ended(Verdict.NO_CHANGE, Verdict.NOT_MEASURED)
    kept, lost = run.functions
    report = document(replace(run, functions=(kept, replace(lost, comparison=replace(lost.comparison, refused=True)))))

    assert exit_code(report, SimpleNamespace(inconclusive="pass", not_measured="pass")) is ExitCode.NOT_MEASURED
    assert exit_code(report, SimpleNamespace(inconclusive="pass", not_measured="fail")) is ExitCode.GATE_FAILED


def test_what_is_removed_beside_what_did_not_change_is_no_failure_but_a_strict_gate_wants_it_measured():
    run = ended(Verdict.NO_CHANGE, Verdict.NOT_MEASURED)
    kept, gone = (replace(one, measurements=()) for one in run.functions)
    report = document(replace(run, functions=(replace(kept, unchanged=True), replace(gone, removed=True))))

    assert exit_code(report, SimpleNamespace(inconclusive="pass", not_measured="pass")) is ExitCode.DONE
    assert exit_code(report, SimpleNamespace(inconclusive="pass", not_measured="fail")) is ExitCode.GATE_FAILED


def test_the_run_is_as_good_as_its_worst_function():
    verdict, reason = overall(ended(Verdict.NO_CHANGE, Verdict.INCONCLUSIVE, Verdict.IMPROVEMENT).functions)

    assert (verdict, reason) == (Verdict.INCONCLUSIVE, "f1: because inconclusive")
    assert overall(()) == (Verdict.NOT_MEASURED, "nothing was measured")


def test_a_head_that_fails_more_often_fails_the_gate_until_somebody_accepts_it():
    policy = SimpleNamespace(inconclusive="pass", not_measured="pass")
    report = document(runs.head_fails())
    label = Override(label=ACCEPT_LABEL, by="ann", at="2026-11-23T14:05:12+02:00", valid=True, reason="")

    assert exit_code(report, policy) is ExitCode.GATE_FAILED
    accepted = accept(report, label)
    assert exit_code(accepted, policy) is ExitCode.DONE
    assert accepted.functions[0].comparison.reason.startswith("accepted by ann: head failed 10 of 10 calls")
