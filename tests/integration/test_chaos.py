"""Runs that are killed, and runs among failures, on an endpoint that misbehaves; the benchmark `aws` does them all."""

from decimal import Decimal

import boto3
import pytest

from benchmarks.hostile_lambda.chaos import chaos
from benchmarks.hostile_lambda.kill import kill
from benchmarks.hostile_lambda.place import Traffic, account
from lambdabot.aws.connection import connect
from lambdabot.aws.invocation import invoke_wave
from lambdabot.model import Architecture, Configuration, Deployment, Outcome, Side, Variant, Wave

TRIALS = 50
RUNS = 40


@pytest.fixture(scope="module")
def session() -> boto3.Session:
    return boto3.Session(aws_access_key_id="owner", aws_secret_access_key="any")


def test_a_killed_run_leaves_nothing_that_clean_does_not_find():
    results = kill(1, most=TRIALS)
    assert [result for result in results if not result.right] == []
    assert sum(result.struck for result in results) > TRIALS / 2


def test_runs_among_failures_end_and_tell_the_truth():
    outcomes = chaos(range(1, RUNS + 1))
    assert [one for one in outcomes if one.hung or one.leaked or one.wrong or one.overspent] == []
    assert sum(one.measured for one in outcomes) > RUNS / 2


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
            b"{}",
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
