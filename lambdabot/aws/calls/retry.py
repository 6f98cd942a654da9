"""Capped retries with full jitter ("Exponential Backoff And Jitter", AWS Architecture Blog) that end when asked to.

botocore's own retries are off on every client: they know neither Lambda's 409s nor a role that cannot be assumed yet,
they cannot be interrupted, and they would invoke a function twice.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from random import SystemRandom
from threading import Event
from typing import TypeVar

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,  # noqa: A004 - botocore's own name for "no connection came about"
    HTTPClientError,
    IncompleteReadError,
    ResponseStreamingError,
    SSLError,
)
from botocore.parsers import ResponseParserError

from lambdabot.aws.calls.pace import Pace
from lambdabot.aws.calls.reply import IncompleteReplyError

T = TypeVar("T")
AWSError = (BotoCoreError, ClientError, ResponseParserError)  # all that a call through boto3 can end in

_THROTTLED = 429
_SERVER_FAULT = 500
_THROTTLES = {"TooManyRequestsException", "ThrottlingException", "Throttling", "RequestLimitExceeded"}
_RANDOM = SystemRandom()


class StoppedError(Exception):
    """The call was given up because the run ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """How often and how long a call is tried: every pause is drawn from 0 to `first_seconds` x 2^n, capped."""

    attempts: int = 8
    first_seconds: float = 0.25
    cap_seconds: float = 5.0
    deadline: float | None = None  # on the monotonic clock; no attempt begins after it

    def call(
        self, operation: Callable[[], T], *, worth: Callable[[Exception], bool], stop: Event, pace: Pace | None
    ) -> T:
        """Return what `operation` returns, trying again after errors that are `worth` it; the last one is raised.

        A `Retry-After` of the answer is honoured up to four times `cap_seconds`; a throttle slows `pace` down.
        StoppedError: `stop` is set.
        """
        attempt = 0
        while True:
            if pace is not None:
                pace.wait(stop)
            if stop.is_set():
                raise StoppedError
            attempt += 1
            try:
                return operation()
            except AWSError as error:
                if pace is not None and throttled(error):
                    pace.slow_down()
                pause = self._pause(attempt, error)
                late = self.deadline is not None and time.monotonic() + pause > self.deadline
                if attempt >= self.attempts or late or not worth(error):
                    raise
            stop.wait(pause)

    def _pause(self, attempt: int, error: Exception) -> float:
        jitter = _RANDOM.uniform(0, min(self.cap_seconds, self.first_seconds * 2 ** (attempt - 1)))
        return max(jitter, min(_retry_after(error), 4 * self.cap_seconds))


def code(error: Exception) -> str:
    """Return the error code that AWS gave, or the name of the client's own error."""
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code", ""))
    return type(error).__name__


def message(error: Exception) -> str:
    """Return the message that AWS gave, as it is."""
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Message", ""))
    return str(error)


def throttled(error: Exception) -> bool:
    """Say whether the call was refused for coming too fast: it did nothing."""
    return code(error) in _THROTTLES or _status(error) == _THROTTLED


def never_sent(error: Exception) -> bool:
    """Say whether no connection came about, so that the endpoint has not seen the call."""
    return isinstance(error, ConnectionError)


def answer_lost(error: Exception) -> bool:
    """Say whether the call may have taken effect although it failed."""
    return cut_off(error) or isinstance(error, HTTPClientError) or _status(error) >= _SERVER_FAULT


def cut_off(error: Exception) -> bool:
    """Say whether only a part of the answer arrived."""
    return isinstance(error, IncompleteReplyError | IncompleteReadError | ResponseParserError | ResponseStreamingError)


def passing(error: Exception) -> bool:
    """Say whether the same call may succeed a moment later: throttles, server faults, broken connections."""
    if isinstance(error, SSLError):
        return False
    return throttled(error) or never_sent(error) or answer_lost(error)


def _status(error: Exception) -> int:
    if isinstance(error, ClientError):
        return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    return 0


def _retry_after(error: Exception) -> float:
    if not isinstance(error, ClientError):
        return 0.0
    headers = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    said = error.response.get("retryAfterSeconds") or headers.get("retry-after", 0)  # the former is Lambda's own name
    try:
        return max(0.0, float(said))  # type: ignore[arg-type]  # botocore's types know no errors' own members
    except ValueError:
        return 0.0  # an HTTP date: Lambda sends seconds
