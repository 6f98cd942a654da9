"""Runs that are killed, and runs among failures, on an endpoint that misbehaves; the benchmark `aws` does them all."""

import json
import os
import signal
import threading
import time
from collections import defaultdict
from decimal import Decimal
from functools import partial

import boto3
import pytest

from benchmarks.hostile_lambda.chaos import UNFORESEEN, chaos
from benchmarks.hostile_lambda.kill import CHAOS, LONGEST_SECONDS, Runner, kill
from benchmarks.hostile_lambda.place import USERS, Traffic, account, mutates
from lambdabot.aws.calls.connection import connect
from lambdabot.aws.invoking.invocation import invoke_wave
from lambdabot.errors import ExitCode
from lambdabot.local.faults.document import Way
from lambdabot.model import AnswerRule, Architecture, Configuration, Deployment, Outcome, Side, Variant, Wave
from tests.spot_check import spot_check

RUNS = spot_check(range(1, 41), 8)
CUT_RUNS = spot_check(range(1, 25), 6)
CUTS = (Way.HALF_REPLY, Way.CUT_REPLY, Way.EMPTY_REPLY)


@pytest.fixture(scope="module")
def session() -> boto3.Session:
    return boto3.Session(aws_access_key_id="owner", aws_secret_access_key="any")


def test_a_killed_run_leaves_nothing_that_clean_does_not_find():
    results = kill(partial(spot_check, most=10))
    assert [result for result in results if not result.right] == []
    assert sum(result.struck for result in results) > len(results) / 2


def test_a_touch_of_the_users_function_would_be_seen(session):
    with account(session, CHAOS, Traffic()) as owner:
        assert owner.left() == []
        owner._lambdas.tag_resource(Resource=f"arn:aws:lambda:us-east-1:123456789012:function:{USERS}", Tags={"a": "b"})
        (touched,) = owner.left()
        assert touched.startswith(f"{USERS} was touched")


def test_two_runs_on_one_pull_request_never_touch_each_other(session, tmp_path):
    touched = defaultdict(set)

    def note(moment, operation, call) -> None:
        if moment == "before" and mutates(operation):
            name = call.parameters.get("FunctionName") or call.parameters["logGroupName"]
            touched[operation].add(name)

    with account(session, CHAOS, Traffic(hook=note)) as owner:
        touched.clear()
        runner = Runner(tmp_path / "project")
        states = [tmp_path / name for name in ("one", "two")]
        for state in states:
            state.mkdir()
        processes = [runner.run(owner, state) for state in states]
        for process in processes:
            process.join(LONGEST_SECONDS)
        assert [process.exitcode for process in processes] == [0, 0]
        assert owner.left() == []
    spends = [json.loads((state / "out" / "report.json").read_text())["spend"] for state in states]
    assert [one["deployments_removed"] for one in spends] == [one["deployments_created"] for one in spends] == [9, 9]
    assert len(touched["logs:CreateLogGroup"]) == 2
    assert touched["lambda:CreateFunction"] == touched["lambda:DeleteFunction"]
    assert touched["lambda:UpdateFunctionConfiguration"] <= touched["lambda:CreateFunction"]
    assert len(touched["lambda:CreateFunction"]) == 18


def test_a_second_signal_ends_a_clean_up_and_lists_what_clean_then_finds(session, tmp_path):
    never = {"failures": [{"calls": ["lambda:DeleteFunction"], "share": 1, "ways": ["server error"]}]}
    invoked = threading.Event()
    refused = threading.Event()

    def note(moment, operation, call) -> None:
        if operation == "lambda:Invoke":
            invoked.set()
        if operation == "lambda:DeleteFunction":
            refused.set()

    with account(session, {**CHAOS, **never}, Traffic(hook=note)) as owner:
        owner.faults.active = True
        runner = Runner(tmp_path / "project")
        state = tmp_path / "state"
        state.mkdir()
        process = runner.run(owner, state)
        assert invoked.wait(60)
        os.kill(process.pid, signal.SIGINT)
        assert refused.wait(60)
        time.sleep(1.1)  # what comes within a second is the first one again
        os.kill(process.pid, signal.SIGTERM)
        process.join(LONGEST_SECONDS)
        owner.faults.active = False
        left = owner.left()
        said = (state / "log").read_text()
        assert process.exitcode == 128 + signal.SIGTERM
        assert "stopped; still there (`lambdabot clean --all` removes it):" in said
        assert len(left) == 10
        assert all(f"{name}\n" in said for name in left)
        runner.clean(owner, state)
        assert owner.left() == []


