"""Which execution environment served an invocation: its log stream in CloudWatch Logs."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from lambdabot.aws.outcome import judge
from lambdabot.aws.report_line import Report, parse_report
from lambdabot.aws.retry import AWSError, Retry, StoppedError, passing

if TYPE_CHECKING:
    from types_boto3_logs.type_defs import FilterLogEventsRequestTypeDef

    from lambdabot.aws.connection import Connection
    from lambdabot.aws.invocation import Answer
    from lambdabot.model import Invocation

_LATE_SECONDS = 8.0  # lines are usually there within five
_SILENT_SECONDS = 4.0  # the same when no line at all comes: the execution role may not write logs
_PAUSE_SECONDS = 1.0
_BEFORE = timedelta(seconds=60)  # clocks of Lambda and of the log group are not one


def identify(
    connection: Connection,
    log_group: str,
    answers: Sequence[Answer],
    *,
    clock: Callable[[], float] = time.monotonic,
    pause: Callable[[float], object] = time.sleep,
) -> tuple[Invocation, ...]:
    """Return the invocations of these answers with their environments: one call for all that a round brought.

    The environment is the log stream that holds the request's REPORT; a REPORT that the log tail lacked is taken from
    there. Where logs may not be read, or come too late, an invocation stays as it is: its lane stands in.
    """
    wanted = {answer.request_id for answer in answers if answer.request_id is not None}
    found: dict[str, tuple[str, Report]] = {}
    begin = clock()
    while wanted - found.keys():
        late = begin + (_LATE_SECONDS if found else _SILENT_SECONDS)
        try:
            found |= _read(connection, log_group, answers, late, clock)
        except (*AWSError, StoppedError):
            break  # denied, or no such group
        if wanted <= found.keys() or clock() + _PAUSE_SECONDS > late:
            break
        pause(_PAUSE_SECONDS)
    return tuple(_known(answer, found) for answer in answers)


def _read(
    connection: Connection, log_group: str, answers: Sequence[Answer], late: float, clock: Callable[[], float]
) -> dict[str, tuple[str, Report]]:
    """Return log stream and REPORT by request id, as far as they are there yet."""
    request: FilterLogEventsRequestTypeDef = {"logGroupName": log_group, "filterPattern": '"REPORT RequestId"'}
    if times := [answer.answered for answer in answers if answer.answered is not None]:
        longest = max((answer.report.duration_ms for answer in answers if answer.report), default=0.0)
        first = min(times) - _BEFORE - timedelta(milliseconds=longest)
        request["startTime"] = int(first.timestamp() * 1000)
    found: dict[str, tuple[str, Report]] = {}
    while True:
        page = Retry(attempts=4).call(
            lambda: connection.logs.filter_log_events(**request), worth=passing, stop=connection.ending, pace=None
        )
        for event in page.get("events", []):
            report = parse_report(event.get("message", ""))
            if report is not None:
                found[report.request_id] = (event.get("logStreamName", ""), report)  # Lambda's own line is the last
        if "nextToken" not in page or clock() > late:
            return found
        request["nextToken"] = page["nextToken"]


def _known(answer: Answer, found: dict[str, tuple[str, Report]]) -> Invocation:
    if answer.request_id not in found:
        return answer.invocation
    environment, report = found[answer.request_id]
    invocation = answer.invocation
    if answer.report is None:
        invocation = judge(replace(invocation, reason=""), answer.failed, report)
    return replace(invocation, environment=environment, environment_known=True)
