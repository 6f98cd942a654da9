from collections.abc import Iterator

import pytest

from lambdabot.aws.copies.deployments import Deployments
from lambdabot.aws.invoking.invocation import _CROWDED_ATTEMPTS, _date, invoke_wave
from lambdabot.aws.invoking.outcome import NO_REPORT, read_failure
from lambdabot.model import AnswerRule, Deployment, Outcome, Wave


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
        return invoke_wave(
            connection,
            deployment,
            lambda _: payload,
            rule=AnswerRule(),
            wave=Wave(variant=deployment.variant, payload="small", concurrency=concurrency),
            round_number=2,
            wave_number=5,
            timeout_seconds=3,
            clock=lambda: 17.5,
        )

    return run


@pytest.fixture
def invoke_one(invoke):
    return lambda **how: invoke(1, **how)[0].invocation


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
    assert len({answer.request_id for answer in answers}) == 5
    assert all(answer.answered is not None for answer in answers)
    assert fake.count("Invoke") == 5


def test_the_payload_arrives_as_it_is(fake, invoke):
    seen = []
    fake.invoke = lambda function, request_id, body: seen.append(body)
    invoke(1, payload=b'{"a":  1}')
    assert seen == [b'{"a":  1}']


@pytest.mark.parametrize("field", ["Init Duration: 150.10 ms\t", "Restore Duration: 150.10 ms\t"])
def test_an_init_or_a_restore_makes_it_cold(fake, invoke_one, field):
    fake.invoke = lambda function, request_id, body: fake.reply(
        {}, fake.report_line(request_id, memory=512, more=field)
    )
    invocation = invoke_one()
    assert invocation.cold
    assert 150.1 in (invocation.init_ms, invocation.restore_ms)


def test_another_memory_size_is_not_measured(fake, invoke_one):
    fake.invoke = lambda function, request_id, body: fake.reply({}, fake.report_line(request_id, memory=128))
    invocation = invoke_one()
    assert (invocation.outcome, invocation.reason) == (Outcome.DISCARDED, "ran at 128 MB, not at 512 MB")
    assert invocation.duration_ms is None


@pytest.mark.parametrize("log", ["", "START\nnothing else\n", "\x00\xff"])
def test_no_report_is_not_measured(fake, invoke_one, log):
    fake.invoke = lambda function, request_id, body: fake.reply({}, log)
    invocation = invoke_one()
    assert (invocation.outcome, invocation.reason) == (Outcome.DISCARDED, NO_REPORT)


@pytest.mark.parametrize("payload", [b"", b"{", b"\xff" * 500])
def test_a_failure_that_is_no_json_is_quoted(payload):
    failed = read_failure(payload)
    assert failed.error_type == ""
    assert 0 < len(str(failed)) <= 300


@pytest.mark.parametrize("header", ["", "yesterday"])
def test_an_answer_without_a_date_has_none(header):
    assert _date(header) is None


def test_a_log_that_is_no_base64_is_no_report(fake, invoke_one):
    fake.invoke = lambda function, request_id, body: (200, {}, {"X-Amz-Log-Result": "x"})
    assert invoke_one().outcome is Outcome.DISCARDED


FAILURES = [
    ({"errorType": "ValueError", "errorMessage": "no\nsuch"}, "", Outcome.ERROR, "ValueError: no such"),
    ({"errorType": "ValueError", "errorMessage": "Task timed out after 3.00 seconds"}, "", Outcome.ERROR, "ValueError"),
    ({"errorMessage": "2026 1 Task timed out after 3.00 seconds"}, "", Outcome.TIMEOUT, "Task timed out"),
    ({"errorType": "Sandbox.Timedout", "errorMessage": "Task timed out after 3"}, "", Outcome.TIMEOUT, "Sandbox"),
    ({"errorMessage": "?"}, "Status: timeout\t", Outcome.TIMEOUT, "?"),
    (
        {"errorType": "Runtime.ExitError", "errorMessage": "Runtime exited with error: signal: killed"},
        "Status: error\tError Type: Runtime.ExitError\t",
        Outcome.OUT_OF_MEMORY,
        "signal: killed",
    ),
    ({}, "Status: error\tError Type: Runtime.OutOfMemory\t", Outcome.OUT_OF_MEMORY, "the function failed"),
    ({"errorType": "Runtime.OutOfMemory"}, "", Outcome.OUT_OF_MEMORY, "Runtime.OutOfMemory"),
    ({"errorType": "Runtime.ExitError", "errorMessage": "exit status 3"}, "", Outcome.ERROR, "exit status 3"),
    (["not", "an", "object"], "", Outcome.ERROR, '["not", "an", "object"]'),
    ({"errorType": "E", "errorMessage": "arn:aws:iam::123456789012:role/x"}, "", Outcome.ERROR, "iam::****:role/x"),
    ({"errorType": "E", "errorMessage": "x" * 5000}, "", Outcome.ERROR, "E: xxx"),
]


@pytest.mark.parametrize("failure", FAILURES)
def test_how_a_function_fails_is_told_by_its_own_words(fake, invoke_one, failure):
    content, fields, outcome, words = failure
    fake.invoke = lambda function, request_id, body: fake.reply(
        content, fake.report_line(request_id, memory=512, more=fields), X_Amz_Function_Error="Unhandled"
    )
    invocation = invoke_one()
    assert invocation.outcome is outcome
    assert words in invocation.reason
    assert len(invocation.reason) <= 300
    assert invocation.billed_ms == 11


