from collections.abc import Iterator

import pytest

from lambdabot.aws.deployments import Deployments
from lambdabot.aws.environments import identify
from lambdabot.aws.invocation import invoke_wave
from lambdabot.model import Deployment, Outcome, Wave


@pytest.fixture
def deployments(connection, identity) -> Iterator[Deployments]:
    with Deployments(connection, identity) as deployments:
        yield deployments


@pytest.fixture
def deployment(deployments, make_copy) -> Deployment:
    copy = make_copy(512)
    return deployments.create([copy])[copy.variant]


@pytest.fixture
def invoke(connection, deployment):
    def run(concurrency: int = 1, payload: bytes = b"{}"):
        wave = Wave(variant=deployment.variant, payload="small", concurrency=concurrency)
        return invoke_wave(
            connection,
            deployment,
            payload,
            wave=wave,
            round_number=2,
            wave_number=5,
            timeout_seconds=3,
            clock=lambda: 17.5,
        )

    return run


def test_a_wave_brings_one_measured_invocation_per_lane(fake, deployment, invoke):
    answers = invoke(5)
    invocations = [answer.invocation for answer in answers]
    assert [invocation.outcome for invocation in invocations] == [Outcome.OK] * 5
    first = invocations[0]
    assert (first.duration_ms, first.billed_ms, first.max_memory_used_mb, first.cold) == (10.5, 11, 40, False)
    assert (first.payload, first.round, first.wave, first.at_seconds) == ("small", 2, 5, 17.5)
    assert {invocation.environment for invocation in invocations} == {
        f"{deployment.function_name} lane {lane}" for lane in range(5)
    }
    assert not any(invocation.environment_known for invocation in invocations)
    assert fake.count("Invoke") == 5


def test_log_streams_stand_for_environments(fake, connection, deployments, invoke):
    answers = invoke(5)
    for number, answer in enumerate(answers[:4]):
        fake.log_events.append(
            {
                "logStreamName": f"2026/11/23/[$LATEST]{number % 2}",
                "timestamp": 4_000_000_000_000,
                "message": fake.report_line(answer.request_id).splitlines()[-1],
            }
        )
    now = iter(range(100))
    invocations = identify(connection, deployments.log_group, answers, clock=lambda: next(now), pause=lambda _: None)
    assert [invocation.environment_known for invocation in invocations] == [True] * 4 + [False]
    assert [invocation.environment for invocation in invocations[:4]] == [
        f"2026/11/23/[$LATEST]{number}" for number in (0, 1, 0, 1)
    ]
    assert invocations[4] == answers[4].invocation
