from datetime import UTC, datetime

import pytest

from lambdabot.errors import GitHubError
from lambdabot.github.label import LabelSet, label_set
from lambdabot.model import ACCEPT_LABEL


def test_no_label_is_none(github, context):
    github.set_label(7, "bug")
    github.set_label(8, ACCEPT_LABEL)

    assert label_set(context, "token") is None
    assert not any(path.endswith("/events") for _, path in github.requests)


def test_who_set_it_and_when_come_from_the_events(github, context):
    github.set_label(7, ACCEPT_LABEL, by="first", at="2026-11-23T10:00:00Z")
    github.remove_label(7, ACCEPT_LABEL)
    github.set_label(7, "lambdabot: Accept Cost", by="octocat", at="2026-11-23T12:00:00Z")
    github.set_label(7, "bug", by="somebody", at="2026-11-23T13:00:00Z")

    assert label_set(context, "token") == LabelSet(by="octocat", at=datetime(2026, 11, 23, 12, tzinfo=UTC))


def test_the_last_time_is_found_on_any_page(github, context):
    for minute in range(250):
        github.set_label(
            7, ACCEPT_LABEL, by=f"person-{minute}", at=f"2026-11-23T{minute // 60:02}:{minute % 60:02}:00Z"
        )
        github.remove_label(7, ACCEPT_LABEL)
    github.set_label(7, ACCEPT_LABEL, by="last", at="2026-11-24T00:00:00Z")

    assert label_set(context, "token").by == "last"


def test_a_label_that_was_renamed_has_nobody(github, context):
    github.set_label(7, ACCEPT_LABEL)
    for event in github.events[7]:
        event["label"]["name"] = "its old name"

    assert label_set(context, "token") == LabelSet(by=None, at=None)


def test_a_deleted_account_is_nobody(github, context):
    """The description of the events does not allow for it, and the service does it all the same."""
    github.set_label(7, ACCEPT_LABEL)
    github.events[7][0]["actor"] = None

    assert label_set(context, "token").by is None
    github.violations.clear()


def test_a_refusal_names_the_permission(github, context, fault):
    github.faults.append(fault("GET", "/labels$", 403, "Resource not accessible by integration"))

    with pytest.raises(GitHubError, match="the labels of octo/demo#7 were not read") as raised:
        label_set(context, "token")

    assert "pull-requests: read" in raised.value.advice
