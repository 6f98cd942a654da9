"""What a removal believes of a resource that is not found while the call that creates it may still take effect."""

import time
from collections.abc import Callable
from threading import Event

import pytest

from lambdabot.aws.copies import removal
from lambdabot.aws.copies.ledger import Entry, Kind, Ledger
from lambdabot.aws.copies.removal import Removal

NAME = "lambdabot-1-thumbnail-head-x86_64-128"


class Unsettled(Event):
    """A creation under way whose end was waited for as long as may be."""

    def wait(self, timeout: float | None = None) -> bool:
        return self.is_set()


@pytest.fixture
def entry(monkeypatch) -> Entry:
    monkeypatch.setattr(removal, "_PAUSE_SECONDS", 0.0)
    return Entry(kind=Kind.FUNCTION, name=NAME, settled=Unsettled())


def test_not_to_be_found_counts_only_once_the_creation_is_settled(fake, connection, entry, monkeypatch):
    """However often it was looked for before: it is there at last, and must go."""

    def late(self: Removal, entry: Entry, ask: Callable[..., object]) -> bool:
        if fake.count("DeleteFunction") == 2 * removal._LOOKS:
            fake.functions[NAME] = {}
            entry.settled.set()
        return delete(self, entry, ask)

    delete = Removal._delete
    monkeypatch.setattr(Removal, "_delete", late)

    Removal(connection=connection, ledger=Ledger(), notes=[], failures=[], deadline=time.monotonic() + 60).run([entry])

    assert fake.functions == {}
    assert entry.removed
    assert fake.count("DeleteFunction") == 2 * removal._LOOKS + 1


def test_what_is_settled_and_not_found_is_looked_for_a_few_times(fake, connection, entry):
    entry.settled.set()

    Removal(connection=connection, ledger=Ledger(), notes=[], failures=[], deadline=time.monotonic() + 60).run([entry])

    assert entry.removed
    assert fake.count("DeleteFunction") == removal._LOOKS
