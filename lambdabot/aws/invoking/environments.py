"""Which execution environment served an invocation, and on which CPU: its log stream in CloudWatch Logs tells."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from lambdabot.aws.calls.failures import CallError
from lambdabot.aws.calls.retry import StoppedError
from lambdabot.aws.invoking.cpu_model import TERM, read_cpu_model
from lambdabot.aws.invoking.outcome import judge
from lambdabot.aws.invoking.report_line import Report, parse_report
from lambdabot.model import Invocation, Outcome

if TYPE_CHECKING:
    from types_boto3_logs.type_defs import FilterLogEventsRequestTypeDef

    from lambdabot.aws.calls.connection import Connection
    from lambdabot.aws.invoking.invocation import Answer

_LATE_SECONDS = 8.0  # lines are usually there within five
_SILENT_SECONDS = 4.0  # the same when no line at all comes: the execution role may not write logs
_PAUSE_SECONDS = 1.0
_PATTERN = f"?REPORT ?{TERM}"  # one or the other
_BEFORE = timedelta(seconds=60)  # clocks of Lambda and of the log group are not one


class Environments:
    """The execution environments of one run's functions, with the CPU models that their log streams told so far."""

    def __init__(
        self,
        connection: Connection,
        log_group: str,
        *,
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], object] = time.sleep,
    ) -> None:
        """Call nothing yet."""
        self._connection = connection
        self._log_group = log_group
        self._clock = clock
        self._pause = pause
        self._cpu_models: dict[str, str] = {}  # by log stream, which tells it once
        self._met: set[str] = set()

    def identify(self, answers: Sequence[Answer]) -> tuple[Invocation, ...]:
        """Return the invocations of these answers with their environments: one call for all that a round brought.

        The environment is the log stream that holds the request's REPORT; a REPORT that the log tail lacked is taken
        from there. Where logs may not be read, or come too late, an invocation stays as it is: its lane stands in.
        """
        wanted = {answer.request_id for answer in answers if answer.request_id is not None}
        found: dict[str, tuple[str, Report]] = {}
        begin = self._clock()
        while wanted - found.keys():
            late = begin + (_LATE_SECONDS if found else _SILENT_SECONDS)
            try:
                found |= self._read(answers, late)
            except (CallError, StoppedError):
                break  # denied, or no such group
            if wanted <= found.keys() or self._clock() + _PAUSE_SECONDS > late:
                break
            self._pause(_PAUSE_SECONDS)
        return self._first_calls_cold([self._known(answer, found) for answer in answers])

    def _first_calls_cold(self, invocations: Sequence[Invocation]) -> tuple[Invocation, ...]:
        """Mark the first call of each environment as cold where its REPORT does not say so.

        An INIT of more than 10 s is broken off and done again inside that call's Duration, without an Init Duration
        (Lambda Developer Guide, "Lambda execution environment lifecycle").
        """
        first: dict[str, int] = {}  # the wave in which an environment was met
        for one in invocations:
            if one.environment_known and one.environment not in self._met:
                first[one.environment] = min(first.get(one.environment, one.wave), one.wave)
        said = {(one.environment, one.wave) for one in invocations if one.cold}
        self._met |= first.keys()
        return tuple(
            replace(one, cold=True)
            if one.outcome is Outcome.OK
            and first.get(one.environment) == one.wave
            and (one.environment, one.wave) not in said
            else one
            for one in invocations
        )

    def _read(self, answers: Sequence[Answer], late: float) -> dict[str, tuple[str, Report]]:
        """Return log stream and REPORT by request id, as far as they are there yet."""
        request: FilterLogEventsRequestTypeDef = {"logGroupName": self._log_group, "filterPattern": _PATTERN}
        if times := [answer.answered for answer in answers if answer.answered is not None]:
            longest = max((answer.report.duration_ms for answer in answers if answer.report), default=0.0)
            first = min(times) - _BEFORE - timedelta(milliseconds=longest)
            request["startTime"] = int(first.timestamp() * 1000)
        found: dict[str, tuple[str, Report]] = {}
        while True:
            page = self._connection.call(
                "logs.FilterLogEvents",
                lambda: self._connection.logs.filter_log_events(**request),
                doing="read the run's log group",
                attempts=4,
            )
            for event in page["events"]:
                stream, line = event.get("logStreamName", ""), event.get("message", "")
                if (model := read_cpu_model(line)) is not None:
                    self._cpu_models.setdefault(stream, model)
                elif (report := parse_report(line)) is not None:
                    found[report.request_id] = (stream, report)  # Lambda's own line is the last
            if "nextToken" not in page or self._clock() > late:
                return found
            request["nextToken"] = page["nextToken"]

    def _known(self, answer: Answer, found: dict[str, tuple[str, Report]]) -> Invocation:
        if answer.request_id not in found:
            return answer.invocation
        environment, report = found[answer.request_id]
        invocation = answer.invocation
        if answer.report is None:
            invocation = judge(replace(invocation, reason=""), answer.failed, report)
        return replace(
            invocation,
            environment=environment,
            environment_known=True,
            cpu_model=self._cpu_models.get(environment),
        )
