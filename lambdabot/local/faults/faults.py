"""What stands between a call and its operation when the endpoint is to misbehave."""

import base64
import re
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, Protocol

from lambdabot.local.api_error import ApiError, conflict
from lambdabot.local.call import Call, Operation
from lambdabot.local.exchange import WHOLE, Delivery
from lambdabot.local.faults.bucket import TokenBucket
from lambdabot.local.faults.chance import Chance, Failure
from lambdabot.local.faults.consistency import Consistency
from lambdabot.local.faults.document import CannedSection, Chaos, Way
from lambdabot.local.names import ACCOUNT
from lambdabot.local.region import Limits

Document = Mapping[str, Any]

_NO_LIMIT = (
    "lambda:Invoke",
    "logs:*",
    "sts:*",
)  # Invoke has the account's concurrency, other services their own limits
_MEMORY = re.compile(rb"(?P<before>\tMemory Size: )(?P<size>\d+)(?= MB)")
_DURATION = re.compile(rb"\tDuration: (?P<ms>[\d.]+) ms")
_OLD_FACTOR = 10  # so that an old configuration's duration is told from every other
_PARTS = {  # of an answer that arrive
    Way.RESET_AFTER: Delivery(share=0.0),
    Way.HALF_REPLY: Delivery(share=0.5),
    Way.CUT_REPLY: Delivery(kept=0.5),
    Way.EMPTY_REPLY: Delivery(kept=0.0),
}
_RESOURCES = ("FunctionName", "Resource", "logGroupName", "logGroupIdentifier", "resourceArn")


class Watch(Protocol):
    """Sees every call before its operation, and after it however that ended, before the answer is sent."""

    def before(self, operation: str, call: Call) -> None:
        """See a call that has arrived; an ApiError from here is its answer."""

    def after(self, operation: str, call: Call) -> None:
        """See that it is done."""


class Faults:
    """The faults of one endpoint, in the order in which AWS looks at a call; safe to use from several threads."""

    def __init__(self, chaos: Chaos, watch: Watch | None = None) -> None:
        """Begin with full buckets and no calls."""
        self.active = True  # False: nothing fails, and no rate is held
        self._chaos = chaos
        self._watch = watch
        self._chance = Chance(chaos.seed, chaos.failures)
        self._consistency = Consistency(chaos.consistency)
        requests = chaos.requests
        self._buckets: dict[str, TokenBucket] = {}
        if requests is not None:
            own = requests.get_function_per_second
            self._buckets = {
                "lambda:GetFunction": TokenBucket(per_second=own, burst=own),
                "": TokenBucket(per_second=requests.per_second, burst=requests.burst),
            }
        self.performed: Counter[str] = Counter()  # calls that took effect, by operation
        self._calls = 0
        self._lock = threading.Lock()

    @property
    def limits(self) -> Limits:
        """What the endpoint's account is like."""
        chaos, account = self._chaos, self._chaos.account
        return Limits(
            transition_seconds=chaos.transition_seconds,
            concurrency=account.concurrency,
            busy=account.busy,
            memory_mb=account.memory_mb,
        )

    @property
    def canned(self) -> Sequence[CannedSection]:
        """What invocations report without running; empty when functions run."""
        return self._chaos.canned

    def meet(self, operation: str, call: Call, perform: Operation) -> tuple[Document, Delivery]:
        """Return what a call is answered and how the answer is delivered; an ApiError is an answer too.

        `operation` is written `lambda:CreateFunction`.
        """
        if self._watch is None:
            return self._meet(operation, call, perform)
        self._watch.before(operation, call)
        try:
            return self._meet(operation, call, perform)
        finally:
            self._watch.after(operation, call)

    def _meet(self, operation: str, call: Call, perform: Operation) -> tuple[Document, Delivery]:
        if not self.active:
            return self._perform(operation, call, perform), WHOLE
        self._check_rate(operation)
        self._check_credentials(operation, call)
        resource = _resource(call)
        failure = self._chance.draw(operation, resource)
        if failure is not None and failure.way is Way.RESET:
            return {}, Delivery(share=0.0)
        if failure is not None and (refusal := _refusal(failure.way, resource)) is not None:
            raise refusal
        document = self._consistency.seen(operation, resource, self._perform(operation, call, perform))
        return (document, WHOLE) if failure is None else _spoilt(failure, document)

    def _perform(self, operation: str, call: Call, perform: Operation) -> Document:
        document = perform(call)
        with self._lock:
            self.performed[operation] += 1
        return document

    def _check_rate(self, operation: str) -> None:
        if not self._buckets or any(fnmatchcase(operation, one) for one in _NO_LIMIT):
            return
        if not self._buckets.get(operation, self._buckets[""]).take():
            assert self._chaos.requests is not None  # noqa: S101  # there are buckets
            raise _throttled(self._chaos.requests.retry_after_seconds)

    def _check_credentials(self, operation: str, call: Call) -> None:
        with self._lock:
            self._calls += 1
            number = self._calls
        expiry = self._chaos.credentials_expire_after
        if expiry is not None and number > expiry:
            message = "The security token included in the request is expired"
            raise ApiError(code="ExpiredTokenException", message=message, status=403)
        if any(fnmatchcase(operation, pattern) for pattern in self._chaos.denied or ()):
            action = operation.replace("lambda:Invoke", "lambda:InvokeFunction")  # the one action of another name
            who = f"User: arn:aws:sts::{ACCOUNT}:assumed-role/lambdabot/run"
            why = f"because no identity-based policy allows the {action} action"
            message = f"{who} is not authorized to perform: {action} on resource: {_resource(call) or '*'} {why}"
            raise ApiError(code="AccessDeniedException", message=message, status=403)


