"""The one comment of lambdabot on a pull request: found again, edited in place, left alone when nothing changed."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Literal

import requests
from github import GithubException, UnknownObjectException
from github.Issue import Issue
from github.IssueComment import IssueComment
from github.PullRequestComment import PullRequestComment
from github.Repository import Repository

from lambdabot.github.client import ATTEMPTS, connected
from lambdabot.github.event import Context
from lambdabot.github.refusal import Attempt

Mode = Literal["update", "new", "hide-and-new", "off"]

Render = Callable[[str], str | None]
"""Gets the body of the last comment, "" when there is none, and returns the new one; None leaves the last as it is."""

RESOLVED = "<!-- lambdabot:resolved -->"
"""The last line of a comment that was minimized because none is wanted any more."""


def post(
    context: Context,
    render: Render,
    *,
    marker: str,
    mode: Mode = "update",
    wanted: bool = True,
    sleep: Callable[[float], None] = time.sleep,
) -> str | None:
    """Put the comment on the pull request and return its address; None when none is wanted.

    `marker` is the first line of every body, by which it is found again. A body that is the same is not sent. Where
    none is `wanted`, a comment that is there gets the new body all the same and is minimized: an old alarm must not
    stay standing. Raises GitHubError with what to do.
    """
    if mode == "off":
        return None
    attempt = Attempt(failed=f"no comment was posted on {context.place}", permission="pull-requests: write")
    with _comments(context, attempt, marker, sleep) as comments:
        if wanted:
            return comments.put(render, mode)
        comments.resolve(render)
        return None


@contextmanager
def _comments(context: Context, attempt: Attempt, marker: str, sleep: Callable[[float], None]) -> "Iterator[_Comments]":
    with connected(context, attempt) as repository:
        issue = repository.get_issue(context.number)
        yield _Comments(issue=issue, marker=marker, author=author(repository), sleep=sleep)


def author(repository: Repository) -> str:
    """Return the login that the token writes as: a person's, or an app's own, such as `github-actions[bot]`.

    An app's token may not ask for `GET /user`; GraphQL's `viewer` answers to any (GitHub Docs, "Forming calls with
    GraphQL"). No person's login has brackets, and no two apps have one login.
    """
    _, answer = repository.requester.graphql_query("query { viewer { login } }", {})
    return str(answer["data"]["viewer"]["login"])


def wrote(login: str, comment: IssueComment | PullRequestComment) -> bool:
    """Tell whether a comment is by that login; that of a deleted account is by nobody."""
    return comment.user is not None and comment.user.login == login


@dataclass(frozen=True, slots=True, kw_only=True)
class _Comments:
    """Lambdabot's comments on one pull request."""

    issue: Issue
    marker: str
    author: str
    sleep: Callable[[float], None]

    def __iter__(self) -> Iterator[IssueComment]:
        """Yield them from all pages, oldest first; the marker in a person's or another bot's makes no comment ours."""
        for comment in self.issue.get_comments():
            if (comment.body or "").startswith(self.marker) and wrote(self.author, comment):
                yield comment

    def put(self, render: Render, mode: Mode) -> str | None:
        """Show the new body and return its address."""
        known = list(self)
        last = known[-1] if known else None
        body = render(last.body if last else "")
        if body is None:
            return last.html_url if last else None
        if last and mode == "update":
            return _edited(last, body)
        created = self._create(body, known={comment.id for comment in known})
        match mode:
            case "update":
                return self._settle(created, body, render)
            case "hide-and-new":
                # Those before the last were hidden with it; a run that raced with this one added what is not known.
                since = known[-1].id if known else 0
                for comment in [one for one in self if one.id >= since][:-1]:
                    comment.minimize()
        return created.html_url

    def resolve(self, render: Render) -> None:
        """Bring the last comment up to date and minimize it, unless that was done."""
        known = list(self)
        if not known:
            return
        last = known[-1]
        told = render(last.body)
        body = last.body if told is None else f"{told}{RESOLVED}\n"
        if last.body.strip() != body.strip():
            standing = not _is_resolved(last)
            last.edit(body)
            if standing:
                last.minimize(reason="RESOLVED")

    def _create(self, body: str, *, known: set[int], tried: int = 0) -> IssueComment:
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
        return self._create(body, known=known, tried=tried + 1)

    def _settle(self, created: IssueComment, body: str, render: Render) -> str:
        """Leave one comment where two runs found none and both made one: the newer run removes its own.

        Each run looks after it has created, so at least one of two sees both; ids grow, so both see the same order.
        """
        first = next(iter(self), created)
        if first.id != created.id:
            with suppress(UnknownObjectException):  # it is gone already
                created.delete()
        if first.body.strip() == body.strip():
            return first.html_url
        newer = render(first.body)
        return first.html_url if newer is None else _edited(first, newer)


def _edited(comment: IssueComment, body: str) -> str:
    """Give a comment its new body, unless it has it, and show it again if it was minimized."""
    if comment.body.strip() != body.strip():  # GitHub strips bodies
        hidden = _is_resolved(comment)
        comment.edit(body)
        if hidden:
            comment.unminimize()
    return comment.html_url


def _is_resolved(comment: IssueComment) -> bool:
    return comment.body.rstrip().endswith(RESOLVED)
