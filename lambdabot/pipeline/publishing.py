"""What GitHub shows of a run: comment, suggestions and check run; and the label by which its cost is accepted."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from lambdabot.errors import ExitCode, GitHubError
from lambdabot.github import check as check_run
from lambdabot.github import comment as comments
from lambdabot.github import suggestions
from lambdabot.github.event import Context
from lambdabot.github.label import label_set, pushed
from lambdabot.github.origin import head_sha
from lambdabot.model import ACCEPT_LABEL, Override, Verdict
from lambdabot.pipeline.override import judged
from lambdabot.report import state, suggestion
from lambdabot.report.annotations import annotations
from lambdabot.report.comment import check_summary, render
from lambdabot.report.own_template import OwnTemplate
from lambdabot.report.schema import Report
from lambdabot.settings.comment import Comment

if TYPE_CHECKING:
    from lambdabot.pipeline.job import Finished


CHECK_OF_A_PUSH = "lambdabot cost"
"""The check run on a commit that was pushed, which no comment can stand on, where the settings name none."""


def publish(finished: "Finished", context: Context, *, warn: Callable[[str], None]) -> str | None:
    """Put comment, suggestions and check run on GitHub, and return the comment's address.

    What GitHub refuses goes to `warn` and costs none of the others: the report is complete without, and the gate's
    answer stands.
    """

    def tried(part: Callable[[], str | None]) -> str | None:
        try:
            return part()
        except GitHubError as error:
            warn(str(error))
        return None

    report, comment = finished.report, finished.settings.comment
    url = tried(partial(comment_on, report, context, comment, finished.template))
    tried(partial(suggest, report, context, comment))
    name = finished.settings.check or (CHECK_OF_A_PUSH if context.pushed and comment.mode != "off" else None)
    tried(partial(check, finished, context, name))
    return url


def override(context: Context, head_sha: str) -> Override | None:
    """Return what the label on the pull request is worth now, None when it is not set; what is not known says why."""
    try:
        found = label_set(context)
        return None if found is None else judged(found, pushed=pushed(context, None if context.queued else head_sha))
    except GitHubError as error:
        return Override(label=ACCEPT_LABEL, by=None, at=None, valid=False, reason=error.what)


def comment_on(report: Report, context: Context, comment: Comment, template: OwnTemplate | None) -> str | None:
    """Post the comment where there is a pull request to post it on; return its address, None when none is wanted.

    Raises GitHubError when GitHub refuses; the report is complete without it.
    """
    if not context.may_comment or comment.mode == "off":
        return None

    def body(previous: str) -> str | None:
        """Return the new body; None where the last one tells of a newer push than this run, which came late."""
        last = state.read(previous)
        if last is not None and last.push.head_sha != report.head_sha and _is_late(last.push, head_sha(context)):
            return None
        return render(report, previous=previous, template=template)

    def _is_late(told: state.Push, head: str) -> bool:
        """Tell whether this run is of an older push: by the head, and where both are older, by which run came first."""
        own = state.run_of(report)
        newer = told.run is not None and own is not None and told.run > own
        return told.head_sha == head or (newer and report.head_sha != head)

    return comments.post(
        context,
        body,
        marker=state.marker(report),
        mode=comment.mode,
        wanted=wanted(report.verdict, comment),
    )


def suggest(report: Report, context: Context, comment: Comment) -> None:
    """Offer the recommendations on the pull request's own lines, and take back those that no longer hold.

    Raises GitHubError when GitHub refuses; the comment shows the same edits.
    """
    if not context.may_comment or context.head_sha is None or comment.mode == "off":
        return

    suggestions.post(context, suggestion.suggestions(report), marker=suggestion.marker(report))


def wanted(verdict: Verdict, comment: Comment) -> bool:
    """Tell whether a comment is wanted on this verdict; an accepted regression is one all the same."""
    match comment.when:
        case "always":
            return True
        case "change":
            return verdict is not Verdict.NO_CHANGE
        case "regression":
            return verdict in {Verdict.REGRESSION, Verdict.OVERRIDDEN}


def check(finished: "Finished", context: Context, name: str | None) -> None:
    """Make a check run of that name, where one is wanted and there is a commit to make it on.

    Raises GitHubError when GitHub refuses.
    """
    report = finished.report
    if name is None or not context.token or not report.head_sha:
        return

    check_run.report(
        context,
        head_sha=report.head_sha,
        name=name,
        conclusion="success" if finished.exit_code is ExitCode.DONE else "failure",
        title=": ".join([report.verdict.capitalize(), *report.verdict_reason.splitlines()[:1]]),
        summary=check_summary(report),
        annotations=annotations(report, workspace=context.workspace),
    )
