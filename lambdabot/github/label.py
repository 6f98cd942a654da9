"""The label by which a person accepts a pull request's cost: whether it is set now, who set it, when, on which head.

Nothing here rests on a text that somebody wrote: not on a comment's, which whoever may write to the repository can
edit, and not on a commit's dates, which its author chooses. All moments are GitHub's own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from github.IssueEvent import IssueEvent
from github.NamedUser import NamedUser
from github.Organization import Organization
from github.Repository import Repository

from lambdabot.github.client import connected
from lambdabot.github.event import Context
from lambdabot.github.refusal import Attempt
from lambdabot.model import ACCEPT_LABEL

SETTING = frozenset({"labeled", "unlabeled"})
SHOWING = frozenset({"reopened", "base_ref_changed", "automatic_base_change_succeeded"})
"""What shows another cost under a label that stays: commits pushed while it was closed, another branch to compare with.

GitHub Docs, "Issue event types".
"""

WRITERS = frozenset({"admin", "write"})
"""What GitHub answers for admins, maintainers and writers (GitHub Docs, "Get repository permissions for a user")."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelSet:
    """The label is on the pull request; `by` and `at` are None where the events do not say who set it, or when."""

    by: str | None
    at: datetime | None
    person: bool  # no bot and no app
    may_write: bool
    shown: datetime | None = None  # when the pull request last showed something else without a push


def label_set(context: Context) -> LabelSet | None:
    """Return who set the label, None when the pull request does not carry it now. Raises GitHubError.

    It is read from the API, because the event's labels are those of the moment when the run was first started.
    """
    attempt = Attempt(failed=f"the labels of {context.place} were not read", permission="pull-requests: read")
    with connected(context, attempt) as repository:
        issue = repository.get_issue(context.number)
        if not any(_is_ours(label.name) for label in issue.get_labels()):
            return None
        events = list(issue.get_events())
        set_by = _last(events)
        if set_by is None:
            return LabelSet(by=None, at=None, person=False, may_write=False)
        actor = set_by.actor
        return LabelSet(
            by=actor.login,
            at=set_by.created_at,
            person=_is_person(actor),
            may_write=_may_write(repository, actor),
            shown=max((one.created_at for one in events if one.event in SHOWING), default=None),
        )


def pushed(context: Context, head_sha: str | None) -> datetime | None:
    """Return when this commit became the pull request's head; None when it is its head no more.

    Without a commit that is the head that it has now: a merge queue measures a commit of its own that is built from it.

    The moment is that of the last push to the head's branch, in the repository that the branch lies in, as GitHub
    recorded it (GitHub Docs, "List repository activities"): reading it takes `contents: read`, and nothing at all of a
    public repository. A commit that was the head before, and is so again, became it with the last push. Raises
    GitHubError where GitHub does not say.
    """
    attempt = Attempt(
        failed=f"when the head of {context.place} was pushed was not read, which takes `contents: read`",
        permission="pull-requests: read",
    )
    with connected(context, attempt) as repository:
        head = repository.get_pull(context.number).head
        if head.sha != (head_sha or head.sha) or head.repo is None:  # pushed to since; or the fork was deleted
            return None
        _, activities = repository.requester.requestJsonAndCheck(
            "GET", f"/repos/{head.repo.full_name}/activity", parameters={"ref": f"refs/heads/{head.ref}", "per_page": 1}
        )
        last = activities[0] if activities else {}
        if last.get("after") != head.sha or last.get("ref") != f"refs/heads/{head.ref}":
            return None
        return datetime.fromisoformat(last["timestamp"])


def _last(events: Sequence[IssueEvent]) -> IssueEvent | None:
    """Return the event that set the label; None when the last word was its removal, or when none tells.

    Then another label was renamed to it, and nobody set this one.
    """
    ours = [one for one in events if one.event in SETTING and one.label and _is_ours(one.label.name)]
    last = ours[-1] if ours else None
    return last if last is not None and last.event == "labeled" and last.actor is not None else None


def _is_person(actor: NamedUser | Organization) -> bool:
    return actor.type == "User"


def _may_write(repository: Repository, actor: NamedUser | Organization) -> bool:
    """Tell whether they may write here: whoever may only triage sets labels too."""
    return repository.get_collaborator_permission(actor.login) in WRITERS


def _is_ours(name: str) -> bool:
    return name.casefold() == ACCEPT_LABEL  # GitHub takes labels that differ in case for the same
