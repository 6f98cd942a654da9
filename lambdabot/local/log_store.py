"""Log groups, their streams and events, kept in memory like a window: the oldest events of a group go first."""

import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from lambdabot.local.api_error import ApiError

_GROUP_BYTES = 32 << 20  # what one group keeps


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEvent:
    """One event; `number` orders the events of a Region. Moments are milliseconds since the epoch."""

    number: int
    stream: str
    timestamp: int
    ingested: int
    message: str


@dataclass(slots=True, kw_only=True)
class LogStream:
    """One stream: on Lambda one execution environment."""

    name: str
    created: int
    first: int
    last: int
    ingested: int


@dataclass(slots=True, kw_only=True)
class LogGroup:
    """One group with its streams by name."""

    name: str
    arn: str
    created: int
    tags: dict[str, str] = field(default_factory=dict)
    streams: dict[str, LogStream] = field(default_factory=dict)
    events: deque[LogEvent] = field(default_factory=deque, repr=False)
    stored: int = 0
    retention_days: int | None = None


class LogStore:
    """The log groups of one Region."""

    def __init__(self, arn_prefix: str, *, group_bytes: int = _GROUP_BYTES) -> None:
        """Begin empty; `arn_prefix` ends before the group's name."""
        self._arn_prefix = arn_prefix
        self._group_bytes = group_bytes
        self._lock = threading.Lock()
        self._groups: dict[str, LogGroup] = {}
        self._number = 0

    def write(self, group: str, stream: str, events: Iterable[tuple[int, str]]) -> None:
        """Append events (moment, message); a missing group or stream is created, as Lambda does."""
        now = time.time_ns() // 1_000_000
        with self._lock:
            found = self._groups.get(group) or self._create(group, {}, now)
            for timestamp, message in events:
                self._number += 1
                event = LogEvent(number=self._number, stream=stream, timestamp=timestamp, ingested=now, message=message)
                found.events.append(event)
                found.stored += len(message)
                known = found.streams.get(stream)
                if known is None:
                    known = LogStream(name=stream, created=now, first=timestamp, last=timestamp, ingested=now)
                    found.streams[stream] = known
                known.last, known.ingested = max(known.last, timestamp), now
            while found.stored > self._group_bytes:
                found.stored -= len(found.events.popleft().message)

    def create(self, group: str, tags: dict[str, str]) -> None:
        """Create an empty group."""
        with self._lock:
            if group in self._groups:
                raise ApiError(code="ResourceAlreadyExistsException", message="The specified log group already exists")
            self._create(group, tags, time.time_ns() // 1_000_000)

    def delete(self, group: str) -> None:
        """Remove a group with everything in it."""
        with self._lock:
            self._find(group)
            del self._groups[group]

    @contextmanager
    def group(self, name: str) -> Iterator[LogGroup]:
        """Give a group to read or change while nothing is written."""
        with self._lock:
            yield self._find(name)

    def groups(self) -> list[LogGroup]:
        """Return the groups by name."""
        with self._lock:
            return [self._groups[name] for name in sorted(self._groups)]

    def _find(self, group: str) -> LogGroup:
        if group not in self._groups:
            raise ApiError(code="ResourceNotFoundException", message="The specified log group does not exist.")
        return self._groups[group]

    def _create(self, name: str, tags: dict[str, str], now: int) -> LogGroup:
        group = LogGroup(name=name, arn=f"{self._arn_prefix}{name}", created=now, tags=dict(tags))
        self._groups[name] = group
        return group
