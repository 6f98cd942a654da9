from datetime import UTC, datetime

import pytest

from lambdabot.errors import GitHubError
from lambdabot.github.label import LabelSet, label_set, pushed
from lambdabot.model import ACCEPT_LABEL

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
NOBODY = LabelSet(by=None, at=None, person=False, may_write=False)
HEAD, OTHER = "a" * 40, "b" * 40


def test_no_label_is_none(github, context):
    github.set_label(7, "bug")
    github.set_label(8, ACCEPT_LABEL)

    assert label_set(context) is None
    assert not any(path.endswith("/events") for _, path in github.requests)


def test_who_set_it_and_when_come_from_the_events(github, context):
    github.set_label(7, ACCEPT_LABEL, by="first", at="2026-11-23T10:00:00Z")
    github.remove_label(7, ACCEPT_LABEL)
    github.set_label(7, "lambdabot: Accept Cost", by="octocat", at="2026-11-23T12:00:00Z")
    github.set_label(7, "bug", by="somebody", at="2026-11-23T13:00:00Z")

    assert label_set(context) == LabelSet(by="octocat", at=NOON, person=True, may_write=True)


def test_the_last_time_is_found_on_any_page(github, context):
    for minute in range(250):
        github.set_label(
            7, ACCEPT_LABEL, by=f"person-{minute}", at=f"2026-11-23T{minute // 60:02}:{minute % 60:02}:00Z"
        )
        github.remove_label(7, ACCEPT_LABEL)
    github.set_label(7, ACCEPT_LABEL, by="last", at="2026-11-24T00:00:00Z")

    assert label_set(context).by == "last"


def test_a_label_that_was_renamed_has_nobody(github, context):
    github.set_label(7, ACCEPT_LABEL)
    for event in github.events[7]:
        event["label"]["name"] = "its old name"

    assert label_set(context) == NOBODY


def test_a_label_that_was_removed_and_came_back_by_a_renaming_has_nobody(github, context):
    github.set_label(7, ACCEPT_LABEL)
    github.remove_label(7, ACCEPT_LABEL)
    github.set_label(7, "triage")
    github.labels[7][0]["name"] = ACCEPT_LABEL

    assert label_set(context) == NOBODY


def test_a_deleted_account_is_nobody(github, context):
    """The description of the events does not allow for it, and the service does it all the same."""
    github.set_label(7, ACCEPT_LABEL)
    github.events[7][0]["actor"] = None

    assert label_set(context).by is None
    github.violations.clear()


@pytest.mark.parametrize("login", ["dependabot[bot]", "github-actions[bot]"])
def test_a_bot_is_no_person(github, context, login):
    github.set_label(7, ACCEPT_LABEL, by=login)

    assert not label_set(context).person


@pytest.mark.parametrize(("given", "may"), [("admin", True), ("write", True), ("read", False), ("none", False)])
def test_whoever_may_only_triage_may_not_write(github, context, given, may):
    github.permissions["triager"] = given
    github.set_label(7, ACCEPT_LABEL, by="triager")

    assert label_set(context).may_write is may


def test_what_the_person_may_do_must_be_known(github, context, fault):
    github.set_label(7, ACCEPT_LABEL)
    github.faults.append(fault("GET", "/permission$", 403, "Resource not accessible by integration"))

    with pytest.raises(GitHubError, match="the labels of octo/demo#7 were not read: GitHub answered 403"):
        label_set(context)


@pytest.mark.parametrize("event", ["reopened", "base_ref_changed", "automatic_base_change_succeeded"])
def test_what_showed_another_cost_without_a_push_is_known(github, context, event):
    github.set_label(7, ACCEPT_LABEL)
    github.happen(7, event, at="2026-11-23T12:00:00Z")
    github.happen(7, "renamed", at="2026-11-24T12:00:00Z")
    github.violations.clear()  # `renamed` wants more fields than this fake has

    assert label_set(context).shown == NOON
    github.violations.clear()


@pytest.mark.parametrize("head", ["octo/demo", "stranger/demo"])
def test_a_push_is_githubs_to_date(github, context, head):
    github.open_pull(7, head=head, sha=OTHER, at="2026-11-23T10:00:00Z")
    github.push(7, HEAD, at="2026-11-23T12:00:00Z")

    assert pushed(context, HEAD) == NOON


def test_a_commit_that_was_the_head_before_became_it_with_the_last_push(github, context):
    github.open_pull(7, head="octo/demo", sha=HEAD, at="2026-11-23T10:00:00Z")
    github.push(7, OTHER, at="2026-11-23T11:00:00Z")
    github.push(7, HEAD, at="2026-11-23T12:00:00Z")

    assert pushed(context, HEAD) == NOON


def test_a_push_to_another_branch_says_nothing(github, context):
    github.open_pull(8, head="octo/demo", branch="other", sha=HEAD, at="2026-11-23T10:00:00Z")
    github.open_pull(7, head="octo/demo", sha=HEAD, at="2026-11-23T12:00:00Z")
    github.push(8, OTHER)

    assert pushed(context, HEAD) == NOON


def test_what_is_the_head_no_more_was_not_pushed(github, context):
    github.open_pull(7, head="octo/demo", sha=HEAD)
    github.push(7, OTHER)

    assert pushed(context, HEAD) is None


@pytest.mark.parametrize("fork", [None, "stranger/demo"])
def test_a_repository_that_tells_nothing_leaves_it_unknown(github, context, fork):
    github.open_pull(7, head=fork, sha=HEAD)
    github.activities.clear()

    assert pushed(context, HEAD) is None
    github.violations.clear()  # the description does not know of forks that were deleted


def test_activities_that_may_not_be_read_name_the_permission(github, context, fault):
    github.open_pull(7, head="octo/demo", sha=HEAD)
    github.faults.append(fault("GET", "/activity$", 403, "Resource not accessible by integration"))

    with pytest.raises(GitHubError, match="was pushed was not read, which takes `contents: read`: GitHub answered 403"):
        pushed(context, HEAD)


def test_a_refusal_names_the_permission(github, context, fault):
    github.faults.append(fault("GET", "/labels$", 403, "Resource not accessible by integration"))

    with pytest.raises(GitHubError, match="the labels of octo/demo#7 were not read") as raised:
        label_set(context)

    assert "pull-requests: read" in raised.value.advice