def _resource(call: Call) -> str:
    """Return the name of the function or log group that a call is about; empty for none."""
    text = next((str(call.parameters[name]) for name in _RESOURCES if name in call.parameters), "")
    return text.rpartition(":function:")[2].partition(":")[0] if ":function:" in text else text


def _refusal(way: Way, resource: str) -> ApiError | None:
    """Return the error of a call that does not take effect; None for the other ways."""
    match way:
        case Way.THROTTLED:
            return _throttled()
        case Way.CONFLICT:
            impossible = "The operation cannot be performed at this time."
            return conflict(message=f"{impossible} An update is in progress for resource: {resource}")
        case Way.SERVER_ERROR:
            return _server_error()
    return None


def _spoilt(failure: Failure, document: Document) -> tuple[Document, Delivery]:
    """Spoil the answer of a call that took effect."""
    match failure.way:
        case Way.SERVER_ERROR_AFTER:
            raise _server_error()
        case Way.SLOW_BODY:
            return document, Delivery(pause_seconds=failure.seconds)
        case Way.OLD_CONFIGURATION if "LogResult" in document:
            return {**document, "LogResult": _of_old_configuration(document["LogResult"])}, WHOLE
        case Way.NO_REPORT:
            return {key: value for key, value in document.items() if key != "LogResult"}, WHOLE
    return document, _PARTS.get(failure.way, WHOLE)


def _of_old_configuration(log_result: str) -> str:
    """Let a REPORT tell of half the memory and ten times the duration."""
    log = base64.b64decode(log_result)
    log = _MEMORY.sub(lambda found: found["before"] + str(int(found["size"]) // 2).encode(), log)
    log = _DURATION.sub(lambda found: f"\tDuration: {float(found['ms']) * _OLD_FACTOR:.2f} ms".encode(), log)
    return base64.b64encode(log).decode()


def _throttled(retry_after_seconds: float | None = None) -> ApiError:
    members = {"Type": "User", "Reason": "CallerRateLimitExceeded"}
    if retry_after_seconds is not None:
        members["retryAfterSeconds"] = f"{retry_after_seconds:g}"
    return ApiError(code="TooManyRequestsException", message="Rate exceeded", members=members)


def _server_error() -> ApiError:
    message = "An internal error occurred. Please retry your request."
    return ApiError(code="ServiceException", message=message, members={"Type": "Service"}, status=500)
