"""A connection to GitHub's API whose waits are capped, and whose failures are the user's errors."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests
from github import Auth, Github, GithubException, GithubRetry
from github.Repository import Repository
from github.Requester import Requester
from urllib3 import Retry

from lambdabot.confidential import withheld_in
from lambdabot.errors import GitHubError
from lambdabot.github.event import Context
from lambdabot.github.refusal import Attempt, explained

TIMEOUT_SECONDS = 15
LONGEST_WAIT_SECONDS = 30
ATTEMPTS = 3


@contextmanager
def connected(context: Context, attempt: Attempt) -> Iterator[Repository]:
    """Yield the run's repository. Raises GitHubError that says what `attempt` became, and what to do."""
    if context.repository is None:
        what = f"{attempt.failed}: outside a workflow the repository is not known"
        raise GitHubError(what, advice="Run on `pull_request` events.")
    requester = _Requester(**_client(context.token, context.api_url).requester.kwargs)
    try:
        yield Repository(requester, url=f"/repos/{context.repository}")
    except (GithubException, requests.RequestException) as error:
        raise explained(error, context, attempt) from error
    finally:
        requester.close()


class _Requester(Requester):
    """Sends nothing that is confidential."""

    def requestJson(  # noqa: N802  # the name is PyGithub's
        self,
        verb: str,
        url: str,
        parameters: dict[str, Any] | None = None,
        headers: dict[str, Any] | None = None,
        input: Any = None,  # noqa: A002, ANN401  # as PyGithub has it
        *more: Any,  # noqa: ANN401  # handed on to PyGithub
        **named: Any,  # noqa: ANN401  # handed on to PyGithub
    ) -> tuple[int, dict[str, Any], str]:
        return super().requestJson(verb, url, parameters, headers, withheld_in(input), *more, **named)


def _client(token: str, api_url: str) -> Github:
    """Return a client that waits at most some seconds for a rate limit, and never sends a POST twice by itself."""
    retry = GithubRetry(
        total=ATTEMPTS,
        allowed_methods=Retry.DEFAULT_ALLOWED_METHODS | {"PATCH"},  # a POST that failed may have made the comment
        backoff_factor=0.5,
        backoff_max=LONGEST_WAIT_SECONDS,
        retry_after_max=LONGEST_WAIT_SECONDS,
        max_rate_limit_wait=LONGEST_WAIT_SECONDS,
        secondary_rate_wait=LONGEST_WAIT_SECONDS,
    )
    auth, url = Auth.Token(token), api_url.rstrip("/")
    return Github(
        auth=auth,
        base_url=url,
        timeout=TIMEOUT_SECONDS,
        retry=retry,
        per_page=100,
        lazy=True,
        seconds_between_requests=None,
    )