def test_runs_among_failures_end_and_tell_the_truth():
    outcomes = chaos(RUNS)
    assert [one for one in outcomes if one.hung or one.leaked or one.wrong or one.overspent] == []
    assert sum(one.measured for one in outcomes) > len(RUNS) / 2


def test_runs_among_replies_that_are_cut_end_and_tell_the_truth():
    outcomes = chaos(CUT_RUNS, CUTS)
    assert [one for one in outcomes if one.hung or one.leaked or one.wrong or one.overspent] == []
    assert sum(one.measured for one in outcomes) > len(CUT_RUNS) / 2


def test_a_run_whose_replies_are_often_cut_reports_as_any_other(session, project):
    project.write("src/app.py", "def handler(event, context):\n    return 1\n")
    project.settings("""
        version: 1
        functions:
          one: {source: src, handler: app.handler, memory_mb: [128, 512], architectures: [x86_64]}
    """)
    often = {"seed": 3, "failures": [{"share": 0.4, "ways": list(CUTS)}]}
    with account(session, {**CHAOS, **often}, Traffic()) as owner:
        owner.faults.active = True
        code, report = project.run(endpoint=owner.url)
        owner.faults.active = False
        assert owner.left() == []
    assert code in {ExitCode.DONE, ExitCode.NOT_MEASURED}
    (function,) = report["functions"]
    measured = [one["status"] == "measured" for one in function["measurements"]]
    assert any(measured) is (code == ExitCode.DONE)
    assert UNFORESEEN not in json.dumps(report)


def test_a_wave_that_is_too_wide_for_the_account_loses_no_sample(session):
    chaos_of = {"account": {"concurrency": 10, "busy": 7}, "canned": [{"takes_seconds": 0.05}]}
    traffic = Traffic()
    with account(session, chaos_of, traffic) as owner:
        owner.faults.active = True
        connection = connect(endpoint=owner.url, region="us-east-1")
        variant = Variant(side=Side.HEAD, configuration=Configuration(memory_mb=128, architecture=Architecture.X86_64))
        answers = invoke_wave(
            connection,
            Deployment(variant=variant, function_name="thumbnail", arn="arn:thumbnail:$LATEST"),
            lambda _: b"{}",
            rule=AnswerRule(),
            wave=Wave(variant=variant, payload="default", concurrency=8),
            round_number=1,
            wave_number=1,
            timeout_seconds=3,
            clock=lambda: 0.0,
        )
    assert {answer.invocation.outcome for answer in answers} == {Outcome.OK}
    assert owner.faults.performed["lambda:Invoke"] == 8
    assert connection.calls["lambda.Invoke"] == traffic.calls["lambda:Invoke"] > 8


def test_a_capped_account_costs_one_call_and_one_note(session, project, rows):
    project.write("src/app.py", "def handler(event, context):\n    return 1\n")
    project.settings("""
        version: 1
        functions:
          one: {source: src, handler: app.handler, memory_mb: [128, 3008, 5308, 10240], budget: {invocations: 60}}
    """)
    traffic = Traffic()
    capped = {"account": {"memory_mb": 3008}, "canned": [{"takes_seconds": 0.002}]}
    with account(session, capped, traffic) as owner:
        owner.faults.active = True
        before = traffic.calls["lambda:CreateFunction"]
        code, report = project.run(endpoint=owner.url)
    assert code == 0
    assert traffic.calls["lambda:CreateFunction"] - before == 5  # four that may be, and one that tells
    assert {memory for (_, _, memory, _) in rows(report)} == {128, 3008}
    assert project.comment.count("capped at 3,008 MB") == 1
    assert report["spend"]["control_plane_calls"] > 10
    assert Decimal(str(report["spend"]["usd"])) > 0


