from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.lambda_simulator.run import measure, sweep_plan
from benchmarks.lambda_simulator.simulator import Account, Simulator
from benchmarks.lambda_simulator.workload import Workload
from lambdabot.cli import main
from lambdabot.errors import UsageError
from lambdabot.measurement.conclusion import conclude
from lambdabot.measurement.record import written
from lambdabot.model import Side
from lambdabot.pipeline.replay import _before_acceptance, replay
from lambdabot.report.document import amended, document
from tests.unit.report import runs

RECORDED = sorted(Path(__file__).with_name("recorded").iterdir())
"""Runs on the embedded endpoint as the first versions wrote them, plans without what was added since."""

HEADLINES = {
    "alone": "Nothing recommended: no Configuration meets the constraints",
    "cold-starts": "512 MB x86_64 would cost 2.6 % more and be 4.8 times as fast",
    "dearer": "Costs 225 % more",
    "fails": "Nothing recommended: nothing could be measured",
    "two-payloads": "Cost change undecided: +12 %",
}


@pytest.fixture(scope="module")
def run():
    """A sweep on the simulated Lambda: its report, and its invocations by function."""
    plan = sweep_plan(monthly_invocations=1_000_000)
    seen, stop = measure(plan, Simulator({Side.HEAD: Workload(cpu_ms=60, waiting_ms=90)}, Account(), seed=3))
    found = conclude(plan, seen)
    result = replace(
        runs.result(runs.function(monthly_invocations=1_000_000)),
        measurements=found.measurements,
        recommendation=found.recommendation,
        recommendation_reason=found.recommendation_reason,
        comparison=found.comparison,
        stop_reason=stop.reason,
        plan=written(plan),
    )
    return document(runs.run(result)), {result.function.name: seen}


def changed(report, **changes):
    (function,) = report.functions
    return amended(report, functions=[amended(function, **changes)])


def test_the_same_files_give_the_same_decisions(run):
    report, samples = run
    (found,) = replay(report, samples)
    assert found.differences == ()
    assert found.rounds > 1


@pytest.mark.parametrize("folder", RECORDED, ids=lambda folder: folder.name)
def test_a_run_of_an_earlier_version_gives_the_same_decisions(folder, capsys):
    assert main(["replay", "--report", str(folder / "report.json")]) == 0
    assert capsys.readouterr().out.startswith(f"{folder.name}: the same decisions in ")


@pytest.mark.parametrize("folder", RECORDED, ids=lambda folder: folder.name)
def test_a_report_of_an_earlier_version_is_still_rendered(folder, capsys):
    assert main(["comment", "--print", "--report", str(folder / "report.json"), "--config", str(folder / "none")]) == 0
    assert HEADLINES[folder.name] in capsys.readouterr().out.splitlines()[1]


@pytest.mark.parametrize(
    ("changes", "difference"),
    [
        ({"stop_reason": "the budget is used up (usd)"}, "stopped: decided, then the budget is used up (usd)"),
        ({"recommendation": None}, "recommendation is another"),
        ({"recommendation_reason": "none"}, "recommendation_reason is another"),
        ({"plan": {}}, "report.json does not hold its plan: an earlier version wrote it"),
    ],
)
def test_what_was_changed_afterwards_is_named(run, changes, difference):
    report, samples = run
    (found,) = replay(changed(report, **changes), samples)
    assert found.differences == (difference,)


def test_a_person_who_accepts_the_cost_changes_no_decision():
    found = document(runs.regression()).functions[0].comparison
    told = amended(found, verdict="overridden", reason=f"accepted by ann: {found.reason}")
    assert _before_acceptance(told, found) == found
    assert _before_acceptance(amended(told, reason="accepted by ann: costs less"), found) != found
    assert _before_acceptance(told, amended(found, verdict="no change")) == told


def test_invocations_that_are_missing_are_noticed(run):
    report, samples = run
    fewer = {name: [one for one in seen if one.round < 2] for name, seen in samples.items()}
    (found,) = replay(report, fewer)
    assert "stopped: not yet, then decided" in found.differences
    (found,) = replay(report, {})
    assert found.rounds == 0


def test_invocations_that_were_not_asked_for_are_noticed(run):
    report, samples = run
    ((name, seen),) = samples.items()
    (found,) = replay(report, {name: seen[5:]})
    assert "round 1: other invocations would be asked for" in found.differences


def test_a_plan_that_is_none_is_refused(run):
    report, samples = run
    with pytest.raises(UsageError, match="its plan cannot be read"):
        list(replay(changed(report, plan={"function": "thumbnail"}), samples))
