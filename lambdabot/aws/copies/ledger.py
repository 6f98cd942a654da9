"""What a run creates, written down before the call that creates it."""

from dataclasses import dataclass, field
from enum import StrEnum
from threading import Event, RLock

from lambdabot.aws.copies.journal import Journal


class Kind(StrEnum):
    """A kind of throw-away resource, as a reader says it."""

    FUNCTION = "function"
    LAYER = "layer"  # with all of its versions
    LOG_GROUP = "log group"
    S3_OBJECT = "S3 object"  # named `bucket/key`


class LedgerClosedError(Exception):
    """The run ends: nothing more may be created."""


@dataclass(slots=True, kw_only=True)
class Entry:
    """One resource; `settled` is set when the call that creates it can no longer take effect unnoticed."""

    kind: Kind
    name: str
    certain: bool = False  # AWS has confirmed that it exists
    removed: bool = False
    settled: Event = field(default_factory=Event)

    def __str__(self) -> str:
        """Return it as it stands in a message: `function lambdabot-…`."""
        return f"{self.kind} {self.name}"


class Ledger:
    """The entries of one run; closed before anything is removed, so that nothing new comes after it.

    Its journal is the same on disk, for whoever cleans up after the process was killed.
    """

    def __init__(self, journal: Journal | None = None) -> None:
        """Begin empty and open."""
        self._journal = journal
        self._lock = RLock()  # a signal that asks what is left may meet its own thread in here
        self._closed = False
        self._entries: dict[tuple[Kind, str], Entry] = {}
        self._created = 0

    def plan(self, kind: Kind, name: str) -> Entry:
        """Write down what is about to be created; raises LedgerClosedError at the end of the run.

        OSError when the journal cannot be written.
        """
        with self._lock:
            if self._closed:
                raise LedgerClosedError
            if (kind, name) in self._entries:
                message = f"{kind} {name} is in the ledger already"
                raise ValueError(message)
            if self._journal is not None:
                self._journal.planned(kind, name)
            entry = self._entries[kind, name] = Entry(kind=kind, name=name)
            return entry

    def confirm(self, entry: Entry) -> None:
        """AWS says that it exists."""
        with self._lock:
            self._created += entry.kind is Kind.FUNCTION and not entry.certain
            entry.certain = True
            entry.settled.set()

    def strike(self, entry: Entry) -> None:
        """AWS says that it was not created, or that it is not ours."""
        with self._lock:
            self._entries.pop((entry.kind, entry.name), None)
            entry.settled.set()
            if self._journal is not None:
                self._journal.gone(entry.kind, entry.name)

    def remove(self, entry: Entry) -> None:
        """It no longer exists."""
        with self._lock:
            entry.removed = True
            if self._journal is not None:
                self._journal.gone(entry.kind, entry.name)

    def close(self) -> tuple[Entry, ...]:
        """Let nothing more be written down, and return what has to be removed."""
        with self._lock:
            self._closed = True
        return self.left

    def end(self) -> None:
        """Give the journal up; it stays when it tells of something that is left."""
        if self._journal is not None:
            self._journal.end(nothing_left=not self.left)

    @property
    def left(self) -> tuple[Entry, ...]:
        """What exists, or may exist."""
        with self._lock:
            return tuple(entry for entry in self._entries.values() if not entry.removed)

    @property
    def created(self) -> int:
        """How many functions AWS confirmed."""
        return self._created

    @property
    def removed(self) -> int:
        """How many of the confirmed functions are gone."""
        with self._lock:
            entries = self._entries.values()
            return sum(entry.removed and entry.certain and entry.kind is Kind.FUNCTION for entry in entries)
