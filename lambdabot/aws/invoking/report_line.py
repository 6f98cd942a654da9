"""The REPORT that Lambda writes at the end of every invocation, in its text and its JSON form.

Sources: AWS Lambda Developer Guide, "Viewing CloudWatch logs for Lambda functions" (text) and "Lambda Telemetry API
Event schema reference", `platform.report` (JSON).
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite

_TEXT = re.compile(r"REPORT RequestId: (?P<request_id>\S+)\s+(?P<fields>.*)", re.DOTALL)
_FIELD = re.compile(r"\s*(?P<name>[A-Z][A-Za-z ]*): (?P<value>\S+)(?: (?:ms|MB))?\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What one REPORT says: milliseconds and MB; a field that Lambda left out is None."""

    request_id: str
    duration_ms: float
    billed_ms: int
    memory_size_mb: int
    max_memory_used_mb: int
    init_ms: float | None = None
    restore_ms: float | None = None
    billed_restore_ms: float | None = None
    waited_ms: float | None = None  # the embedded endpoint's own: what its machine added to the time on the clock
    status: str | None = None  # `timeout` or `error`; the JSON form also says `success` and `failure`
    error_type: str | None = None


def find_report(log: str, request_id: str) -> Report | None:
    """Return the platform's own REPORT of this request, or None when the log does not hold a whole one.

    The log may begin inside a record and hold lines of anyone. A handler can print a line that looks like a REPORT, but
    never after Lambda's own: the last one wins.
    """
    for line in reversed(log.split("\n")):
        if request_id in line:
            report = parse_report(line)
            if report is not None and report.request_id == request_id:
                return report
    return None


def parse_report(line: str) -> Report | None:
    """Read one log line; None when it is not a whole REPORT."""
    line = line.strip()
    try:
        return _from_json(line) if line.startswith("{") else _from_text(line)
    except (KeyError, TypeError, ValueError, RecursionError):
        return None


def _from_text(line: str) -> Report | None:
    match = _TEXT.match(line)
    if match is None:
        return None
    fields: dict[str, str] = {}
    for part in match["fields"].split("\t"):
        if field := _FIELD.fullmatch(part):
            fields.setdefault(field["name"], field["value"])
    return Report(
        request_id=match["request_id"],
        duration_ms=_number(fields["Duration"]),
        billed_ms=_whole(fields["Billed Duration"]),
        memory_size_mb=_whole(fields["Memory Size"]),
        max_memory_used_mb=_whole(fields["Max Memory Used"]),
        init_ms=_optional(fields, "Init Duration"),
        restore_ms=_optional(fields, "Restore Duration"),
        billed_restore_ms=_optional(fields, "Billed Restore Duration"),
        waited_ms=_optional(fields, "Waited"),
        status=fields.get("Status"),
        error_type=fields.get("Error Type"),
    )


def _from_json(line: str) -> Report | None:
    event = json.loads(line)
    if event["type"] != "platform.report":
        return None
    record = event["record"]
    metrics = record["metrics"]
    return Report(
        request_id=_words(record["requestId"]),
        duration_ms=_number(metrics["durationMs"]),
        billed_ms=_whole(metrics["billedDurationMs"]),
        memory_size_mb=_whole(metrics["memorySizeMB"]),
        max_memory_used_mb=_whole(metrics["maxMemoryUsedMB"]),
        init_ms=_optional(metrics, "initDurationMs"),
        restore_ms=_optional(metrics, "restoreDurationMs"),
        billed_restore_ms=_optional(metrics, "billedRestoreDurationMs"),
        waited_ms=_optional(metrics, "waitedMs"),
        status=_words(record["status"]) if "status" in record else None,
        error_type=_words(record["errorType"]) if "errorType" in record else None,
    )


def _optional(fields: Mapping[str, object], name: str) -> float | None:
    return _number(fields[name]) if name in fields else None


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        message = f"not a number: {value!r}"
        raise TypeError(message)
    number = float(value)
    if not isfinite(number) or number < 0:
        message = f"no duration or size: {value!r}"
        raise ValueError(message)
    return number


def _whole(value: object) -> int:
    number = _number(value)
    if number != int(number):
        message = f"not a whole number: {value!r}"
        raise ValueError(message)
    return int(number)


def _words(value: object) -> str:
    if not isinstance(value, str):
        message = f"not a string: {value!r}"
        raise TypeError(message)
    return value
