"""A check run beside the job's own: the verdict as its title, the report as its text, remarks on the lines."""

from collections.abc import Sequence
from typing import Literal

from github.GithubObject import NotSet

from lambdabot.github.client import connected
from lambdabot.github.event import Context
from lambdabot.github.refusal import Attempt
from lambdabot.model import Annotation

MOST_ANNOTATIONS = 50
"""Annotations in one request; the run keeps those of all its requests (GitHub, "Update a check run")."""

LONGEST_MESSAGE = 16_000
"""Characters, so that 64 KB hold it whatever they are."""

LONGEST_TITLE = 255

Conclusion = Literal["success", "failure"]
"""`neutral` would pass a required check, so it is none of them."""


def report(
    context: Context,
    *,
    head_sha: str,
    name: str,
    conclusion: Conclusion,
    title: str,
    summary: str,
    annotations: Sequence[Annotation],
) -> None:
    """Make a completed check run on the pull request's own commit. Raises GitHubError."""
    lines = [_line(one, one.path) for one in annotations if one.path is not None]
    batches = [lines[start : start + MOST_ANNOTATIONS] for start in range(0, len(lines), MOST_ANNOTATIONS)] or [[]]
    output = {"title": title[:LONGEST_TITLE], "summary": summary}
    attempt = Attempt(failed=f"no check run was made on {head_sha[:12]}", permission="checks: write")
    with connected(context, attempt) as repository:
        run = repository.create_check_run(
            name,
            head_sha,
            status="completed",
            conclusion=conclusion,
            output={**output, "annotations": batches[0]},
            details_url=context.run_url or NotSet,
        )
        for batch in batches[1:]:
            run.edit(output={**output, "annotations": batch})


def _line(one: Annotation, path: str) -> dict[str, str | int]:
    return {
        "path": path,
        "start_line": one.line,
        "end_line": one.line,
        "annotation_level": one.level,
        "message": one.message[:LONGEST_MESSAGE],
    }
