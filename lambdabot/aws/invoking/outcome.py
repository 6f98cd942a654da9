"""How an invocation ended, from its FunctionError and its REPORT."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from lambdabot.aws.invoking.report_line import Report
from lambdabot.model import AnswerRule, Invocation, Outcome
from lambdabot.redaction import redact

NO_REPORT = (
    "no REPORT in the log's last 4 KB, where an extension may push it out, nor in CloudWatch Logs, which the execution "
    "role must be allowed to write to (logs:CreateLogStream, logs:PutLogEvents)"
)
_REASON_CHARACTERS = 300
_FRAME_CHARACTERS = 2000  # of a frame's text, in which a search may begin anywhere
_REQUEST_ID = re.compile(r"RequestId: [0-9a-f-]{36} (Error: )?")  # no two failures would read alike
_OWN_FRAME = re.compile(r'File "[^"]*?/task/([^"]+)", line (\d+)')
_OWN_FRAME_OF_NODE = re.compile(r"(?:file://)?/[^\s():]*?/task/([^\s():]+):(\d+)")
_TRACEBACK = "Traceback (most recent call last):"
_EVERY_FAILURE = AnswerRule()
_HEAP = re.compile(r"FATAL ERROR: [^\n]*?(JavaScript heap out of memory)")
_TIMED_OUT = re.compile(r"Task timed out after [\d.]+ seconds\s*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """What the payload of an answer with FunctionError says, or what makes an answer without one a failure."""

    error_type: str
    message: str
    place: str = ""  # where in the function, or what ended it
    answered: bool = False  # the function returned it, and Lambda knows of no failure
    meant: bool = False  # the settings allow it: as good as any other answer

    def __str__(self) -> str:
        """Return it on one line, bounded and redacted."""
        words = ": ".join(part for part in (self.error_type, self.message) if part) or "the function failed"
        told = redact(_REQUEST_ID.sub("", " ".join(words.split())))[:_REASON_CHARACTERS]
        return f"{told} ({redact(self.place)[:_REASON_CHARACTERS]})" if self.place else told


def read_failure(payload: bytes, log: str = "", rule: AnswerRule = _EVERY_FAILURE) -> Failed:
    """Read `errorType` and `errorMessage`, and where it was raised; runtimes are free to leave them out.

    Of a runtime that ended, `log`, the end of its log, may hold the exception that ended it.
    """
    try:
        error = json.loads(payload)
    except (ValueError, RecursionError):
        error = None
    if not isinstance(error, dict):
        return Failed(error_type="", message=payload[:_REASON_CHARACTERS].decode(errors="replace"))
    error_type = str(error.get("errorType") or "")
    place = _exception(log) if error_type == "Runtime.ExitError" else _innermost(error)
    message = str(error.get("errorMessage") or "")
    return Failed(error_type=error_type, message=message, place=place, meant=rule.allows(error_type))


def _innermost(error: Mapping[str, Any]) -> str:
    """Return file and line of the function's innermost frame: Python's runtime has it last, Node.js first in `trace`.

    A package of Node.js lies in the function's own folder, and is passed over for what called it.
    """
    own = _found(_OWN_FRAME, error.get("stackTrace"))[-1:]
    if not own:
        frames = _found(_OWN_FRAME_OF_NODE, error.get("trace"))
        own = [each for each in frames if "node_modules/" not in each[1]][:1] or frames[:1]
    return f"{own[0][1]}, line {own[0][2]}" if own else ""


def _found(frame: re.Pattern[str], frames: object) -> list[re.Match[str]]:
    texts = (str(one)[:_FRAME_CHARACTERS] for one in frames) if isinstance(frames, list) else ()
    return [found for text in texts if (found := frame.search(text))]


def _exception(log: str) -> str:
    """Return the exception of the last traceback in a log: its first line that is not indented; or V8's last word."""
    if heap := _HEAP.search(log):
        return heap[1]
    _, traceback, after = log.rpartition(_TRACEBACK)
    lines = after.splitlines()[1:] if traceback else []
    return next((line.strip() for line in lines if line.strip() and not line[0].isspace()), "")


def judge(blank: Invocation, failed: Failed | None, report: Report | None) -> Invocation:
    """Return the invocation with its outcome and figures: without a REPORT none, and only a failure counts."""
    asked = blank.variant.configuration.memory_mb
    if report is not None and report.memory_size_mb != asked:
        reason = f"ran at {report.memory_size_mb} MB, not at {asked} MB"
        return replace(blank, outcome=Outcome.DISCARDED, reason=reason)
    outcome, reason = _outcome(failed, report)
    error_type = (failed.error_type if failed else "") or (report.error_type if report else None) or ""
    error_type = "" if outcome is Outcome.OK else redact(error_type)[:_REASON_CHARACTERS]
    if report is None:
        return replace(blank, outcome=outcome, reason=reason, error_type=error_type)
    return replace(
        blank,
        outcome=outcome,
        reason=reason,
        error_type=error_type,
        survived=_survived(outcome, failed),
        cold=report.init_ms is not None or report.restore_ms is not None,
        duration_ms=report.duration_ms,
        billed_ms=report.billed_ms,
        init_ms=report.init_ms,
        restore_ms=report.restore_ms,
        waited_ms=report.waited_ms,
        max_memory_used_mb=report.max_memory_used_mb,
    )


def _survived(outcome: Outcome, failed: Failed | None) -> bool:
    """Tell whether the environment goes on beyond doubt: the function returned, or Python's runtime told the exception.

    That of Node.js tells an uncaught exception alike and ends then (AWS Lambda Developer Guide, "Lambda execution
    environment lifecycle"; the runtimes' own sources, aws-lambda-python-runtime-interface-client and -nodejs-).
    """
    if failed is None or outcome is not Outcome.ERROR:
        return outcome is Outcome.FAILING_ANSWER
    return bool(failed.place) and not failed.error_type.startswith("Runtime.")


def _outcome(failed: Failed | None, report: Report | None) -> tuple[Outcome, str]:
    """Classify (AWS Lambda Developer Guide, "Troubleshoot invocation issues"); never by Max Memory Used."""
    status = report.status if report else None
    error_type = (report.error_type if report else None) or (failed.error_type if failed else "")
    words = str(failed or Failed(error_type=error_type, message=""))
    if (failed is None and status in {None, "success"}) or (failed and failed.meant):
        return (Outcome.OK, "") if report else (Outcome.DISCARDED, NO_REPORT)
    if failed and failed.answered and status in {None, "success"}:
        return Outcome.FAILING_ANSWER, words
    kind, message = (failed.error_type, failed.message) if failed else ("", "")
    if status == "timeout" or error_type == "Sandbox.Timedout" or (not kind and _TIMED_OUT.search(message)):
        return Outcome.TIMEOUT, words
    killed = kind == "Runtime.ExitError" and "signal: killed" in message
    if killed or error_type == "Runtime.OutOfMemory":
        return Outcome.OUT_OF_MEMORY, words
    return Outcome.ERROR, words
