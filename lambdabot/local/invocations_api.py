"""Lambda's Invoke: checks, the execution environment, the log, the answer."""

import base64
import json
import logging
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from lambdabot.errors import EndpointError
from lambdabot.local.account import Account
from lambdabot.local.api_error import ApiError
from lambdabot.local.call import Call, Operation
from lambdabot.local.function import FunctionVersion
from lambdabot.local.log_store import LogStore
from lambdabot.local.names import parse_name
from lambdabot.local.pool import EnvironmentPool
from lambdabot.local.registry import Registry
from lambdabot.local.report import InvocationLog

PAYLOAD_LIMIT = 6_291_456  # bytes; "Lambda quotas": 6 MB each way of a synchronous invocation
EVENT_LIMIT = 1_048_576  # bytes; "Lambda quotas": 1 MB of an asynchronous one
_EVENT_THREADS = 4

_LOG = logging.getLogger(__name__)


class InvocationsApi:
    """Invoke, synchronous and asynchronous."""

    def __init__(self, registry: Registry, account: Account, pool: EnvironmentPool, logs: LogStore) -> None:
        """Work on one Region."""
        self._registry = registry
        self._account = account
        self._pool = pool
        self._logs = logs
        self._events = ThreadPoolExecutor(_EVENT_THREADS, thread_name_prefix="events")
        self.operations: dict[str, Operation] = {"Invoke": self._invoke}

    def close(self) -> None:
        """Drop the events that wait; the pool is closed before, so that those at work end at once."""
        self._events.shutdown(cancel_futures=True)

    def _invoke(self, call: Call) -> Mapping[str, Any]:
        asked = call.parameters
        name = parse_name(asked["FunctionName"], self._registry.region, asked.get("Qualifier"))
        version = self._registry.serving(name)
        payload = _checked(asked.get("Payload", b""), asked.get("InvocationType"))
        context = _client_context(asked.get("ClientContext"))
        match asked.get("InvocationType"):
            case "DryRun":
                return {"StatusCode": 204}
            case "Event":
                self._events.submit(self._event, version, call, payload, context)
                return {"StatusCode": 202}
        answer, log = self._run(version, call, payload, context, wait=False)
        if asked.get("LogType") == "Tail":
            answer["LogResult"] = log.tail()
        return answer

    def _event(self, version: FunctionVersion, call: Call, payload: bytes, context: str | None) -> None:
        """Run an asynchronous invocation once; its outcome stands in the log, as on Lambda."""
        try:
            self._run(version, call, payload, context, wait=True)
        except (ApiError, EndpointError) as error:
            _LOG.warning("event %s of %s was not run: %s", call.request_id, version.name, error)

    def _run(
        self, version: FunctionVersion, call: Call, payload: bytes, context: str | None, *, wait: bool
    ) -> tuple[dict[str, Any], InvocationLog]:
        pooled = self._pool.acquire(version, lambda: self._account.share(version.name), wait=wait)
        usable = False
        started = time.time_ns() // 1_000_000
        try:
            result = pooled.environment.invoke(request_id=call.request_id, payload=payload, client_context=context)
            usable = True  # also after a failure: it starts anew within its next invocation, as on Lambda
        finally:
            self._pool.release(pooled, usable=usable)
        ended = time.time_ns() // 1_000_000
        log = InvocationLog(version=version, request_id=call.request_id, result=result, started=started, ended=ended)
        self._logs.write(version.log_group, pooled.log_stream, log.events())
        answer = {"StatusCode": 200, "ExecutedVersion": version.version, "Payload": result.payload}
        if result.function_error is not None:
            answer["FunctionError"] = result.function_error
        return answer, log


def _client_context(encoded: str | None) -> str | None:
    """Return what the client says of itself as the runtime gets it: the JSON, on one line and in ASCII."""
    if encoded is None:
        return None
    try:
        return json.dumps(json.loads(base64.b64decode(encoded, validate=True)))
    except (ValueError, RecursionError) as error:
        message = "Client context must be a valid Base64-encoded JSON object."
        raise ApiError(code="InvalidRequestContentException", message=message, members={"Type": "User"}) from error


def _checked(payload: bytes, kind: str | None) -> bytes:
    """Return the event; nothing at all is an empty object, as on Lambda."""
    limit = EVENT_LIMIT if kind == "Event" else PAYLOAD_LIMIT
    if len(payload) > limit:
        message = f"Request must be smaller than {limit} bytes for the InvokeFunction operation"
        raise ApiError(code="RequestTooLargeException", message=message, members={"Type": "User"})
    if not payload:
        return b"{}"
    try:
        json.loads(payload)
    except (ValueError, RecursionError) as error:
        message = f"Could not parse request body into json: Could not parse payload into json: {error}"
        raise ApiError(code="InvalidRequestContentException", message=message, members={"Type": "User"}) from error
    return payload
