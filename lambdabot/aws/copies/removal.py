"""The removal of what the ledger holds: all functions and packages at once, then the log group they wrote to."""

import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import wait
from dataclasses import dataclass
from functools import partial
from threading import Event
from typing import Any, TypeVar

from lambdabot.aws.calls.connection import Connection
from lambdabot.aws.calls.failures import CallError
from lambdabot.aws.calls.retry import AWSError, answer_lost, code, passing
from lambdabot.aws.calls.threads import start
from lambdabot.aws.copies.ledger import Entry, Kind, Ledger

_LOOKS = 4  # how often a resource must not be found before it is believed that its creation never took effect
_PAUSE_SECONDS = 0.4
_LAST_SECONDS = 1.5  # kept for the log group while invocations that were given up still run
_CONFLICTS = {"ResourceConflictException", "OperationAbortedException"}  # another change is under way: wait for it
_NEVER = Event()

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """One attempt to remove what a run made; what cannot be removed stays in the ledger, and why in `failures`."""

    connection: Connection
    ledger: Ledger
    notes: list[str]
    failures: list[CallError]
    deadline: float  # on the monotonic clock

    def run(self, entries: Sequence[Entry]) -> None:
        """Remove functions, layers and packages at once, then the log group; return at the deadline at the latest."""
        self._remove_kinds({Kind.FUNCTION, Kind.LAYER, Kind.S3_OBJECT}, entries)
        if not self.connection.in_flight.wait(self._seconds - _LAST_SECONDS):
            self.notes.append("Invocations were still running at the end: Lambda may make their log group anew.")
        self._remove_kinds({Kind.LOG_GROUP}, entries)

    def _remove_kinds(self, kinds: Collection[Kind], entries: Sequence[Entry]) -> None:
        removals = [start(partial(self._remove, entry)) for entry in entries if entry.kind in kinds]
        done, _ = wait(removals, timeout=self._seconds)
        for removal in done:
            removal.result()

    @property
    def _seconds(self) -> float:
        return max(0.0, self.deadline - time.monotonic())

    def _remove(self, entry: Entry) -> None:
        """Delete one resource; not to find it counts only when no creation is under way any more."""
        entry.settled.wait(self._seconds / 2)
        asked = False  # an earlier attempt may have deleted it although its answer was lost
        looks = 0

        def ask(operation: str, send: Callable[[], T], *, deletes: bool = True) -> T:
            def attempt() -> T:
                nonlocal asked
                try:
                    return send()
                except AWSError as error:
                    asked = asked or (deletes and answer_lost(error))
                    raise

            return self.connection.call(
                operation,
                attempt,
                doing=f"remove the {entry}",
                worth=lambda error: passing(error) or code(error) in _CONFLICTS,
                stop=_NEVER,
                attempts=20,
                cap_seconds=1.0,
                deadline=self.deadline,
            )

        while looks < _LOOKS:
            settled = entry.settled.is_set()
            try:
                if self._delete(entry, ask):
                    break
            except CallError as error:
                if error.code != "ResourceNotFoundException":
                    self.failures.append(error)
                    return
            if asked and entry.certain:
                break
            if self._seconds < _PAUSE_SECONDS:
                return
            looks += settled
            time.sleep(_PAUSE_SECONDS)
        self.ledger.remove(entry)

    def _delete(self, entry: Entry, ask: Callable[..., Any]) -> bool:
        """Delete a resource; tell whether it was there, as far as Lambda says so."""
        connection, name = self.connection, entry.name
        match entry.kind:
            case Kind.FUNCTION:
                ask("lambda.DeleteFunction", lambda: connection.remover.delete_function(FunctionName=name))
            case Kind.LAYER:
                return self._delete_layer(name, ask)
            case Kind.LOG_GROUP:
                ask("logs.DeleteLogGroup", lambda: connection.logs.delete_log_group(logGroupName=name))
            case Kind.S3_OBJECT:
                bucket, _, key = name.partition("/")
                ask("s3.DeleteObject", lambda: connection.object_remover.delete_object(Bucket=bucket, Key=key))
        return True

    def _delete_layer(self, name: str, ask: Callable[..., Any]) -> bool:
        """Delete all versions of a layer, which goes with the last: a lost answer made it be published once more.

        They are few enough for one page. Lambda does not mind when a version is not there.
        """
        remover = self.connection.remover
        listed = ask("lambda.ListLayerVersions", lambda: remover.list_layer_versions(LayerName=name), deletes=False)
        for number in (one["Version"] for one in listed["LayerVersions"]):
            ask(
                "lambda.DeleteLayerVersion",
                partial(lambda at: remover.delete_layer_version(LayerName=name, VersionNumber=at), number),
            )
        return bool(listed["LayerVersions"])
