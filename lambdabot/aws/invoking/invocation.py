"""Invocations of a Deployment, in waves, each with what its REPORT says."""

from __future__ import annotations

import time
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import partial
from typing import TYPE_CHECKING

from lambdabot.aws.calls.connection import Connection
from lambdabot.aws.calls.failures import CallError
from lambdabot.aws.calls.retry import AWSError, Retry, StoppedError, answer_lost, code, never_sent, throttled
from lambdabot.aws.calls.threads import run_all
from lambdabot.aws.invoking.answer import failed_answer
from lambdabot.aws.invoking.outcome import Failed, judge, read_failure
from lambdabot.aws.invoking.report_line import Report, find_report
from lambdabot.model import AnswerRule, Deployment, Invocation, Outcome, Wave

if TYPE_CHECKING:
    from types_boto3_lambda.client import LambdaClient
    from types_boto3_lambda.type_defs import InvocationResponseTypeDef

# Refused before the function ran, so that the call may be made again.
_NOT_RUN = {
    "ResourceConflictException",
    "ResourceNotReadyException",
    "SnapStartNotReadyException",
    "EC2ThrottledException",
}
CROWDED_SECONDS = 60.0  # how long an invocation waits for the account's other traffic
_CROWDED_ATTEMPTS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One invocation, and what its log lines are found by."""

    invocation: Invocation
    request_id: str | None  # None: the endpoint never accepted the call
    answered: datetime | None = None  # by the endpoint's clock
    failed: Failed | None = None
    report: Report | None = None
    refusal: CallError | None = None  # why the endpoint took no such call


def invoke_wave(
    connection: Connection,
    deployment: Deployment,
    event: Callable[[int], bytes],
    *,
    rule: AnswerRule,
    wave: Wave,
    round_number: int,
    wave_number: int,
    timeout_seconds: int,
    clock: Callable[[], float],
    patience_seconds: float = CROWDED_SECONDS,
) -> tuple[Answer, ...]:
    """Invoke `wave.concurrency` times at once and return an Answer for each; `event` gives each lane's, counted from 0.

    `rule` says which answers are failures; `clock` gives the seconds since the function's first wave. An invocation
    that was throttled to the end, was never answered, or ran at another memory size is `not measured`, with the reason;
    so is one without a REPORT, which `identify` may still find. Nothing that may have run is ever sent again. For room
    beside the account's other traffic an invocation waits `patience_seconds` at most.
    """
    client = connection.invoker(timeout_seconds)

    def one(lane: int) -> Answer:
        blank = Invocation(
            variant=deployment.variant,
            payload=wave.payload,
            round=round_number,
            wave=wave_number,
            environment=f"{deployment.function_name} lane {lane}",
            environment_known=False,
            cold=False,
            outcome=Outcome.DISCARDED,
            duration_ms=None,
            billed_ms=None,
            max_memory_used_mb=None,
            at_seconds=0.0,
        )
        payload = event(lane)
        answer = _invoke(connection, client, deployment, payload, blank, rule=rule, patience_seconds=patience_seconds)
        return replace(answer, invocation=replace(answer.invocation, at_seconds=clock()))

    return tuple(run_all(partial(one, lane) for lane in range(wave.concurrency)))


def _invoke(
    connection: Connection,
    client: LambdaClient,
    deployment: Deployment,
    payload: bytes,
    blank: Invocation,
    *,
    rule: AnswerRule,
    patience_seconds: float,
) -> Answer:
    def attempt() -> Answer:
        with connection.in_flight.slot(connection.ending):
            try:
                response = client.invoke(
                    FunctionName=deployment.function_name,
                    Qualifier=deployment.arn.rpartition(":")[2],
                    LogType="Tail",
                    Payload=payload,
                )
            except AWSError as error:
                if throttled(error):
                    connection.in_flight.narrow()
                raise
        connection.in_flight.widen()
        return _read(response, rule, blank)

    def attempts() -> Answer:
        return Retry().call(
            attempt,
            worth=lambda error: never_sent(error) or code(error) in _NOT_RUN,
            stop=connection.ending,
            pace=None,
        )

    try:
        # Waiting for room is no failure: a sample that was refused for other traffic's sake is not lost.
        return connection.call(
            "lambda.Invoke",
            attempts,
            doing=f"invoke {blank.variant.configuration}",
            worth=throttled,
            attempts=_CROWDED_ATTEMPTS,
            deadline=time.monotonic() + patience_seconds,
        )
    except StoppedError:
        return Answer(invocation=replace(blank, reason="the run was interrupted", refused=True), request_id=None)
    except CallError as error:
        if answer_lost(error.error):  # it may have run
            return Answer(invocation=replace(blank, reason=error.what), request_id=None)
        return Answer(invocation=replace(blank, reason=error.what, refused=True), request_id=None, refusal=error)


def _read(response: InvocationResponseTypeDef, rule: AnswerRule, blank: Invocation) -> Answer:
    body = response["Payload"].read()
    metadata = response["ResponseMetadata"]
    request_id = metadata.get("RequestId")
    log = _tail(response)
    report = find_report(log, request_id) if request_id else None
    if response.get("FunctionError"):
        failed: Failed | None = read_failure(body, log, rule)
    else:
        failed = failed_answer(body, rule)
    return Answer(
        invocation=judge(blank, failed, report),
        request_id=request_id,
        answered=_date(metadata["HTTPHeaders"].get("date", "")),
        failed=failed,
        report=report,
    )


def _tail(response: InvocationResponseTypeDef) -> str:
    """Return the last 4 KB of the invocation's log, which may begin in the middle of a character."""
    try:
        return b64decode(response.get("LogResult", "")).decode(errors="replace")
    except ValueError:
        return ""


def _date(header: str) -> datetime | None:
    try:
        return parsedate_to_datetime(header)
    except ValueError:
        return None
