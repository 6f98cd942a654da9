from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from lambdabot.aws.copies.deployments import Deployments
from lambdabot.aws.invoking.environments import Environments
from lambdabot.aws.invoking.invocation import Answer, invoke_wave
from lambdabot.model import AnswerRule, Outcome, Wave

GROUP = "/aws/lambda/lambdabot-run"


@dataclass
class Time:
    """Waiting that takes no time, and may bring something with it."""

    now: float = 0.0
    pauses: int = 0
    event: Callable[[], None] = lambda: None

    def clock(self) -> float:
        return self.now

    def pause(self, seconds: float) -> None:
        self.now += seconds
        self.pauses += 1
        self.event()


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def answers(fake, connection, identity, make_copy) -> Callable[..., tuple[Answer, ...]]:
    copy = make_copy(512)
    deployment = Deployments(connection, identity).create([copy])[copy.variant]

    def invoke(concurrency: int = 4) -> tuple[Answer, ...]:
        return invoke_wave(
            connection,
            deployment,
            lambda _: b"{}",
            rule=AnswerRule(),
            wave=Wave(variant=copy.variant, payload="small", concurrency=concurrency),
            round_number=1,
            wave_number=0,
            timeout_seconds=3,
            clock=lambda: 1.0,
        )

    return invoke


@pytest.fixture
def look(connection, time):
    return Environments(connection, GROUP, clock=time.clock, pause=time.pause).identify


def write(fake, answer: Answer, stream: str, *, timestamp: int = 4_000_000_000_000, memory: int = 512, **more) -> None:
    message = fake.report_line(answer.request_id, memory=memory, **more).splitlines()[-1]
    fake.log_events.append({"logStreamName": stream, "timestamp": timestamp, "message": message})


def test_log_streams_stand_for_environments_over_all_pages(fake, answers, look, time):
    mine = answers(5)
    for number, answer in enumerate(mine):
        write(fake, answer, f"2026/11/23/[$LATEST]{number % 2}")
    invocations = look(mine)
    assert [invocation.environment[-1] for invocation in invocations] == list("01010")
    assert all(invocation.environment_known for invocation in invocations)
    assert [invocation.duration_ms for invocation in invocations] == [10.5] * 5
    assert (fake.count("FilterLogEvents"), time.pauses) == (3, 0)


def test_the_group_is_read_from_this_round_on(fake, answers, look):
    mine = answers(1)
    write(fake, mine[0], "old", timestamp=1_000)
    write(fake, mine[0], "new")
    assert look(mine)[0].environment == "new"


def test_an_environment_keeps_the_cpu_model_that_it_told_once(fake, answers, look):
    first, second = answers(1)[0], answers(1)[0]
    for stream, model in (("a", "Intel Xeon"), ("a", "made up later"), ("elsewhere", "AMD EPYC")):
        message = f"LAMBDABOT_CPU_MODEL {model}\n"
        fake.log_events.append({"logStreamName": stream, "timestamp": 4_000_000_000_000, "message": message})
    write(fake, first, "a")
    assert [invocation.cpu_model for invocation in look([first])] == ["Intel Xeon"]
    fake.log_events.clear()
    write(fake, second, "a")
    assert [invocation.cpu_model for invocation in look([second])] == ["Intel Xeon"]


def test_an_environment_that_told_no_cpu_model_has_none(fake, answers, look):
    mine = answers(1)
    write(fake, mine[0], "a")
    assert look(mine)[0].cpu_model is None


def test_the_first_call_of_an_environment_is_cold_though_its_init_was_broken_off(fake, answers, look):
    cold, *others = [
        replace(one, invocation=replace(one.invocation, wave=wave)) for wave in (0, 0, 1, 1, 1) for one in answers(1)
    ]
    mine = [replace(cold, invocation=replace(cold.invocation, cold=True)), *others]
    for answer, stream in zip(mine, ["said", "silent", "silent", "late", "said"], strict=True):
        write(fake, answer, stream)

    assert [invocation.cold for invocation in look(mine)] == [True, True, False, True, False]
    assert [invocation.cold for invocation in look(others)] == [False] * 4


