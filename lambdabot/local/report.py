"""What Lambda itself writes into a function's log: INIT_START, START, END and REPORT, as text or as JSON.

The REPORT has one field that Lambda's has not: `Waited` (`waitedMs`), what other work of this machine added to the time
on the clock. It is in neither Duration nor Billed Duration.
"""

import base64
import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from lambdabot.local.function import FunctionVersion
from lambdabot.local.worker.environment import InvokeResult

_TAIL = 4096  # bytes of X-Amz-Log-Result, before base64
_LINE = re.compile(rb"[^\n]*\n|[^\n]+")  # a carriage return ends none: Node.js has them in one line of several
_EVENT = 262_144  # bytes; "CloudWatch Logs quotas": a longer event is cut into several


@dataclass(frozen=True, slots=True, kw_only=True)
class InvocationLog:
    """All log lines of one invocation; moments are milliseconds since the epoch."""

    version: FunctionVersion
    request_id: str
    result: InvokeResult
    started: int
    ended: int

    @property
    def billed_ms(self) -> int:
        """What Lambda bills: duration and init together, whole milliseconds upwards (since August 2025)."""
        return math.ceil(round(self.result.duration_ms + (self.result.init_ms or 0.0), 2))

    def events(self) -> Iterator[tuple[int, str]]:
        """Give (moment, message) of each event in order."""
        if self.result.init_ms is not None:
            yield self.started, self._init_start()
        yield self.started, self._start()
        for line in _LINE.findall(self.result.logs):
            for first in range(0, len(line), _EVENT):
                yield self.ended, line[first : first + _EVENT].decode(errors="replace")
        for text in self._end():
            yield self.ended, text

    def tail(self) -> str:
        """Return LogResult: the last 4 KB from START on, in base64."""
        body = self._start().encode() + self.result.logs[-_TAIL:]
        if not body.endswith(b"\n"):
            body += b"\n"
        return base64.b64encode((body + "".join(self._end()).encode())[-_TAIL:]).decode()

    def _init_start(self) -> str:
        runtime = self.result.runtime
        if self.version.logs_json:
            return self._platform("initStart", self.started, {"runtimeVersion": runtime, "phase": "init"})
        return f"INIT_START Runtime Version: {runtime}\n"

    def _start(self) -> str:
        version = self.version.version
        if self.version.logs_json:
            return self._platform("start", self.started, {"requestId": self.request_id, "version": version})
        return f"START RequestId: {self.request_id} Version: {version}\n"

    def _end(self) -> list[str]:
        result = self.result
        if self.version.logs_json:
            metrics: dict[str, float] = {
                "durationMs": round(result.duration_ms, 3),
                "billedDurationMs": self.billed_ms,
                "memorySizeMB": self.version.memory_mb,
                "maxMemoryUsedMB": result.max_memory_mb,
            }
            if result.init_ms is not None:
                metrics["initDurationMs"] = round(result.init_ms, 3)
            if result.waited_ms is not None:
                metrics["waitedMs"] = round(result.waited_ms, 3)
            record: dict[str, Any] = {
                "requestId": self.request_id,
                "metrics": metrics,
                "status": self._status() or "success",
            }
            if self._status() == "error":
                record["errorType"] = self._error_type()
            return [self._platform("report", self.ended, record)]
        fields = [
            f"REPORT RequestId: {self.request_id}",
            f"Duration: {result.duration_ms:.2f} ms",
            f"Billed Duration: {self.billed_ms} ms",
            f"Memory Size: {self.version.memory_mb} MB",
            f"Max Memory Used: {result.max_memory_mb} MB",
        ]
        if result.init_ms is not None:
            fields.append(f"Init Duration: {result.init_ms:.2f} ms")
        if result.waited_ms is not None:
            fields.append(f"Waited: {result.waited_ms:.2f} ms")
        status = self._status()
        fields.append(f"Status: {status}" if status else "")
        if status == "error":
            fields.append(f"Error Type: {self._error_type()}")
        return [f"END RequestId: {self.request_id}\n", "\t".join(fields) + "\n"]

    def _status(self) -> str:
        """Return the REPORT's status; Lambda leaves it out when the runtime lives on, whatever the handler answered."""
        if self.result.status == "timeout":
            return "timeout"
        return "" if self.result.healthy else "error"

    def _error_type(self) -> str:
        return "Runtime.OutOfMemory" if self.result.status == "out of memory" else str(self.result.error_type)

    def _platform(self, kind: str, moment: int, record: dict[str, Any]) -> str:
        time = datetime.fromtimestamp(moment / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
        return json.dumps({"time": time, "type": f"platform.{kind}", "record": record}) + "\n"
