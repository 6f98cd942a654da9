"""How Lambda words the end of an invocation that its runtime did not live to tell."""

import json
import os
import signal
from dataclasses import dataclass
from typing import Literal

from lambdabot.local.worker.runtime_api import RESPONSE_LIMIT

Status = Literal["ok", "error", "timeout", "out of memory"]

# strsignal(3) as Go prints it, in which Lambda's own front end is written
_SIGNALS: dict[int, str] = {
    signal.SIGABRT: "aborted",
    signal.SIGBUS: "bus error",
    signal.SIGFPE: "floating point exception",
    signal.SIGHUP: "hangup",
    signal.SIGILL: "illegal instruction",
    signal.SIGINT: "interrupt",
    signal.SIGKILL: "killed",
    signal.SIGPIPE: "broken pipe",
    signal.SIGSEGV: "segmentation fault",
    signal.SIGTERM: "terminated",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A failure as the caller gets it, and as the log names it."""

    status: Status
    error_type: str
    payload: bytes
    log: str  # the line that Lambda itself adds to the log, or empty


def _failure(status: Status, error_type: str, message: str, log: str) -> Failure:
    payload = json.dumps({"errorType": error_type, "errorMessage": message}, separators=(",", ":")).encode()
    return Failure(status=status, error_type=error_type, payload=payload, log=log)


def exited(request_id: str, wait_status: int, *, out_of_memory: bool) -> Failure:
    """Return the failure of a process that ended, from its wait status (waitpid(2))."""
    code = os.waitstatus_to_exitcode(wait_status)
    if code < 0:
        end = f"with error: signal: {_SIGNALS.get(-code, f'signal {-code}')}"
    elif code > 0:
        end = f"with error: exit status {code}"
    else:
        end = "without providing a reason"
    message = f"RequestId: {request_id} Error: Runtime exited {end}"
    status: Status = "out of memory" if out_of_memory else "error"
    return _failure(status, "Runtime.ExitError", message, f"{message}\nRuntime.ExitError\n")


def out_of_storage(request_id: str, megabytes: int) -> Failure:
    """Return the failure of an invocation that held more files than its ephemeral storage has room for.

    On Lambda the write itself fails in these words; here files are counted, and the process is ended.
    """
    message = "[Errno 28] No space left on device"
    log = f"{message}: /tmp is {megabytes} MB large (RequestId: {request_id})\n"
    return _failure("error", "OSError", message, log)


def no_entry_point(request_id: str, reason: str) -> Failure:
    """Return the failure of a package whose program could not be started."""
    message = f"RequestId: {request_id} Error: {reason}"
    return _failure("error", "Runtime.InvalidEntrypoint", message, f"{message}\nRuntime.InvalidEntrypoint\n")


def timed_out(request_id: str, seconds: float, at: str) -> Failure:
    """Return the failure of an invocation that ran into its timeout; `at` is the time as the log has it."""
    message = f"Task timed out after {seconds:.2f} seconds"
    log = f"{at} {request_id} {message}\n\n"
    return _failure("timeout", "Sandbox.Timedout", f"RequestId: {request_id} Error: {message}", log)


def too_large() -> Failure:
    """Return the failure of an invocation whose response is larger than Lambda passes on."""
    message = f"Response payload size exceeded maximum allowed payload size ({RESPONSE_LIMIT} bytes)."
    return _failure("error", "Function.ResponseSizeTooLarge", message, "")


def with_request_id(payload: bytes, request_id: str) -> bytes:
    """Return the runtime's own error with the request's id where the runtime could not know it yet."""
    try:
        error = json.loads(payload)
    except ValueError:
        return payload
    if not isinstance(error, dict) or error.get("requestId") != "":
        return payload
    return json.dumps(error | {"requestId": request_id}).encode()
