"""Execution environments: reused, started, stopped, and never more at work than the concurrency limits allow."""

import threading
import time
import uuid
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from lambdabot.local.api_error import ApiError
from lambdabot.local.function import LATEST, FunctionVersion
from lambdabot.local.host import Environment
from lambdabot.local.worker.spec import EnvironmentSpec

_LOOK_AGAIN_SECONDS = 1  # reservations change without a word
_SPARE_MB = 256  # of the machine's memory, beside what a new environment may use


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A concurrency limit and who shares it: one function with a reservation, or all that have none ("")."""

    function: str
    limit: int


@dataclass(slots=True, kw_only=True, eq=False)
class PooledEnvironment:
    """A live execution environment of one FunctionVersion; its log stream is its name on CloudWatch."""

    version: FunctionVersion
    environment: Environment
    log_stream: str
    share: Share
    last_used: float = field(default_factory=time.monotonic)


class EnvironmentPool:
    """The execution environments of one Region.

    `start` makes an environment from its spec, `available_mb` tells the machine's free memory.
    """

    def __init__(
        self,
        region: str,
        *,
        start: Callable[[EnvironmentSpec], Environment],
        idle_seconds: float,
        available_mb: Callable[[], float],
    ) -> None:
        """Begin empty; a thread stops what was idle for `idle_seconds`."""
        self._region = region
        self._start = start
        self._idle_seconds = idle_seconds
        self._available_mb = available_mb
        self._changed = threading.Condition()
        self._idle: dict[FunctionVersion, list[PooledEnvironment]] = {}
        self._busy: set[PooledEnvironment] = set()
        self._retired: weakref.WeakSet[FunctionVersion] = weakref.WeakSet()
        self._closed = threading.Event()
        self._reaper = threading.Thread(target=self._reap, name="idle environments", daemon=True)
        self._reaper.start()

    def acquire(self, version: FunctionVersion, share: Callable[[], Share], *, wait: bool = False) -> PooledEnvironment:
        """Return an idle environment, the last used first, or a new one.

        429 TooManyRequestsException when the share is used up, unless `wait`. The share is asked for each time,
        because reservations change.
        """
        while True:
            now = share()  # outside our lock: it takes the registry's, under which versions are retired here
            with self._changed:
                if self._closed.is_set():
                    raise ApiError(code="ServiceException", message="The endpoint is shutting down")
                if sum(busy.share.function == now.function for busy in self._busy) < now.limit:
                    pooled, crowded = self._take(version, now)
                    break
                if not wait:
                    raise _throttled(now)
                self._changed.wait(_LOOK_AGAIN_SECONDS)
        _stop(crowded)
        return pooled

    def release(self, pooled: PooledEnvironment, *, usable: bool) -> None:
        """Take an environment back; it is stopped when it is broken or its version serves no more."""
        with self._changed:
            self._busy.discard(pooled)
            keep = usable and pooled.version not in self._retired and not self._closed.is_set()
            if keep:
                pooled.last_used = time.monotonic()
                self._idle.setdefault(pooled.version, []).append(pooled)
            self._changed.notify_all()
        if not keep:
            _stop([pooled])

    def retire(self, version: FunctionVersion) -> None:
        """Stop a version's environments: the idle ones now, the busy ones when they are done."""
        with self._changed:
            self._retired.add(version)
            idle = self._idle.pop(version, [])
        _stop(idle)

    def close(self) -> None:
        """Stop everything, also what is at work."""
        self._closed.set()
        with self._changed:
            environments = [*self._busy, *(pooled for idle in self._idle.values() for pooled in idle)]
            self._idle.clear()
            self._changed.notify_all()
        _stop(environments)
        self._reaper.join()

    def __len__(self) -> int:
        """Count the live environments."""
        with self._changed:
            return len(self._busy) + sum(len(idle) for idle in self._idle.values())

    def _take(self, version: FunctionVersion, share: Share) -> tuple[PooledEnvironment, list[PooledEnvironment]]:
        """Return the environment to use, busy from now on, and those to stop for its sake."""
        idle = self._idle.get(version)
        if idle:
            pooled = idle[-1]
            self._take_out([pooled])
            pooled.share = share
            crowded: list[PooledEnvironment] = []
        else:
            pooled = self._new(version, share)
            crowded = self._crowded(version.memory_mb)
        self._busy.add(pooled)
        return pooled, crowded

    def _new(self, version: FunctionVersion, share: Share) -> PooledEnvironment:
        """Make an environment; its process starts with its first invocation."""
        settings = version.settings
        default_group = version.log_group == f"/aws/lambda/{version.name}"
        day = datetime.now(UTC).strftime("%Y/%m/%d")
        log_stream = f"{day}/{'' if default_group else version.name}[{version.version}]{uuid.uuid4().hex}"
        environment = dict(settings.get("Environment", {}).get("Variables", {}))
        if version.logs_json:
            environment["AWS_LAMBDA_LOG_FORMAT"] = "JSON"
            environment["AWS_LAMBDA_LOG_LEVEL"] = settings["LoggingConfig"]["ApplicationLogLevel"]
        spec = EnvironmentSpec(
            code=version.code.folder,
            layers=version.layers.contents.folder if version.layers.contents else None,
            handler=settings["Handler"],
            runtime=settings["Runtime"],
            memory_mb=version.memory_mb,
            architecture=version.architecture,
            timeout_seconds=settings["Timeout"],
            storage_mb=settings["EphemeralStorage"]["Size"],
            environment=environment,
            function_name=version.name,
            version=version.version,
            function_arn=version.arn if version.version == LATEST else version.qualified_arn,
            region=self._region,
            log_group=version.log_group,
            log_stream=log_stream,
        )
        return PooledEnvironment(version=version, environment=self._start(spec), log_stream=log_stream, share=share)

    def _crowded(self, needed_mb: int) -> list[PooledEnvironment]:
        """Take out idle environments, the least recently used first, until the new one has room."""
        short_mb = needed_mb + _SPARE_MB - self._available_mb()
        victims: list[PooledEnvironment] = []
        for pooled in sorted((p for idle in self._idle.values() for p in idle), key=lambda pooled: pooled.last_used):
            if short_mb <= 0:
                break
            victims.append(pooled)
            short_mb -= pooled.version.memory_mb
        self._take_out(victims)
        return victims

    def _take_out(self, victims: list[PooledEnvironment]) -> None:
        for pooled in victims:
            idle = self._idle[pooled.version]
            idle.remove(pooled)
            if not idle:
                del self._idle[pooled.version]

    def _reap(self) -> None:
        while not self._closed.wait(self._idle_seconds / 4):
            oldest = time.monotonic() - self._idle_seconds
            with self._changed:
                victims = [p for idle in self._idle.values() for p in idle if p.last_used < oldest]
                self._take_out(victims)
            _stop(victims)


def available_mb() -> float:
    """Return the memory that the machine can still give, in MB (proc(5), MemAvailable)."""
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) / 1024
    return float("inf")


def _stop(environments: list[PooledEnvironment]) -> None:
    for pooled in environments:
        pooled.environment.stop()


def _throttled(share: Share) -> ApiError:
    reason = (
        "ReservedFunctionConcurrentInvocationLimitExceeded" if share.function else "ConcurrentInvocationLimitExceeded"
    )
    members = {"Type": "User", "Reason": reason, "retryAfterSeconds": "1"}
    return ApiError(code="TooManyRequestsException", message="Rate Exceeded.", members=members)
