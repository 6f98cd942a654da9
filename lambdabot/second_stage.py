"""The comment on a report that another run made: for pull requests whose own run has a read-only token.

The report may have been written by the pull request's own code, in a workflow that it changed. So nothing is believed
of it but what its schema lets through, and of that nothing which GitHub can be asked about: the pull request, its head,
when that was pushed, and whether a person accepted the cost.
"""

from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from lambdabot.errors import GitHubError, Mistake, UsageError
from lambdabot.github.event import Context, TriggeringRun
from lambdabot.github.origin import pull_request
from lambdabot.job import override, own_template, publish
from lambdabot.model import Verdict
from lambdabot.report.document import load
from lambdabot.settings.schema import CommentSection

MOST_REPORTS = 50
"""In one folder: GitHub allows a matrix of 256 jobs, and nobody reads as many comments."""

FILE = "report.json"
FIRST_STAGE = "pull_request"


def reports(path: Path) -> list[dict[str, Any]]:
    """Read a report.json, or those in a folder and in the folders in it. Raises UsageError for one that does not hold.

    No link is followed out of what was downloaded.
    """
    found = sorted([*path.glob(FILE), *path.glob(f"*/{FILE}")]) if path.is_dir() else [path]
    if not found or len(found) > MOST_REPORTS:
        amount = f"{len(found)}, more than {MOST_REPORTS}" if found else "none"
        raise UsageError([Mistake(message=f"a {FILE} is expected here, but there are {amount}", path=path)])
    inside = (path if path.is_dir() else path.parent).resolve()
    strayed = [one for one in found if not one.resolve().is_relative_to(inside)]
    if strayed:
        raise UsageError([Mistake(message="leads out of its folder", path=one) for one in strayed])
    return [load(one) for one in found]


def comment(data: Mapping[str, Any], context: Context, token: str, section: CommentSection) -> str | None:
    """Post the comment of one report and return its address; None when none is wanted. Raises GitHubError."""
    if not token:
        return None
    run = context.triggering_run
    if run is not None:
        _require_origin(data, context, run)
        context = replace(context, pull_request=pull_request(context, token))
        data = {**data, "created": run.created, "run_url": run.url}
    if context.pull_request is None:
        return None
    return publish(_confirmed(data, context, token, section), context, token, section, own_template(section))


def _require_origin(data: Mapping[str, Any], context: Context, run: TriggeringRun) -> None:
    """Raise GitHubError unless the report is the triggering run's, and that a pull request's."""
    if run.event_name != FIRST_STAGE:
        what = f"the triggering run was started by `{run.event_name}`, so there is no pull request to comment on"
        raise GitHubError(what, advice="Let the job depend on `github.event.workflow_run.event == 'pull_request'`.")
    for field, expected in {"repository": context.repository, "head_sha": run.head_sha}.items():
        if data[field] != expected:
            what = f"nothing was posted: the report's `{field}` is {str(data[field])[:80]!r}, the run's is {expected!r}"
            raise GitHubError(what, advice="Download the report from the run that triggered this one.")


def _confirmed(data: Mapping[str, Any], context: Context, token: str, section: CommentSection) -> Mapping[str, Any]:
    """Replace what the report says of the label by what GitHub says."""
    claimed = Verdict.OVERRIDDEN in {data["verdict"], *(one["comparison"]["verdict"] for one in data["functions"])}
    if data["override"] is None and not claimed:
        return data
    found = override(data, context, token, section)
    if claimed and not (found and found.valid):
        what = "nothing was posted: the report says that the cost was accepted, and on the pull request it is not"
        raise GitHubError(what, advice="Run the first workflow again.")
    return {**data, "override": None if found is None else asdict(found)}
