"""A stateful GitHub on loopback: pull requests, their comments and labels, check runs, and failures on demand.

Every request and every answer is checked against GitHub's own OpenAPI description where it is to be had (environment
variable LAMBDABOT_SHARED_DATA, or `../shared/data` beside the project); two paths more are described beside this file,
an excerpt of the same MIT-licensed description. Leaving the `with` fails on what did not fit.

In tests: `with FakeGitHub() as github: … github.url`. In a container test: `python tests/fakes/github.py PORT`.
"""

import json
import os
import re
import sys
import threading
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

if __name__ == "__main__":  # as a program it is not in a package
    sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.fakes.github_objects import PULL, activity, check_run, happened, label, permission, pull_request, user

LONGEST_BODY = 65_536
NO_CONTENT = 204
BOT, PERSON = "github-actions[bot]", "octocat"


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with the next request that fits; `after` is: the request takes effect all the same."""

    method: str
    path: str  # a pattern
    status: int
    message: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    after: bool = False


@dataclass(slots=True)
class Answer:
    status: int
    data: Any
    headers: dict[str, str] = field(default_factory=dict)


class FakeGitHub:
    """One repository's pull requests; `login` is who the token writes as, by default the workflow's own app."""

    def __init__(self, port: int = 0, *, repository: str = "octo/demo", login: str = BOT) -> None:
        self.repository = repository
        self.login = login
        self.comments: dict[int, dict[str, Any]] = {}
        self.labels: dict[int, list[dict[str, Any]]] = {}
        self.events: dict[int, list[dict[str, Any]]] = {}
        self.pulls: list[dict[str, Any]] = []
        self.activities: dict[str, list[dict[str, Any]]] = {}  # by repository, newest first
        self.permissions: dict[str, str] = {}  # of persons who may not write
        self.check_runs: dict[int, dict[str, Any]] = {}
        self.annotations: dict[int, list[dict[str, Any]]] = {}
        self.minimized: set[str] = set()
        self.files: dict[int, dict[str, str]] = {}  # by pull request: patches by file name
        self.review_comments: dict[int, dict[str, Any]] = {}
        self.requests: list[tuple[str, str]] = []
        self.faults: deque[Fault] = deque()
        self.violations: list[str] = []
        self.lock = threading.Lock()
        self._check = described()
        self._made = 0
        self._clock = datetime(2026, 11, 23, tzinfo=UTC)
        self._server = ThreadingHTTPServer(("127.0.0.1", port), type("Handler", (_Handler,), {"github": self}))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        if kind is None:
            assert self.violations == [], "\n".join(self.violations)

    def serve_forever(self) -> None:
        self._server.serve_forever()

    def add_comment(self, issue: int, body: str, *, login: str = BOT) -> dict[str, Any]:
        """Make a comment as if someone had written it on the page."""
        number = 1000 + self._made
        self._made += 1
        now = self._now()
        page = f"https://github.com/{self.repository}"
        self.comments[number] = {
            "id": number,
            "node_id": f"IC_{number}",
            "url": f"{self.url}/repos/{self.repository}/issues/comments/{number}",
            "html_url": f"{page}/pull/{issue}#issuecomment-{number}",
            "issue_url": f"{self.url}/repos/{self.repository}/issues/{issue}",
            "body": body,
            "user": user(login),
            "created_at": now,
            "updated_at": now,
            "author_association": "NONE",
        }
        return self.comments[number]

    def set_label(self, issue: int, name: str, *, by: str | None = PERSON, at: str | None = None) -> None:
        """Set a label as a person does on the page, `at` a moment in ISO 8601."""
        self.labels.setdefault(issue, []).append(label(self._api, name))
        self.happen(issue, "labeled", name, by=by, at=at)

    def remove_label(self, issue: int, name: str) -> None:
        self.labels[issue] = [one for one in self.labels[issue] if one["name"] != name]
        self.happen(issue, "unlabeled", name)

    def happen(self, issue: int, event: str, name: str = "", *, by: str | None = PERSON, at: str | None = None) -> None:
        """Record an event of the pull request, of a label where it has a name."""
        there = self.events.setdefault(issue, [])
        there.append(happened(self._api, len(there) + 1, event=event, name=name, login=by, at=at or self._now()))

    def open_pull(
        self,
        number: int,
        *,
        head: str | None = None,
        branch: str = "feature",
        sha: str = "a" * 40,
        at: str | None = None,
    ) -> None:
        """Open a pull request from a branch of `head`, an owner/name; None: the fork was deleted."""
        self.pulls.append(pull_request(self.repository, number, head=head, branch=branch, sha=sha))
        self._moved(self.pulls[-1], at, "branch_creation")

    def push(self, number: int, sha: str, *, at: str | None = None) -> None:
        """Push a commit to the head's branch, `at` a moment in ISO 8601."""
        (pull,) = (one for one in self.pulls if one["number"] == number)
        pull["head"]["sha"] = sha
        self._moved(pull, at, "force_push")

    def _moved(self, pull: dict[str, Any], at: str | None, kind: str) -> None:
        head = pull["head"]
        if head["repo"] is not None:
            there = self.activities.setdefault(head["repo"]["full_name"], [])
            there.insert(0, activity(len(there) + 1, kind, head["ref"], head["sha"], at or self._now()))

    @property
    def _api(self) -> str:
        return f"{self.url}/repos/{self.repository}"

    def _now(self) -> str:
        self._clock += timedelta(seconds=1)
        return self._clock.isoformat().replace("+00:00", "Z")

    def bodies(self) -> list[str]:
        return [comment["body"] for comment in self.comments.values()]

    def answer(self, method: str, target: str, body: bytes) -> Answer:
        """Answer a request, with the fault that was asked for, and check both against the description."""
        parts = urlsplit(target)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        with self.lock:
            data = json.loads(body) if body else {}
            asks = "viewer" in data.get("query", "")
            self.requests.append((method, "/graphql/viewer" if asks else parts.path))
            fault = self._fault(method, parts.path)
            if fault is None:
                answer = self._route(method, parts.path, query, data)
            else:
                if fault.after:
                    self._route(method, parts.path, query, data)
                answer = Answer(
                    fault.status, {"message": fault.message, "documentation_url": "https://docs.github.com"}
                )
                answer.headers.update(fault.headers)
            if self._check and parts.path != "/graphql":
                found = self._check(method, parts.path, query, body, answer)
                # Server failures and rate limits come from any path, described or not.
                self.violations += [one for one in found if fault is None or "ResponseNotFound" not in one]
        return answer

    def _fault(self, method: str, path: str) -> Fault | None:
        for fault in self.faults:
            if fault.method == method and re.search(fault.path, path):
                self.faults.remove(fault)
                return fault
        return None

    def _route(self, method: str, path: str, query: dict[str, str], data: dict[str, Any]) -> Answer:
        home = rf"/repos/{re.escape(self.repository)}"
        issues = rf"{home}/issues"
        pulls = rf"{home}/pulls"
        routes = {
            ("GET", rf"{pulls}/(\d+)/files"): lambda number: self._paged(path, query, self._files_of(number)),
            ("GET", rf"{pulls}/(\d+)/comments"): lambda number: self._paged(
                path, query, [one for one in self.review_comments.values() if one["_pull"] == number]
            ),
            ("POST", rf"{pulls}/(\d+)/comments"): lambda number: self._reviewed(data, number),
            ("POST", "/graphql"): lambda: self._graphql(data),
            ("GET", rf"{home}/collaborators/([^/]+)/permission"): self._permission,
            ("GET", r"/repos/([^/]+/[^/]+)/activity"): lambda name: self._activity(path, query, name),
            ("GET", rf"{issues}/(\d+)/comments"): lambda issue: self._listed(path, query, issue),
            ("POST", rf"{issues}/(\d+)/comments"): lambda issue: self._created(data, issue),
            ("PATCH", rf"{issues}/comments/(\d+)"): lambda number: self._edited(data, number),
            ("DELETE", rf"{issues}/comments/(\d+)"): self._deleted,
            ("GET", rf"{issues}/(\d+)/labels"): lambda issue: self._paged(path, query, self.labels.get(issue, [])),
            ("GET", rf"{issues}/(\d+)/events"): lambda issue: self._paged(path, query, self.events.get(issue, [])),
            ("GET", rf"{home}/pulls/(\d+)"): self._pull,
            ("GET", rf"{home}/pulls"): lambda: self._pulls(path, query),
            ("POST", rf"{home}/check-runs"): lambda: self._checked(data),
            ("PATCH", rf"{home}/check-runs/(\d+)"): lambda number: self._noted(data, number),
        }
        for (known, pattern), serve in routes.items():
            if known == method and (found := re.fullmatch(pattern, path)):
                return serve(*(int(one) if one.isdecimal() else one for one in found.groups()))
        return refused(404, "Not Found")

    def _permission(self, login: str) -> Answer:
        return Answer(200, permission(unquote(login), self.permissions.get(unquote(login), "write")))

    def _activity(self, path: str, query: dict[str, str], name: str) -> Answer:
        there = [one for one in self.activities.get(name, []) if one["ref"] == query.get("ref", one["ref"])]
        return self._paged(path, query, there)

    def _graphql(self, data: dict[str, Any]) -> Answer:
        if "viewer" in data["query"]:
            return Answer(200, {"data": {"viewer": {"login": self.login}}})
        subject = data["variables"]["input"]["subjectId"]
        if "unminimizeComment" in data["query"]:
            self.minimized.discard(subject)
            return Answer(200, {"data": {"unminimizeComment": {"unminimizedComment": {"isMinimized": False}}}})
        self.minimized.add(subject)
        return Answer(200, {"data": {"minimizeComment": {"minimizedComment": {"isMinimized": True}}}})

    def _edited(self, data: dict[str, Any], number: int) -> Answer:
        if number not in self.comments:
            return refused(404, "Not Found")
        if too_long := refused_body(data["body"]):
            return too_long
        self.comments[number]["body"] = data["body"].strip()
        return Answer(200, self.comments[number])

    def _created(self, data: dict[str, Any], issue: int) -> Answer:
        if too_long := refused_body(data["body"]):
            return too_long
        return Answer(201, self.add_comment(issue, data["body"].strip(), login=self.login))

    def _files_of(self, number: int) -> list[dict[str, Any]]:
        return [
            {
                "sha": "0" * 40,
                "filename": name,
                "status": "modified",
                "additions": 1,
                "deletions": 1,
                "changes": 2,
                "blob_url": f"https://github.com/{self.repository}/blob/{name}",
                "raw_url": f"https://github.com/{self.repository}/raw/{name}",
                "contents_url": f"{self.url}/repos/{self.repository}/contents/{name}",
                "patch": patch,
            }
            for name, patch in self.files.get(number, {}).items()
        ]

    def _reviewed(self, data: dict[str, Any], number: int) -> Answer:
        """Take a comment on a line that a hunk shows; GitHub refuses any other."""
        lines = head_lines(self.files.get(number, {}).get(data["path"], ""))
        if data.get("side", "RIGHT") != "RIGHT" or data.get("line") not in lines:
            error = {
                "resource": "PullRequestReviewComment",
                "code": "custom",
                "field": "pull_request_review_thread.line",
                "message": "pull_request_review_thread.line must be part of the diff",
            }
            return refused(422, "Validation Failed", errors=[error])
        ident = 5000 + len(self.review_comments)
        self._clock += timedelta(seconds=1)
        now = self._clock.isoformat().replace("+00:00", "Z")
        page = f"https://github.com/{self.repository}/pull/{number}#discussion_r{ident}"
        pull = f"{self.url}/repos/{self.repository}/pulls/{number}"
        self.review_comments[ident] = {
            "url": f"{self.url}/repos/{self.repository}/pulls/comments/{ident}",
            "pull_request_review_id": 1,
            "id": ident,
            "node_id": f"PRRC_{ident}",
            "diff_hunk": "@@",
            "path": data["path"],
            "commit_id": data["commit_id"],
            "original_commit_id": data["commit_id"],
            "user": user(self.login),
            "body": data["body"].strip(),
            "line": data["line"],
            "side": "RIGHT",
            "created_at": now,
            "updated_at": now,
            "html_url": page,
            "pull_request_url": pull,
            "author_association": "NONE",
            "_links": {"self": {"href": page}, "html": {"href": page}, "pull_request": {"href": pull}},
            "_pull": number,
        }
        return Answer(201, self.review_comments[ident])

    def _listed(self, path: str, query: dict[str, str], issue: int) -> Answer:
        there = [one for one in self.comments.values() if one["issue_url"].endswith(f"/{issue}")]
        return self._paged(path, query, there)

    def _deleted(self, number: int) -> Answer:
        if self.comments.pop(number, None) is None:
            return refused(404, "Not Found")
        return Answer(204, None)

    def _pulls(self, path: str, query: dict[str, str]) -> Answer:
        """List as GitHub does: a `head` without an owner is no filter."""
        head, state = query.get("head", ""), query.get("state", "open")
        there = [
            one
            for one in self.pulls
            if state in {"all", one["state"]} and (":" not in head or one["head"]["label"] == head)
        ]
        return self._paged(path, query, there)

    def _pull(self, number: int) -> Answer:
        found = [one for one in self.pulls if one["number"] == number]
        return Answer(200, {**found[0], **PULL}) if found else refused(404, "Not Found")

    def _checked(self, data: dict[str, Any]) -> Answer:
        number = len(self.check_runs) + 1
        self.check_runs[number], self.annotations[number] = data, []
        return Answer(201, self._noted(data, number).data)

    def _noted(self, data: dict[str, Any], number: int) -> Answer:
        if number not in self.check_runs:
            return refused(404, "Not Found")
        self.check_runs[number] |= data
        noted = self.annotations[number]
        noted += data["output"].get("annotations", [])
        page = f"https://github.com/{self.repository}"
        return Answer(200, check_run(self._api, page, number, self.check_runs[number], len(noted)))

    def _paged(self, path: str, query: dict[str, str], there: list[dict[str, Any]]) -> Answer:
        size, page = min(int(query.get("per_page", 30)), 100), int(query.get("page", 1))
        answer = Answer(200, there[(page - 1) * size : page * size])
        last = -(-len(there) // size)
        if page < last:
            links = (("next", page + 1), ("last", last))
            answer.headers["Link"] = ", ".join(
                f'<{self.url}{path}?{urlencode({**query, "page": number})}>; rel="{relation}"'
                for relation, number in links
            )
        return answer


class _Handler(BaseHTTPRequestHandler):
    github: FakeGitHub
    protocol_version = "HTTP/1.1"

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        answer = self.github.answer(self.command, self.path, body)
        data = b"" if answer.status == NO_CONTENT else json.dumps(answer.data).encode()
        self.send_response(answer.status)
        for name, value in {"Content-Type": "application/json; charset=utf-8", **answer.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _serve  # noqa: N815  # the names are http.server's

    def log_message(self, *_: object) -> None:
        pass


def refused(status: int, message: str, **more: Any) -> Answer:
    return Answer(status, {"message": message, "documentation_url": "https://docs.github.com/rest", **more})


def refused_body(body: str) -> Answer | None:
    """The limit is not in GitHub's description: this is what the service answers."""
    if len(body) <= LONGEST_BODY:
        return None
    error = {"resource": "IssueComment", "code": "custom", "field": "body", "message": "body is too long"}
    return refused(422, "Validation Failed", errors=[error])


def head_lines(patch: str) -> dict[int, str]:
    """Return the head's side of a patch by line, read apart from how lambdabot reads it."""
    lines, number = {}, 0
    for line in patch.splitlines():
        if line.startswith("@@"):
            number = int(line.split("+")[1].split(",")[0].split(" ")[0])
        elif not line.startswith(("-", "\\")):
            lines[number] = line[1:]
            number += 1
    return lines


@cache
def described() -> Any:
    """Return a function that lists how an exchange departs from GitHub's description; None where that is missing."""
    root = Path(os.environ.get("LAMBDABOT_SHARED_DATA") or Path(__file__).parents[3] / "shared" / "data")
    path = root / "github-openapi.json"
    if not path.is_file():
        return None
    from openapi_core import Config, OpenAPI
    from openapi_core.exceptions import OpenAPIError
    from openapi_core.testing import MockRequest, MockResponse

    # GitHub's description leaves `operationId`s and examples that a strict reading of OpenAPI does not allow.
    known, more = (json.loads(one.read_text()) for one in (path, Path(__file__).with_name("github-openapi.json")))
    known["paths"] |= more["paths"]
    for kind, named in more["components"].items():
        known["components"][kind] |= named
    api = OpenAPI.from_dict(known, config=Config(spec_validator_cls=None))

    def check(method: str, path: str, query: dict[str, str], body: bytes, answer: Answer) -> list[str]:
        request = MockRequest("http://127.0.0.1", method, path, args=query, data=body)
        response = MockResponse(json.dumps(answer.data).encode(), answer.status, headers=answer.headers)
        found = []
        for validate in (lambda: api.validate_request(request), lambda: api.validate_response(request, response)):
            try:
                validate()
            except OpenAPIError as error:
                found.append(f"{method} {path} {answer.status}: {error!r} {error.__cause__!r}")
        return found

    return check


if __name__ == "__main__":
    server = FakeGitHub(int(sys.argv[1]))
    print(server.url, flush=True)
    server.serve_forever()
