"""What triggered the workflow, from the environment and the event file that the runner gives."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from lambdabot.errors import GitHubError, Mistake, UsageError
from lambdabot.model import Commits

UNTRUSTED = """`pull_request_target` runs with the repository's secrets, and the pull request's code may be anyone's.
Use `on: pull_request`: for forks it measures on the embedded endpoint, without credentials."""

PUBLIC_API = "https://api.github.com"
DEPENDABOT = "dependabot[bot]"
MAX_EVENT_BYTES = 32 * 1024 * 1024
"""GitHub caps webhook payloads at 25 MB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggeringRun:
    """The run that a `workflow_run` event tells of, in GitHub's own words.

    None of them but the branch's name is chosen by whoever opens a pull request.
    """

    event_name: str
    head_repository: str  # owner/name
    head_branch: str
    head_sha: str
    created: str  # ISO 8601, of its first attempt
    url: str | None = None  # its page


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Where a run belongs; outside a workflow everything is unknown."""

    in_workflow: bool = False
    event_name: str = ""
    repository: str | None = None  # owner/name
    pull_request: int | None = None
    head_sha: str | None = None  # the pull request's own commit, not the merge commit of GITHUB_SHA
    base_ref: str | None = None
    base_sha: str | None = None  # the target branch's commit, as the event has it
    merge_sha: str | None = None  # GITHUB_SHA: of a pull request, what GitHub merged both into
    fork: bool = False
    dependabot: bool = False
    api_url: str = PUBLIC_API
    run_url: str | None = None
    workspace: Path | None = None
    triggering_run: TriggeringRun | None = None  # of a `workflow_run` event

    @property
    def number(self) -> int:
        """The pull request's number. Raises GitHubError where there is none."""
        if self.pull_request is None:
            what = "there is no pull request"
            raise GitHubError(what, advice="Run on `pull_request` events.")
        return self.pull_request

    @property
    def place(self) -> str:
        """The pull request, as GitHub links it: `owner/name#7`."""
        return f"{self.repository}#{self.pull_request}"

    @property
    def commits(self) -> Commits | None:
        """The pull request's commits; None where there is no pull request. An event that says nothing knows none."""
        if self.pull_request is None and not self.event_name.startswith("pull_request"):
            return None
        return Commits(base=self.base_sha, head=self.head_sha, merge=self.merge_sha)

    @property
    def is_untrusted(self) -> bool:
        """True where GitHub gives the workflow a read-only token, no secrets and no OIDC."""
        return self.pull_request is not None and self.event_name == "pull_request" and (self.fork or self.dependabot)

    def require_trusted(self) -> None:
        """Raise UsageError where the workflow would run anyone's code beside the repository's secrets."""
        if self.event_name == "pull_request_target":
            raise UsageError([Mistake(message="lambdabot does not run on `pull_request_target`")], advice=UNTRUSTED)

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Self:
        """Read the environment and the event file; whatever is missing or odd in them is unknown."""
        if environ.get("GITHUB_ACTIONS") != "true":
            return cls()
        event = _event(environ.get("GITHUB_EVENT_PATH", ""))
        pull_request = _object(event, "pull_request")
        number = pull_request.get("number")
        head, base = _object(pull_request, "head"), _object(pull_request, "base")
        repository = environ.get("GITHUB_REPOSITORY") or None
        head_repository = _object(head, "repo").get("full_name")  # null when the fork was deleted
        sha = _text(head, "sha") or environ.get("GITHUB_SHA")
        workspace = environ.get("GITHUB_WORKSPACE")
        author = _text(_object(pull_request, "user"), "login")
        return cls(
            in_workflow=True,
            event_name=environ.get("GITHUB_EVENT_NAME", ""),
            repository=repository,
            pull_request=number if type(number) is int and number > 0 else None,
            head_sha=sha or None,
            base_sha=_text(base, "sha"),
            merge_sha=environ.get("GITHUB_SHA") or None,
            base_ref=_text(base, "ref") or environ.get("GITHUB_BASE_REF") or None,
            fork=bool(pull_request) and head_repository != repository,
            dependabot=DEPENDABOT in {author, environ.get("GITHUB_ACTOR")},
            api_url=environ.get("GITHUB_API_URL") or PUBLIC_API,
            run_url=_run_url(environ, repository),
            workspace=Path(workspace) if workspace else None,
            triggering_run=_triggering_run(_object(event, "workflow_run")),
        )


def _triggering_run(run: Mapping[str, Any]) -> TriggeringRun | None:
    texts = [_text(run, key) for key in ("event", "head_branch", "head_sha", "created_at")]
    texts.append(_text(_object(run, "head_repository"), "full_name"))  # null when the fork was deleted
    match texts:
        case [str(name), str(branch), str(sha), str(created), str(repository)]:
            return TriggeringRun(
                event_name=name,
                head_repository=repository,
                head_branch=branch,
                head_sha=sha,
                created=created,
                url=_text(run, "html_url"),
            )
    return None


def _event(path: str) -> dict[str, Any]:
    """Return the event; the runner writes it, but a tool that plays the runner may not."""
    try:
        with Path(path).open("rb") as file:
            event = json.loads(file.read(MAX_EVENT_BYTES))
    except (OSError, ValueError, RecursionError):
        return {}
    return event if isinstance(event, dict) else {}


def _object(parent: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = parent.get(key)
    return value if isinstance(value, dict) else {}


def _text(parent: Mapping[str, Any], key: str) -> str | None:
    value = parent.get(key)
    return value if isinstance(value, str) and value else None


def _run_url(environ: Mapping[str, str], repository: str | None) -> str | None:
    server, run = environ.get("GITHUB_SERVER_URL"), environ.get("GITHUB_RUN_ID")
    return f"{server}/{repository}/actions/runs/{run}" if server and repository and run else None
