"""The label by which a person accepts a pull request's cost: whether it is set now, who set it, and when."""

from dataclasses import dataclass
from datetime import datetime

from lambdabot.github.client import connected
from lambdabot.github.event import Context
from lambdabot.github.refusal import Attempt
from lambdabot.model import ACCEPT_LABEL


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelSet:
    """The label is on the pull request; None where the events do not say who set it, or when."""

    by: str | None
    at: datetime | None


def label_set(context: Context, token: str) -> LabelSet | None:
    """Return who set the label, None when the pull request does not carry it now. Raises GitHubError.

    It is read from the API, because the event's labels are those of the moment when the run was first started.
    """
    attempt = Attempt(failed=f"the labels of {context.place} were not read", permission="pull-requests: read")
    with connected(context, token, attempt) as repository:
        issue = repository.get_issue(context.number)
        if not any(_is_ours(label.name) for label in issue.get_labels()):
            return None
        set_at = [
            one for one in issue.get_events() if one.event == "labeled" and one.label and _is_ours(one.label.name)
        ]
        if not set_at:  # the label was renamed after it was set
            return LabelSet(by=None, at=None)
        last = set_at[-1]
        return LabelSet(by=last.actor.login if last.actor else None, at=last.created_at)


def _is_ours(name: str) -> bool:
    return name.casefold() == ACCEPT_LABEL  # GitHub takes labels that differ in case for the same
