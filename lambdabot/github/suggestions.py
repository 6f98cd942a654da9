"""The suggestions on a pull request: each made once, hidden when it no longer holds."""

import re
from collections.abc import Iterator, Sequence

from github.PullRequest import PullRequest
from github.PullRequestComment import PullRequestComment

from lambdabot.errors import GitHubError
from lambdabot.github.client import connected
from lambdabot.github.comment import author, wrote
from lambdabot.github.event import Context
from lambdabot.github.refusal import Attempt
from lambdabot.model import Suggestion

MOST = 20
"""Suggestions on one pull request, each of which is a notification; the comment has them all."""

_HUNK = re.compile(r"@@ -\d+(?:,\d+)? \+(\d+)(?:,\d+)? @@")


def post(context: Context, suggestions: Sequence[Suggestion], *, marker: str) -> int:
    """Put the suggestions on the lines that the pull request's diff shows, and return how many it shows now.

    `marker` is the first line of each body: how lambdabot's are found again. One that is there already stays as it
    is; one that is not among the suggestions any more is hidden as outdated. Lines outside of the diff take none.
    Raises GitHubError with what to do.
    """
    if context.pull_request is None or context.head_sha is None:
        what = "there is no pull request to suggest on"
        raise GitHubError(what, advice="Run on `pull_request` events.")
    attempt = Attempt(failed=f"no suggestion was made on {context.place}", permission="pull-requests: write")
    with connected(context, attempt) as repository:
        pull = repository.get_pull(context.pull_request)
        ours = list(_ours(pull, author(repository), marker))
        if not suggestions and not ours:
            return 0
        wanted = list(_placed(pull, suggestions))[:MOST]
        there = {(one.path, one.body.strip()): one for one in ours if one.line}
        for path, line, body in wanted:
            if (path, body.strip()) not in there:
                pull.create_review_comment(body, context.head_sha, path, line=line, side="RIGHT")
        kept = {(path, body.strip()) for path, _, body in wanted}
        for key, outdated in there.items():
            if key not in kept:
                _hide(outdated)
        return len(wanted)


def _ours(pull: PullRequest, login: str, marker: str) -> Iterator[PullRequestComment]:
    """Yield lambdabot's suggestions; the marker in a person's or another bot's makes no comment ours."""
    for comment in pull.get_review_comments():
        if wrote(login, comment) and comment.body.startswith(marker):
            yield comment


def _placed(pull: PullRequest, suggestions: Sequence[Suggestion]) -> Iterator[tuple[str, int, str]]:
    """Yield path, line of the head and body of the suggestions whose line is inside the diff."""
    paths = {one.path for one in suggestions}
    patches = {file.filename: file.patch or "" for file in pull.get_files() if file.filename in paths} if paths else {}
    for one in suggestions:
        line = line_in(patches.get(one.path, ""), one.line, one.line_text)
        if line is not None:
            yield one.path, line, one.body


def lines_of_head(patch: str) -> dict[int, str]:
    """Return the head's lines inside the hunks, by number: those that were added, and those around them."""
    lines: dict[int, str] = {}
    number = 0
    for line in patch.split("\n"):
        if found := _HUNK.match(line):
            number = int(found[1])
        elif line[:1] in {"+", " "} and number:
            lines[number] = line[1:].removesuffix("\r")
            number += 1
    return lines


def line_in(patch: str, line: int, text: str) -> int | None:
    """Return the number of the line that reads so, the nearest one to `line`; None when no hunk holds it.

    What was checked out is the merge with the target branch, in which lines may lie elsewhere than in the head.
    """
    there = [number for number, found in lines_of_head(patch).items() if found == text]
    return min(there, key=lambda number: abs(number - line), default=None)


def _hide(comment: PullRequestComment) -> None:
    """Minimize a comment; PyGithub does so for issue comments only."""
    comment.requester.graphql_named_mutation(
        mutation_name="minimizeComment",
        mutation_input={"subjectId": comment.node_id, "classifier": "OUTDATED"},
        output_schema="minimizedComment { isMinimized }",
    )
