"""What triggered the workflow, from the environment and the event file that the runner gives."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from lambdabot.errors import GitHubError, Mistake, UsageError
from lambdabot.model import Commits, Since

SECRETS_BESIDE = frozenset({"issue_comment", "pull_request_target", "workflow_run"})
"""Events on which a workflow has the repository's secrets although a pull request of anyone's may have caused it.

Code that such a workflow checks out is not known to be the repository's own, and the event names no pull request whose
target branch could have a say (GitHub Docs, "Events that trigger workflows").
"""

UNTRUSTED = """Such a workflow runs with the repository's secrets, and the code that it measures may be anyone's.
Use `on: pull_request`: for forks it measures on the embedded endpoint, without credentials; on `workflow_run` the
input `report` comments on what it measured."""

PUBLIC_API = "https://api.github.com"
DEPENDABOT = "dependabot[bot]"
TARGET = "pull_request_target"
PULL_REQUEST_EVENTS = frozenset({"pull_request", "pull_request_review", "pull_request_review_comment"})
"""Events whose checkout is the pull request's own code, and whose file has the pull request."""

QUEUE = "merge_group"
"""The event of a merge queue, on which a required check must run too (GitHub Docs, "Managing a merge queue")."""

LOOKING_BACK = frozenset({"release", "repository_dispatch", "schedule", "workflow_dispatch"})
"""Events of no pull request and no push: they compare with the last release."""

_QUEUED = re.compile(r"(?:refs/heads/)?gh-readonly-queue/.+/pr-([1-9][0-9]{0,11})-[0-9a-f]{40,64}")
_NO_COMMIT = re.compile("0+")  # what stands for the commit before the first push to a branch

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
    author: str | None = None  # who opened the pull request, whoever pushed to it or started the run again
    base_sha: str | None = None  # the target branch's commit, as the event has it
    merge_sha: str | None = None  # GITHUB_SHA: for a pull request, GitHub's merge of head and target branch
    fork: bool = False
    closed: bool = False  # the pull request is, merged or not
    queued: bool = False  # its code is measured in a merge queue, on top of what is merged before it
    before: str | None = None  # the commit that a push replaced
    default_branch: str | None = None  # of the repository
    api_url: str = PUBLIC_API
    run_url: str | None = None
    workspace: Path | None = None
    triggering_run: TriggeringRun | None = None  # the one that a `workflow_run` event is about
    token: str = field(default="", repr=False)  # the job's, to ask GitHub with; empty: nothing is asked

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
    def said_closed(self) -> str:
        """Why nothing is measured of a pull request that is closed: nobody could act on the answer."""
        return f"Nothing was measured: {self.place} is closed."

    @property
    def reaches_pull_request(self) -> bool:
        """True where there are a pull request, and a token to write to it with."""
        return bool(self.token) and self.pull_request is not None

    @property
    def may_comment(self) -> bool:
        """True where a comment can be written: a merge queue's run says nothing of the pull request's own head."""
        return self.reaches_pull_request and not self.queued

    @property
    def on_pull_request(self) -> bool:
        """True where a pull request's own files are measured, also where the event does not tell which."""
        return self.queued or self.pull_request is not None or self.event_name in PULL_REQUEST_EVENTS

    @property
    def commits(self) -> Commits | None:
        """The pull request's commits; None where there is no pull request. An event that says nothing knows none."""
        if not self.on_pull_request:
            return None
        return Commits(base=self.base_sha, head=self.head_sha, merge=self.merge_sha, queued=self.queued)

    @property
    def pushed(self) -> bool:
        """True for a push, whose commit takes no comment."""
        return self.event_name == "push"

    @property
    def since(self) -> Since | None:
        """What a run without a pull request looks back to; None on one, and on an event that tells nothing."""
        if self.on_pull_request or not (self.pushed or self.event_name in LOOKING_BACK):
            return None
        return Since(before=self.before, pushed=self.pushed, default_branch=self.default_branch)

    @property
    def is_untrusted(self) -> bool:
        """True for a pull request from a fork or from dependabot, and for one that the event does not tell enough of.

        GitHub gives such a workflow a read-only token, no secrets and no OIDC; where it does not, because a person
        pushed to dependabot's branch, the code is no more trusted for it.
        """
        known = self.pull_request is not None and self.author is not None
        return self.event_name in PULL_REQUEST_EVENTS and (not known or self.fork or self.author == DEPENDABOT)

    def require_trusted(self, *, measuring: bool = True) -> None:
        """Raise UsageError where the workflow would measure anyone's code beside the repository's secrets."""
        if self.event_name == TARGET or (measuring and self.event_name in SECRETS_BESIDE):
            what = f"lambdabot does not {'run' if self.event_name == TARGET else 'measure'} on `{self.event_name}`"
            raise UsageError([Mistake(message=what)], advice=UNTRUSTED)

    @classmethod
    def of(cls, environ: Mapping[str, str], *, token: str = "") -> Self:
        """Read the environment and the event file; whatever is missing or odd in them is unknown."""
        if environ.get("GITHUB_ACTIONS") != "true":
            return cls(token=token)
        event, name = _event(environ.get("GITHUB_EVENT_PATH", "")), environ.get("GITHUB_EVENT_NAME", "")
        pull_request, group = _object(event, "pull_request"), _object(event, QUEUE) if name == QUEUE else {}
        queued = _QUEUED.fullmatch(_text(group, "head_ref") or "")
        number = int(queued[1]) if queued else pull_request.get("number")
        before = _text(event, "before") if name == "push" else None
        head, base = _object(pull_request, "head"), _object(pull_request, "base")
        repository = environ.get("GITHUB_REPOSITORY") or None
        head_repository = _object(head, "repo").get("full_name")  # null when the fork was deleted
        sha = _text(head, "sha") or _text(group, "head_sha") or environ.get("GITHUB_SHA")
        workspace = environ.get("GITHUB_WORKSPACE")
        return cls(
            token=token,
            in_workflow=True,
            event_name=name,
            repository=repository,
            pull_request=number if type(number) is int and number > 0 else None,
            head_sha=sha or None,
            base_sha=_text(base, "sha") or _text(group, "base_sha"),
            merge_sha=environ.get("GITHUB_SHA") or None,
            author=_text(_object(pull_request, "user"), "login"),
            fork=bool(pull_request) and head_repository != repository,
            closed=pull_request.get("state") == "closed",
            queued=name == QUEUE,
            before=None if before is None or _NO_COMMIT.fullmatch(before) else before,
            default_branch=_text(_object(event, "repository"), "default_branch"),
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
