"""What a chaos file may say: how the embedded endpoint misbehaves, all of it repeatable."""

from enum import StrEnum
from fnmatch import fnmatchcase
from functools import cache
from typing import Annotated, Literal

from botocore.loaders import Loader
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1)]
Rate = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Way(StrEnum):
    """A way in which one call fails; those that end in `after` or `reply` fail after the call took effect.

    Of a half reply the connection breaks in the middle of the body; a cut or an empty one says that this was all, so
    that it is no JSON or XML any more.
    """

    THROTTLED = "throttled"
    CONFLICT = "conflict"
    SERVER_ERROR = "server error"
    SERVER_ERROR_AFTER = "server error after"
    RESET = "reset"
    RESET_AFTER = "reset after"
    HALF_REPLY = "half reply"
    CUT_REPLY = "cut reply"
    EMPTY_REPLY = "empty reply"
    SLOW_BODY = "slow body"
    OLD_CONFIGURATION = "old configuration"
    NO_REPORT = "no report"


@cache
def operations() -> frozenset[str]:
    """Return every operation that a pattern may mean, as `lambda:CreateFunction`."""
    loader = Loader()
    return frozenset(
        f"{service}:{name}"
        for service in ("lambda", "logs", "sts")
        for name in loader.load_service_model(service, "service-2")["operations"]
    )


def _known(pattern: str) -> str:
    if not any(fnmatchcase(name, pattern) for name in operations()):
        msg = f"no operation is called {pattern}; write it as lambda:CreateFunction, logs:* or *"
        raise ValueError(msg)
    return pattern


Calls = Annotated[list[Annotated[str, AfterValidator(_known)]], Field(min_length=1)]
"""Patterns of operations: `lambda:CreateFunction`, `lambda:*Function*`, `*`."""


class Section(BaseModel):
    """A mapping of the chaos file."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class RequestsSection(Section):
    """How many requests the control plane takes; what comes faster is answered 429."""

    per_second: Rate = 15
    """All requests together, without GetFunction and Invoke."""
    burst: Annotated[int, Field(ge=1)] = 15
    """How many may come at once after a pause."""
    get_function_per_second: Rate = 100
    """Requests of GetFunction alone, and its burst."""
    retry_after_seconds: Seconds | None = None
    """What a refusal says in its Retry-After."""


class AccountSection(Section):
    """Where accounts differ."""

    concurrency: Annotated[int, Field(ge=1)] = 1000
    """Concurrent invocations."""
    busy: Annotated[int, Field(ge=0)] = 0
    """How many of them other traffic always uses."""
    memory_mb: Annotated[int, Field(ge=128, le=10_240)] = 10_240
    """The largest memory size; a new account's is 3008."""


class ConsistencySection(Section):
    """How long a new function is not seen everywhere."""

    get_function_seconds: Seconds = 0
    """GetFunction answers 404, ListFunctions leaves it out."""
    tags_seconds: Seconds = 0
    """ListTags and GetFunction show no tags."""


class FailureSection(Section):
    """Calls that fail, some of them, each in one of several ways."""

    calls: Calls = ["*"]
    """Which operations."""
    share: Share = 0.05
    """How many of them."""
    ways: Annotated[list[Way], Field(min_length=1)] = list(Way)
    """How; a way that an operation cannot fail in is passed over."""
    seconds: Seconds = 0.1
    """How long a slow body pauses."""


class CannedSection(Section):
    """What invocations report without running anything."""

    function: Annotated[str, Field(min_length=1)] = "*"
    """Pattern of function names."""
    cpu_ms: Seconds = 100
    """Work at one vCPU, 1,769 MB; smaller sizes take longer in proportion."""
    wait_ms: Seconds = 0
    """Waiting, the same at every size."""
    arm64_factor: Rate = 1
    """Work on arm64 against x86_64."""
    noise: Share = 0
    """Each duration differs from the others by up to this share, either way."""
    init_ms: Seconds = 150
    """How long a new environment takes to start."""
    cold_ms: Seconds = 0
    """What the first call takes longer, beside its init."""
    max_memory_mb: Annotated[int, Field(ge=1)] = 60
    """Max Memory Used."""
    failing: Share = 0
    """Share of the calls that end in an unhandled error, after ten times their duration."""
    takes_seconds: Seconds = 0
    """What a call really takes until its answer."""


class Chaos(Section):
    """A chaos file: version, seed, and what goes wrong; all that it leaves out behaves well."""

    version: Literal[1]
    """Version of this format."""
    seed: int = 1
    """The same seed and the same calls fail in the same ways."""
    transition_seconds: Seconds = 0.001
    """A function stays Pending, or InProgress with its old configuration, for so long."""
    requests: RequestsSection | None = None
    """Limits of the control plane; none when absent."""
    account: AccountSection = AccountSection()
    """Limits of the account."""
    consistency: ConsistencySection = ConsistencySection()
    """What is seen late."""
    credentials_expire_after: Annotated[int, Field(ge=0)] | None = None
    """From the call after this one on, every call is answered ExpiredTokenException."""
    denied: Calls | None = None
    """Operations that are answered AccessDeniedException."""
    failures: list[FailureSection] = []
    """Calls that fail by chance; the first section that strikes a call decides."""
    canned: list[CannedSection] = []
    """Invocations that run nothing; the first pattern that fits a function counts. Absent: functions really run."""

    @model_validator(mode="after")
    def _all_canned(self) -> "Chaos":
        if self.canned and self.canned[-1].function != "*":
            msg = 'the last of `canned` needs `function: "*"`, so that every function has an answer'
            raise ValueError(msg)
        return self
