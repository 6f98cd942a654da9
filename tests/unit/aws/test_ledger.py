import pytest

from lambdabot.aws.copies.ledger import Kind, Ledger, LedgerClosedError


def test_an_entry_is_left_until_it_is_removed():
    ledger = Ledger()
    entry = ledger.plan(Kind.FUNCTION, "a")
    assert ledger.left == (entry,)
    ledger.confirm(entry)
    assert (ledger.left, ledger.created, ledger.removed) == ((entry,), 1, 0)
    ledger.remove(entry)
    assert (ledger.left, ledger.created, ledger.removed) == ((), 1, 1)


def test_what_was_never_made_is_struck_out_and_settled():
    ledger = Ledger()
    entry = ledger.plan(Kind.FUNCTION, "a")
    ledger.strike(entry)
    assert (ledger.left, ledger.created) == ((), 0)
    assert entry.settled.is_set()


def test_a_removed_entry_that_was_never_confirmed_does_not_count():
    ledger = Ledger()
    ledger.remove(ledger.plan(Kind.FUNCTION, "a"))
    assert (ledger.created, ledger.removed, ledger.left) == (0, 0, ())


def test_only_functions_are_counted_but_everything_is_named():
    ledger = Ledger()
    entry = ledger.plan(Kind.LOG_GROUP, "/aws/lambda/x")
    ledger.confirm(entry)
    assert (ledger.created, str(ledger.left[0])) == (0, "log group /aws/lambda/x")


def test_nothing_is_written_down_after_the_end():
    ledger = Ledger()
    entry = ledger.plan(Kind.FUNCTION, "a")
    assert ledger.close() == (entry,)
    with pytest.raises(LedgerClosedError):
        ledger.plan(Kind.FUNCTION, "b")


def test_a_name_is_written_down_once():
    ledger = Ledger()
    ledger.plan(Kind.FUNCTION, "a")
    ledger.plan(Kind.LOG_GROUP, "a")
    with pytest.raises(ValueError, match="function a is in the ledger already"):
        ledger.plan(Kind.FUNCTION, "a")
