"""The pull request behind a run: the one that a `workflow_run` event is about, and the head that it has now."""

from lambdabot.errors import GitHubError
from lambdabot.github.client import connected
from lambdabot.github.event import Context
from lambdabot.github.refusal import Attempt

STALE = "Either it was closed, or it was pushed to again: then the run of that push comments."
SEVERAL = "Close all but one, or let them start from branches of their own."


def pull_request(context: Context) -> int:
    """Return the number of the open pull request whose head is the triggering run's. Raises GitHubError.

    The event's own list of pull requests is empty for forks, and so is that of the commit; the branch's name is chosen
    by whoever opens the pull request, so its repository and its head commit must be the run's as well.
    """
    run = context.triggering_run
    if run is None:
        what = "the event tells of no triggering run"
        raise GitHubError(what, advice="Run on `workflow_run` events.")
    attempt = Attempt(failed="the pull request of the triggering run was not found", permission="pull-requests: write")
    owner = run.head_repository.partition("/")[0]
    with connected(context, attempt) as repository:
        numbers = [
            found.number
            for found in repository.get_pulls(state="open", head=f"{owner}:{run.head_branch}")
            if found.head.sha == run.head_sha and found.head.repo and found.head.repo.full_name == run.head_repository
        ]
    match numbers:
        case [number]:
            return number
        case []:
            what = f"no open pull request has the head {run.head_sha[:12]} of {run.head_repository}"
            raise GitHubError(what, advice=STALE)
        case _:
            what = f"pull requests {', '.join(f'#{number}' for number in numbers)} have the same head"
            raise GitHubError(what, advice=SEVERAL)


def head_sha(context: Context) -> str:
    """Return the commit that the pull request's head is now. Raises GitHubError."""
    attempt = Attempt(failed=f"the head of {context.place} was not read", permission="pull-requests: read")
    with connected(context, attempt) as repository:
        return repository.get_pull(context.number).head.sha
