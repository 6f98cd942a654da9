"""A call that creates a resource, bound to its entry in the ledger."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from lambdabot.aws.calls.connection import Connection
from lambdabot.aws.calls.failures import CallError
from lambdabot.aws.calls.retry import AWSError, StoppedError, answer_lost, code, passing
from lambdabot.aws.copies.ledger import Entry, Kind, Ledger

T = TypeVar("T")
_EXISTS = {"ResourceConflictException", "ResourceAlreadyExistsException"}  # after a lost answer: the name is our own
_ATTEMPTS = 10  # some 15 s: as long as a new role may take until Lambda can assume it


@dataclass(frozen=True, slots=True, kw_only=True)
class Creator:
    """Creates resources of one run: each is written down first, and struck out when AWS says that nothing was made."""

    connection: Connection
    ledger: Ledger

    def create(
        self,
        operation: str,
        send: Callable[[], T],
        *,
        kind: Kind,
        name: str,
        doing: str,
        worth: Callable[[Exception], bool] = passing,
    ) -> T | None:
        """Create a resource by an operation, again after errors that are `worth` it.

        Returns None when it exists because an earlier attempt made it, whose answer was lost. Raises CallError,
        StoppedError, or LedgerClosedError.
        """
        entry: Entry | None = None
        lost = False

        def attempt() -> T | None:
            nonlocal entry, lost
            if entry is None:
                entry = self.ledger.plan(kind, name)
            try:
                return send()
            except AWSError as error:
                if lost and code(error) in _EXISTS:
                    return None
                lost = lost or answer_lost(error)
                raise

        try:
            answer = self.connection.call(operation, attempt, doing=doing, worth=worth, attempts=_ATTEMPTS)
        except (CallError, StoppedError):
            if entry is not None and not lost:
                self.ledger.strike(entry)
            raise
        else:
            if entry is not None:
                self.ledger.confirm(entry)
            return answer
        finally:
            if entry is not None:
                entry.settled.set()