def test_late_lines_are_waited_for(fake, answers, look, time):
    mine = answers(2)
    write(fake, mine[0], "a")
    time.event = lambda: write(fake, mine[1], "b") if time.pauses == 3 else None
    assert [invocation.environment for invocation in look(mine)] == ["a", "b"]
    assert time.pauses == 3


def test_what_comes_too_late_keeps_its_lane(fake, answers, look, time):
    mine = answers(2)
    write(fake, mine[0], "a")
    known, lane = look(mine)
    assert (known.environment_known, lane) == (True, mine[1].invocation)
    assert time.now == 8


def test_a_group_that_stays_empty_is_given_up_sooner(answers, look, time):
    mine = answers(2)
    assert look(mine) == tuple(answer.invocation for answer in mine)
    assert time.now == 4


@pytest.mark.parametrize("code", ["AccessDeniedException", "ResourceNotFoundException"])
def test_logs_that_cannot_be_read_leave_the_lanes(fake, answers, look, time, code):
    fake.fail("FilterLogEvents", status=400, code=code, message="no")
    mine = answers(2)
    assert look(mine) == tuple(answer.invocation for answer in mine)
    assert (fake.count("FilterLogEvents"), time.pauses) == (1, 0)


def test_a_throttled_look_is_tried_again(fake, answers, look):
    mine = answers(1)
    write(fake, mine[0], "a")
    fake.fail("FilterLogEvents", status=400, code="ThrottlingException", message="Rate exceeded")
    assert look(mine)[0].environment_known


def test_a_report_that_the_tail_lacked_is_taken_from_the_log(fake, answers, look):
    fake.invoke = lambda function, request_id, body: fake.reply({}, "an extension pushed it out\n")
    mine = answers(1)
    assert mine[0].invocation.outcome is Outcome.DISCARDED
    write(fake, mine[0], "a", duration=77.25)
    (invocation,) = look(mine)
    assert (invocation.outcome, invocation.duration_ms, invocation.reason) == (Outcome.OK, 77.25, "")
    assert (invocation.environment, invocation.at_seconds) == ("a", 1.0)


def test_a_late_report_is_held_to_the_memory_size_too(fake, answers, look):
    fake.invoke = lambda function, request_id, body: fake.reply({}, "")
    mine = answers(1)
    write(fake, mine[0], "a", memory=128)
    assert look(mine)[0].reason == "ran at 128 MB, not at 512 MB"


def test_the_tail_is_believed_before_the_log(fake, answers, look):
    mine = answers(1)
    write(fake, mine[0], "a", duration=0.01)
    assert look(mine)[0].duration_ms == 10.5


def test_lines_that_are_no_report_are_passed_over(fake, answers, look):
    mine = answers(1)
    fake.log_events.append({"logStreamName": "x", "timestamp": 4_000_000_000_000, "message": "REPORT RequestId: ?"})
    write(fake, mine[0], "a")
    assert look(mine)[0].environment == "a"


def test_what_was_never_accepted_is_not_looked_for(fake, answers, look):
    fake.fail("Invoke", reset="after")
    mine = answers(1)
    assert look(mine) == (mine[0].invocation,)
    assert look(()) == ()
    assert fake.count("FilterLogEvents") == 0


def test_an_endpoint_without_a_date_is_searched_whole(fake, connection, answers, look):
    mine = answers(1)
    write(fake, mine[0], "a", timestamp=1)
    assert look([replace(mine[0], answered=None)])[0].environment_known
    assert "startTime" not in fake.bodies[-1]


def test_the_end_of_the_run_ends_the_search(fake, connection, answers, look):
    mine = answers(1)
    connection.ending.set()
    assert look(mine) == (mine[0].invocation,)
    assert fake.count("FilterLogEvents") == 0
