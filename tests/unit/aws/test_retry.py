import time
from random import SystemRandom
from threading import Event

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    IncompleteReadError,
    NoCredentialsError,
    ReadTimeoutError,
    ResponseStreamingError,
    SSLError,
)
from botocore.parsers import ResponseParserError

from lambdabot.aws.calls.pace import Pace
from lambdabot.aws.calls.reply import IncompleteReplyError
from lambdabot.aws.calls.retry import Retry, StoppedError, answer_lost, code, message, never_sent, passing, throttled

URL = "https://lambda.us-east-1.amazonaws.com"


class Stop:
    """An event that nobody sets, and that takes note of the pauses."""

    def __init__(self):
        self.pauses = []

    def is_set(self) -> bool:
        return False

    def wait(self, seconds: float) -> bool:
        self.pauses.append(seconds)
        return False


def client_error(status: int, code: str = "ServiceException", **headers: str) -> ClientError:
    metadata = {"HTTPStatusCode": status, "HTTPHeaders": headers}
    return ClientError({"Error": {"Code": code, "Message": "words"}, "ResponseMetadata": metadata}, "Invoke")


def failing(*errors: Exception):
    left = list(errors)

    def operation() -> str:
        if left:
            raise left.pop(0)
        return "done"

    return operation


def call(retry: Retry, operation, *, stop=None, worth=passing, pace=None):
    return retry.call(operation, worth=worth, stop=stop or Stop(), pace=pace)


def test_a_success_is_returned_at_once():
    stop = Stop()
    assert call(Retry(), failing(), stop=stop) == "done"
    assert stop.pauses == []


def test_pauses_are_drawn_from_a_range_that_doubles_to_a_cap(monkeypatch):
    ranges = []

    class Draw:
        def uniform(self, low, high):
            ranges.append((low, high))
            return high

    monkeypatch.setattr("lambdabot.aws.calls.retry._RANDOM", Draw())
    stop = Stop()
    assert (
        call(Retry(attempts=6, first_seconds=1, cap_seconds=5), failing(*[client_error(500)] * 5), stop=stop) == "done"
    )
    assert (
        ranges
        == [
            (0, 1),
            (0, 2),
            (0, 4),
            (0, 5),
            (0, 5),
        ][:5]
    )
    assert stop.pauses == [1, 2, 4, 5, 5]


def test_the_last_error_is_raised_when_attempts_run_out():
    errors = [client_error(500), client_error(503)]
    with pytest.raises(ClientError) as caught:
        call(Retry(attempts=2), failing(*errors))
    assert caught.value is errors[1]


def test_what_is_not_worth_it_is_raised_at_once():
    with pytest.raises(NoCredentialsError):
        call(Retry(), failing(NoCredentialsError()))


@pytest.mark.parametrize(("header", "pause"), [("3", 3), ("1000", 20), ("-1", 0), ("Wed, 21 Oct 2026 07:28:00 GMT", 0)])
def test_retry_after_is_honoured_up_to_a_cap(header, pause):
    stop = Stop()
    error = client_error(429, **{"retry-after": header})
    assert call(Retry(cap_seconds=5), failing(error), stop=stop) == "done"
    assert stop.pauses == [pause]


def test_lambdas_own_name_for_it_is_honoured_too():
    stop = Stop()
    error = client_error(429)
    error.response["retryAfterSeconds"] = "3"
    assert call(Retry(cap_seconds=5), failing(error), stop=stop) == "done"
    assert stop.pauses == [3]


def test_a_throttle_slows_the_pace_down_and_nothing_else_does():
    pace = Pace(per_second=8, burst=8)
    call(Retry(), failing(client_error(500)), pace=pace)
    assert pace._rate == 8
    call(Retry(), failing(client_error(429)), pace=pace)
    assert pace._rate < 8


def test_no_attempt_begins_after_the_deadline():
    with pytest.raises(ClientError):
        call(Retry(deadline=time.monotonic() - 1), failing(client_error(500)))


def test_a_pause_that_ends_after_the_deadline_is_not_begun():
    stop = Stop()
    with pytest.raises(ClientError):
        call(Retry(deadline=time.monotonic() + 10), failing(client_error(429, **{"retry-after": "15"})), stop=stop)
    assert stop.pauses == []


def test_the_end_of_the_run_ends_it():
    stop = Event()

    def operation() -> None:
        stop.set()
        raise client_error(500)

    with pytest.raises(StoppedError):
        call(Retry(), operation, stop=stop)


def test_every_attempt_takes_its_turn():
    pace = Pace(per_second=1, burst=3, clock=lambda: 0.5)
    stop = Event()
    assert call(Retry(attempts=3), failing(client_error(500), client_error(500)), stop=stop, pace=pace) == "done"
    assert pace._tokens == 0


def test_other_exceptions_pass_through():
    with pytest.raises(ZeroDivisionError):
        call(Retry(), failing(ZeroDivisionError()))


CASES = [
    # error, throttled, never sent, answer lost, passing
    (client_error(429, "TooManyRequestsException"), True, False, False, True),
    (client_error(400, "ThrottlingException"), True, False, False, True),
    (client_error(500), False, False, True, True),
    (client_error(502, "ResourceNotReadyException"), False, False, True, True),
    (client_error(404, "ResourceNotFoundException"), False, False, False, False),
    (client_error(403, "AccessDeniedException"), False, False, False, False),
    (EndpointConnectionError(endpoint_url=URL), False, True, False, True),
    (ConnectTimeoutError(endpoint_url=URL), False, True, False, True),
    (ConnectionClosedError(endpoint_url=URL), False, False, True, True),
    (ReadTimeoutError(endpoint_url=URL), False, False, True, True),
    (IncompleteReadError(actual_bytes=1, expected_bytes=2), False, False, True, True),
    (ResponseParserError("no JSON"), False, False, True, True),
    (ResponseStreamingError(error="connection broken"), False, False, True, True),
    (IncompleteReplyError(operation="GetFunction", member="Configuration"), False, False, True, True),
    (SSLError(endpoint_url=URL, error="self-signed"), False, True, False, False),
    (NoCredentialsError(), False, False, False, False),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: type(case[0]).__name__)
def test_what_an_error_means_for_the_call(case):
    error, *meaning = case
    assert [throttled(error), never_sent(error), answer_lost(error), passing(error)] == meaning


def test_code_and_message_are_awss_own():
    assert (code(client_error(400, "X")), message(client_error(400, "X"))) == ("X", "words")
    assert code(NoCredentialsError()) == "NoCredentialsError"
    assert message(NoCredentialsError()) == "Unable to locate credentials"
    assert (code(ClientError({}, "Invoke")), message(ClientError({}, "Invoke"))) == ("", "")


def test_jitter_is_spread_over_the_whole_range(monkeypatch):
    monkeypatch.setattr("lambdabot.aws.calls.retry._RANDOM", SystemRandom())
    pauses = [Retry(first_seconds=1)._pause(1, client_error(500)) for _ in range(1000)]
    assert min(pauses) < 0.05
    assert max(pauses) > 0.95
