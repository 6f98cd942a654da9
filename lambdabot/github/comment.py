"""The one comment of lambdabot on a pull request: found again, edited in place, left alone when nothing changed."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import requests
from github import Auth, Github, GithubException, GithubRetry
from github.Issue import Issue
from github.IssueComment import IssueComment
from urllib3 import Retry

from lambdabot.errors import GitHubError
from lambdabot.github.event import Context
from lambdabot.github.refusal import explained

Mode = Literal["update", "new", "hide-and-new", "off"]

TIMEOUT_SECONDS = 15
LONGEST_WAIT_SECONDS = 30
ATTEMPTS = 3


def post(
    context: Context,
    token: str,
    render: Callable[[str], str],
    *,
    mode: Mode = "update",
    sleep: Callable[[float], None] = time.sleep,
) -> str | None:
    """Put the comment on the pull request and return its address; None with mode `off`.

    `render` gets the body of the last comment, "" when there is none, and returns the new one; its first line marks
    the comment as lambdabot's. A body that is the same is not sent. Raises GitHubError with what to do.
    """
    if mode == "off":
        return None
    if context.repository is None or context.pull_request is None:
        what = "there is no pull request to comment on"
        raise GitHubError(what, advice="Run on `pull_request` events.")
    client = _client(token, context.api_url)
    try:
        issue = client.get_repo(context.repository).get_issue(context.pull_request)
        comments = _Comments(issue=issue, marker=render("").partition("\n")[0], author=_author(client), sleep=sleep)
        return _put(comments, render, mode)
    except (GithubException, requests.RequestException) as error:
        raise explained(error, context) from error
    finally:
        client.close()


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


def _author(client: Github) -> str | None:
    """Return the login that the token writes as; None for an app's token, which may not ask."""
    try:
        return client.get_user().login
    except GithubException as error:
        if error.status not in {403, 404}:
            raise
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Comments:
    """Lambdabot's comments on one pull request."""

    issue: Issue
    marker: str
    author: str | None
    sleep: Callable[[float], None]

    def __iter__(self) -> Iterator[IssueComment]:
        """Yield them from all pages, oldest first; a marker that someone else pasted makes no comment ours."""
        for comment in self.issue.get_comments():
            if (comment.body or "").startswith(self.marker) and self._wrote(comment):
                yield comment

    def _wrote(self, comment: IssueComment) -> bool:
        user = comment.user
        if user is None:  # a deleted account
            return False
        return user.type == "Bot" if self.author is None else user.login == self.author

    def create(self, body: str, *, known: set[int], tried: int = 0) -> IssueComment:
        """Create a comment. Where GitHub failed it may have made it all the same, so look before trying again.

        `known` are the ids of the comments that were there before.
        """
        try:
            return self.issue.create_comment(body)
        except (requests.RequestException, GithubException) as error:
            if isinstance(error, GithubException) and error.status < 500:  # noqa: PLR2004  # refused, so not made
                raise
            self.sleep(2**tried)
            made = next((comment for comment in self if comment.id not in known), None)
            if made is not None:
                return made
            if tried + 1 == ATTEMPTS:
                raise
        return self.create(body, known=known, tried=tried + 1)


def _put(comments: _Comments, render: Callable[[str], str], mode: Mode) -> str:
    known = list(comments)
    last = known[-1] if known else None
    body = render(last.body if last else "")
    if last and mode == "update":
        if last.body.strip() != body.strip():  # GitHub strips bodies
            last.edit(body)
        return last.html_url
    created = comments.create(body, known={comment.id for comment in known})
    if mode == "hide-and-new":
        for comment in known:
            comment.minimize()
    return created.html_url
