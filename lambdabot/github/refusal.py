"""What GitHub's refusals mean: what happened, why probably, what to paste."""

from dataclasses import dataclass

import requests
from github import GithubException, RateLimitExceededException

from lambdabot.errors import GitHubError
from lambdabot.github.event import Context

NOT_LOST = "The step's summary holds the whole report."

TOKEN = f"""Pass a token that is valid now; the workflow's own is the default:

with:
  github-token: ${{{{ github.token }}}}

{NOT_LOST}"""

READ_ONLY = f"""GitHub gives pull requests from forks and from dependabot a read-only token, whatever the workflow says.
A second workflow on `workflow_run` can do it: examples/workflows/fork-comment.yml is one.
{NOT_LOST}"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What is asked of GitHub: how to say that it failed, and the permission that it takes."""

    failed: str
    permission: str

    @property
    def advice(self) -> str:
        """Return the lines to paste."""
        return f"""Give the job the permission that it takes:

permissions:
  contents: read
  {self.permission}

{NOT_LOST}"""


def explained(error: GithubException | requests.RequestException, context: Context, attempt: Attempt) -> GitHubError:
    """Return the user's text for what PyGithub raised."""
    if not isinstance(error, GithubException):
        said = f"GitHub's API at {context.api_url} gave no answer ({type(error).__name__})"
    else:
        said = f"GitHub answered {error.status} {_said(error)}"
    return GitHubError(f"{attempt.failed}: {said}", advice=_advice(error, context, attempt))


def _advice(error: GithubException | requests.RequestException, context: Context, attempt: Attempt) -> str:
    if isinstance(error, GithubException) and not isinstance(error, RateLimitExceededException):
        match error.status:
            case 401:
                return TOKEN
            case 403 if "not accessible" in _said(error).lower():
                return READ_ONLY if context.is_untrusted else attempt.advice
            case 403 | 410:  # a locked conversation, an organisation's rule: GitHub's own words say it
                return NOT_LOST
            case 404:
                return f"Either there is no such thing, or the token may not see it. {attempt.advice}"
            case 422:
                return f"Where the text is not at fault, the token is. {attempt.advice}"
    return f"Run the job again later. {NOT_LOST}"


def _said(error: GithubException) -> str:
    """Return GitHub's own words: the message, and the messages of a validation."""
    data = error.data if isinstance(error.data, dict) else {}
    message = str(data.get("message") or "without a reason")
    errors = data.get("errors")
    details = [
        str(one.get("message") or f"{one.get('field', '')} {one.get('code', '')}")
        if isinstance(one, dict)
        else str(one)
        for one in (errors if isinstance(errors, list) else [])
    ]
    return ": ".join([message, "; ".join(details)]) if details else message