def test_a_run_goes_on_where_no_journal_can_be_written(session, project, tmp_path_factory, monkeypatch):
    state = tmp_path_factory.mktemp("home") / "state"
    state.write_text("a file, and no folder")
    monkeypatch.delenv("RUNNER_TEMP", raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(state))
    project.write("src/app.py", "def handler(event, context):\n    return 1\n")
    project.settings("""
        version: 1
        functions:
          one: {source: src, handler: app.handler, memory_mb: [128], architectures: [x86_64]}
    """)
    with account(session, CHAOS, Traffic()) as owner:
        code, report = project.run(endpoint=owner.url)
        assert owner.left() == []
    assert code == 0
    (note,) = [note for note in report["notes"] if "journal" in note]
    assert note.startswith("No journal is written, so after a kill only tags tell: ")


REFUSING = """
    version: 1
    functions:
      hello:
        source: src
        handler: app.handler
        memory_mb: [128, 512]
        architectures: [x86_64]
        current: {{memory_mb: 512}}
        budget: {{minutes: {minutes}}}
"""
REFUSALS = {
    "expired at once": ({"credentials_expire_after": 12}, "the AWS credentials have expired", True),
    "expired midway": ({"credentials_expire_after": 60}, "the AWS credentials have expired", True),
    "no updates": (
        {"denied": ["lambda:UpdateFunctionConfiguration"]},
        "lambda:UpdateFunctionConfiguration is not",
        False,
    ),
    "no creation": ({"denied": ["lambda:CreateFunction"]}, "lambda:CreateFunction is not allowed", False),
    "no invocations": ({"denied": ["lambda:Invoke"]}, "lambda:Invoke", False),
    "no room": ({"account": {"concurrency": 10, "busy": 10}}, "no concurrency was free", False),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_what_aws_refuses_is_the_reason_in_the_headline_and_no_green_check(session, project, name):
    refusal, words, left = REFUSALS[name]
    project.settings(REFUSING.format(minutes=0.02 if name == "no room" else 5))
    for folder, answer in (("src", 2), ("base/src", 1)):
        project.write(f"{folder}/app.py", f"def handler(event, context):\n    return {answer}\n")
    project.write("base/lambdabot.yml", (project.folder / "lambdabot.yml").read_text())
    with account(session, {"canned": [{"cpu_ms": 40, "noise": 0.02}], **refusal}, Traffic()) as owner:
        owner.faults.active = True
        code, report = project.run("--base", str(project.folder / "base"), endpoint=owner.url)
        owner.faults.active = False
        found = [one for one in owner.left() if "was touched" not in one]
        performed = owner.faults.performed["lambda:Invoke"]

    (function,) = report["functions"]
    first = project.comment.splitlines()[1]
    assert code == ExitCode.NOT_MEASURED
    assert first.startswith(("### ❌ Not compared: ", "### ❌ Nothing measured: "))
    assert words in first
    assert words in function["comparison"]["reason"]
    assert (function["comparison"]["verdict"], function["comparison"]["refused"]) == ("not measured", True)
    assert function["recommendation"] is None or name == "no updates"
    assert "too few environments" not in project.comment.lower()
    assert report["spend"]["invocations"] == sum(one["invocations"] for one in function["measurements"]) == performed
    assert len(report["left_behind"]) >= len(found)
    assert bool(found) is ("**Left behind:**" in project.comment) is left


def test_what_may_not_be_removed_is_named_outside_of_the_fold(session, project):
    project.settings(REFUSING.format(minutes=5))
    project.write("src/app.py", "def handler(event, context):\n    return 1\n")
    with account(session, {**CHAOS, "denied": ["lambda:DeleteFunction"]}, Traffic()) as owner:
        owner.faults.active = True
        code, report = project.run(endpoint=owner.url)
        owner.faults.active = False
        assert [f"function {one}" for one in owner.left()] == sorted(report["left_behind"])

    shown, _, folded = project.comment.partition("How it was measured")
    assert code == ExitCode.DONE
    assert report["left_behind_reason"].startswith("could not remove the function lambdabot-")
    assert "lambda:DeleteFunction is not allowed on" in shown
    assert '"Action": "lambda:DeleteFunction"' in shown
    assert all(one in shown and one not in folded for one in report["left_behind"])
