"""The comment on a report that another run made: for pull requests whose own run has a read-only token.

The report may have been written by the pull request's own code, in a workflow that it changed. So nothing is believed
of it but what its schema lets through, and of that nothing which GitHub can be asked about: the pull request, its head,
and whether a person accepted the cost. Its figures are shown as that workflow's, and never as measured on AWS; which
comment it edits is the trusted side's to say.
"""

from dataclasses import asdict, dataclass, replace
from pathlib import Path

from lambdabot.errors import GitHubError, Mistake, UsageError
from lambdabot.github.event import Context, TriggeringRun
from lambdabot.github.origin import pull_request
from lambdabot.model import Verdict
from lambdabot.pipeline.own_template import own_template
from lambdabot.pipeline.publishing import comment_on, override
from lambdabot.report.document import amended, known_run
from lambdabot.report.reading import load
from lambdabot.report.schema import Report
from lambdabot.settings.comment import Comment
from lambdabot.settings.inputs import Inputs, comment_key
from lambdabot.workspace import Workspace

MOST_COMMENTS = 5
"""Comments that one second stage keeps on one pull request, over all its pushes; nobody reads more."""

MOST_READ = 50
"""Reports of one folder that are looked into until so many hold."""

FILE = "report.json"
FIRST_STAGE = "pull_request"


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """The reports to comment on, and what is to be told of the others."""

    reports: tuple[Report, ...]
    told: tuple[str, ...] = ()


def reports(path: Path) -> Received:
    """Read a report.json, or those in a folder and in the folders in it, by name. Raises UsageError when none holds.

    What does not hold costs none of the others, and no link is followed out of what was downloaded.
    """
    found = sorted([*path.glob(FILE), *path.glob(f"*/{FILE}")]) if path.is_dir() else [path]
    if not found:
        raise UsageError([Mistake(message=f"a {FILE} is expected here, but there are none", path=path)])
    inside = Workspace(path if path.is_dir() else path.parent)
    held: list[Report] = []
    mistakes: list[Mistake] = []
    looked_into = 0
    for one in found[:MOST_READ]:
        if len(held) == MOST_COMMENTS:
            break
        looked_into += 1
        try:
            held.append(_read(one, inside))
        except UsageError as error:
            mistakes += error.mistakes
    if not held:
        raise UsageError(mistakes)
    told = [f"not posted: {mistake}" for mistake in mistakes]
    if left := len(found) - looked_into:
        told.append(f"{left} of {len(found)} reports were not posted: {MOST_COMMENTS} comments are the most")
    return Received(reports=tuple(held), told=tuple(told))


def _read(path: Path, inside: Workspace) -> Report:
    if not inside.holds(path):
        raise UsageError([Mistake(message="leads out of its folder", path=path)])
    return load(path)


def reported(report: Report, inputs: Inputs, number: int) -> Report:
    """Return a report as the trusted side takes it: unverified, for the comment of this workflow with that number.

    The report's own `comment_key` would let it overwrite any other comment of ours.
    """
    return amended(report, comment_key=comment_key(inputs, "reported", str(number)), unverified=True)


def comment(report: Report, context: Context, section: Comment) -> str | None:
    """Post the comment of one report and return its address; None when none is wanted. Raises GitHubError."""
    if not context.token:
        return None
    run = context.triggering_run
    if run is not None:
        _require_origin(report, context, run)
        context = replace(context, pull_request=pull_request(context))
        report = amended(report, created=run.created, run_url=known_run(run.url))
    if context.pull_request is None:
        return None
    return comment_on(_confirmed(report, context), context, section, own_template(section))


def _require_origin(report: Report, context: Context, run: TriggeringRun) -> None:
    """Raise GitHubError unless the report is the triggering run's, and that a pull request's."""
    if run.event_name != FIRST_STAGE:
        what = f"the triggering run was started by `{run.event_name}`, so there is no pull request to comment on"
        raise GitHubError(what, advice="Let the job depend on `github.event.workflow_run.event == 'pull_request'`.")
    for field, said, expected in (
        ("repository", report.repository, context.repository),
        ("head_sha", report.head_sha, run.head_sha),
    ):
        if said != expected:
            what = f"nothing was posted: the report's `{field}` is {str(said)[:80]!r}, the run's is {expected!r}"
            raise GitHubError(what, advice="Download the report from the run that triggered this one.")


def _confirmed(report: Report, context: Context) -> Report:
    """Replace what the report says of the label by what GitHub says."""
    claimed = Verdict.OVERRIDDEN in {report.verdict, *(one.comparison.verdict for one in report.functions)}
    if report.override is None and not claimed:
        return report
    found = override(context, str(report.head_sha))
    if claimed and not (found and found.valid):
        what = "nothing was posted: the report says that the cost was accepted, and on the pull request it is not"
        raise GitHubError(what, advice="Run the first workflow again.")
    return amended(report, override=None if found is None else asdict(found))
