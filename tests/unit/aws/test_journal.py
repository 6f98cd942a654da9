import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lambdabot.aws.copies.identity import RunIdentity
from lambdabot.aws.copies.journal import Journal, journal_folder, records
from lambdabot.aws.copies.ledger import Kind, Ledger

EXPIRES = datetime(2026, 11, 24, 1, 30, tzinfo=UTC)
IDENTITY = RunIdentity(repository="octo/shop", pull_request=7, run="0123456789", expires=EXPIRES)


def begin(folder: Path) -> Journal:
    return Journal.begin(folder, IDENTITY, endpoint=None, region="eu-west-1")


def test_what_is_planned_is_on_the_disk_before_it_is_created(tmp_path):
    ledger = Ledger(begin(tmp_path / "new"))
    one = ledger.plan(Kind.FUNCTION, "one")
    ledger.plan(Kind.LOG_GROUP, "group")
    two = ledger.plan(Kind.FUNCTION, "two")
    ledger.strike(one)
    ledger.confirm(two)
    ledger.remove(two)
    (record,) = records(tmp_path / "new")
    assert record.open == (("log group", "group"),)
    assert (record.identity.name, record.identity.expires) == (IDENTITY.name, EXPIRES)
    assert (record.endpoint, record.region, record.alive) == (None, "eu-west-1", True)
    ledger.end()
    (record,) = records(tmp_path / "new")
    assert not record.alive
    record.end()
    record.end()  # somebody else was faster
    assert list(records(tmp_path / "new")) == []


def test_when_nothing_is_left_the_file_is_not_either(tmp_path):
    ledger = Ledger(begin(tmp_path))
    ledger.remove(ledger.plan(Kind.FUNCTION, "one"))
    ledger.end()
    assert list(tmp_path.iterdir()) == []


def test_what_is_removed_after_the_end_does_not_matter(tmp_path):
    journal = begin(tmp_path)
    journal.planned("function", "one")
    journal.end(nothing_left=False)
    journal.gone("function", "one")
    (record,) = records(tmp_path)
    assert record.open == (("function", "one"),)


def test_a_line_that_was_cut_costs_no_other(tmp_path):
    journal = begin(tmp_path)
    journal.planned("function", "one")
    journal.end(nothing_left=False)
    with journal.path.open("a") as file:
        file.write('[1]\n{"planned": 5}\n{"planned": ["function", "tw')
    (record,) = records(tmp_path)
    assert record.open == (("function", "one"),)


@pytest.mark.parametrize("head", ["", "{", "[]", "{}", json.dumps({"run": "1", "repository": None, "expires": 7})])
def test_what_is_no_journal_is_passed_over(tmp_path, head):
    (tmp_path / "a.jsonl").write_text(head)
    assert list(records(tmp_path)) == []


def test_there_may_be_no_folder(tmp_path):
    assert list(records(tmp_path / "none")) == []


@pytest.mark.parametrize(
    ("environ", "folder"),
    [
        ({"RUNNER_TEMP": "/temp", "XDG_STATE_HOME": "/state"}, "/temp/lambdabot-journal"),
        ({"XDG_STATE_HOME": "/state"}, "/state/lambdabot"),
        ({}, f"{Path.home()}/.local/state/lambdabot"),
    ],
)
def test_where_it_is_kept(environ, folder):
    assert str(journal_folder(environ)) == folder