def test_a_failure_without_a_report_is_still_a_result(fake, invoke_one):
    fake.invoke = lambda function, request_id, body: fake.reply(
        {"errorType": "ValueError", "errorMessage": "no"}, "", X_Amz_Function_Error="Unhandled"
    )
    invocation = invoke_one()
    assert (invocation.outcome, invocation.duration_ms, invocation.cold) == (Outcome.ERROR, None, False)


def test_a_status_without_a_function_error_is_no_success(fake, invoke_one):
    fake.invoke = lambda function, request_id, body: fake.reply(
        {}, fake.report_line(request_id, memory=512, more="Status: error\tError Type: Runtime.Unknown\t")
    )
    assert invoke_one().outcome is Outcome.ERROR


NOT_RUN = [
    {"status": 429, "code": "TooManyRequestsException", "message": "Rate Exceeded.", "headers": {"Retry-After": "0"}},
    {"status": 409, "code": "ResourceConflictException", "message": "the function is in the state: Pending"},
    {"status": 502, "code": "EC2ThrottledException", "message": "throttled"},
]


@pytest.mark.parametrize("how", NOT_RUN, ids=["throttled", "pending", "EC2"])
def test_what_did_not_run_is_sent_again(fake, invoke_one, how):
    for _ in range(3):
        fake.fail("Invoke", **how)
    assert invoke_one().outcome is Outcome.OK
    assert fake.count("Invoke") == 4


def test_a_throttle_to_the_end_is_never_a_duration(fake, invoke):
    for _ in range(_CROWDED_ATTEMPTS):
        fake.fail("Invoke", **NOT_RUN[0])
    (answer,) = invoke()
    assert answer.invocation.outcome is Outcome.DISCARDED
    assert "throttled" in answer.invocation.reason
    assert (answer.invocation.duration_ms, answer.invocation.billed_ms, answer.request_id) == (None, None, None)
    assert fake.count("Invoke") == _CROWDED_ATTEMPTS


MAY_HAVE_RUN = [
    {"reset": "before"},
    {"reset": "after"},
    {"half": True},
    {"status": 500, "code": "ServiceException", "message": "internal"},
    {"status": 404, "code": "ResourceNotFoundException", "message": "gone"},
]


@pytest.mark.parametrize("how", MAY_HAVE_RUN, ids=["reset before", "reset after", "half", "5xx", "404"])
def test_what_may_have_run_is_not_sent_again(fake, invoke_one, how):
    fake.fail("Invoke", **how)
    invocation = invoke_one()
    assert invocation.outcome is Outcome.DISCARDED
    assert invocation.reason.startswith("could not invoke 512 MB x86_64: ")
    assert invocation.duration_ms is None
    assert fake.count("Invoke") == 1


@pytest.mark.parametrize("kept", [0.5, 0.0])
def test_a_payload_that_is_cut_costs_no_figures(fake, invoke_one, kept):
    fake.fail("Invoke", kept=kept)  # they stand in the head, and a runtime may answer what is no JSON
    assert invoke_one().duration_ms == 10.5
    assert fake.count("Invoke") == 1


@pytest.mark.parametrize(
    ("code", "words"), [("ExpiredTokenException", "have expired"), ("AccessDeniedException", "access denied")]
)
def test_a_call_that_was_refused_never_ran_and_says_why(fake, invoke, code, words):
    fake.fail("Invoke", status=403, code=code, message="no")
    refused, *others = sorted(invoke(3), key=lambda answer: not answer.invocation.refused)
    assert refused.invocation.outcome is Outcome.DISCARDED
    assert words in refused.invocation.reason
    assert refused.refusal.fatal
    assert refused.refusal.operation == "lambda.Invoke"
    assert refused.refusal.ends_run is (words == "have expired")
    assert refused.refusal.advice
    assert [answer.invocation.outcome for answer in others] == [Outcome.OK, Outcome.OK]


def test_an_answer_that_never_comes_is_given_up(fake, connection, deployment, monkeypatch, invoke_one):
    monkeypatch.setattr("lambdabot.aws.calls.connection._COLD_SECONDS", -29.8)
    fake.fail("Invoke", hang=True)
    invocation = invoke_one()
    assert invocation.outcome is Outcome.DISCARDED
    assert not invocation.refused  # it may have run
    assert "Read timeout" in invocation.reason
    assert fake.count("Invoke") == 1


def test_one_that_fails_costs_no_other_of_its_wave(fake, invoke):
    fake.fail("Invoke", reset="after")
    outcomes = [answer.invocation.outcome for answer in invoke(4)]
    assert sorted(outcomes) == [Outcome.DISCARDED] + [Outcome.OK] * 3


def test_nothing_is_invoked_once_the_run_ends(fake, connection, invoke_one):
    connection.ending.set()
    assert invoke_one().reason == "the run was interrupted"
    assert fake.count("Invoke") == 0


def test_the_body_is_read_to_its_end_or_not_believed(fake, invoke_one):
    fake.invoke = lambda function, request_id, body: fake.reply(
        {"data": "x" * 6_000_000}, fake.report_line(request_id, memory=512)
    )
    assert invoke_one().outcome is Outcome.OK
    fake.fail("Invoke", half=True)
    assert invoke_one().outcome is Outcome.DISCARDED
