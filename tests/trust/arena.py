"""A job that a hostile pull request runs in: its workspace, the runner's files beside it, GitHub, and the doors."""

import base64
import io
import json
import os
import sys
import textwrap
from collections.abc import Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from lambdabot import action, cli
from tests.fakes.github import FakeGitHub
from tests.fakes.unhurried import unhurried

TOKEN = "ghs_Qm9ndXNUb2tlbk9mVGhlSm9iMDEyMzQ1"
SECRETS = {
    "GITHUB_TOKEN": TOKEN,
    "ACTIONS_RUNTIME_TOKEN": "eyJhbGciOiJub25lIn0.cnVudGltZS10b2tlbi1vZi10aGUtam9i",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "eyJhbGciOiJub25lIn0.aWQtdG9rZW4tb2YtdGhlLWpvYi4uLg",
    "AWS_ACCESS_KEY_ID": "ASIAQYEIWHFDHOSTILE1",
    "AWS_SECRET_ACCESS_KEY": "k7Gm/hostile+secret/access+key/0123456789",
    "AWS_SESSION_TOKEN": "IQoJb3JpZ2luX2VjEPr//////////wEaCXVzLWVhc3QtMSJHMEUCIQ",
}
HEADER = f"AUTHORIZATION: basic {base64.b64encode(f'x-access-token:{TOKEN}'.encode()).decode()}"
HANDLER = "def handler(event, context):\n    return 1\n"
SETTINGS = """\
version: 1
functions:
  hello:
    source: src
    handler: app.handler
    memory_mb: [1024]
    architectures: [x86_64]
    current: {memory_mb: 1024, architecture: x86_64}
    budget: {invocations: 60, minutes: 1}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What came out of a door, for anybody to read."""

    exit_code: int
    log: str
    outputs: str = ""
    summary: str = ""
    comments: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)  # of the output folder

    def shows(self, text: str) -> bool:
        """Tell whether a text was published anywhere."""
        return any(text in one for one in (self.log, self.outputs, self.summary, *self.comments, *self.files.values()))

    @property
    def shows_secret(self) -> bool:
        """Tell whether a secret of the job was published anywhere."""
        return any(self.shows(one) for one in (*SECRETS.values(), HEADER.rpartition(" ")[2]))


class Arena:
    """The job: `work` is the checkout, `base` the target branch, `runner` the runner's own files."""

    def __init__(self, folder: Path, github: FakeGitHub, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.github, self.monkeypatch = folder, github, monkeypatch
        self.work, self.base, self.runner = (folder / name for name in ("work", "base", "runner"))
        for one in (self.work, self.base, self.runner):
            one.mkdir()
        self.write(".git/config", f'[http "https://github.com/"]\n\textraheader = {HEADER}\n')
        self.write("src/app.py", HANDLER)
        self.write("lambdabot.yml", SETTINGS)
        self.write("src/app.py", HANDLER, at=self.base)
        self.write("lambdabot.yml", SETTINGS, at=self.base)
        self.event = {
            "pull_request": {
                "number": 7,
                "head": {"sha": "a" * 40, "ref": "feature", "repo": {"full_name": "octo/demo"}},
                "base": {"ref": "main", "sha": "b" * 40, "repo": {"full_name": "octo/demo"}},
                "user": {"login": "octocat"},
            }
        }
        self.first_stage = {  # as a `workflow_run` event tells of it
            "event": "pull_request",
            "head_branch": "feature",
            "head_sha": "c" * 40,
            "head_repository": {"full_name": "stranger/demo"},
            "created_at": "2026-11-23T12:00:00Z",
            "html_url": "https://github.com/octo/demo/actions/runs/7",
            "pull_requests": [],
        }
        for name in list(os.environ):
            if name.startswith(("GITHUB_", "INPUT_", "RUNNER_", "ACTIONS_", "AWS_")) or name == "CI":
                monkeypatch.delenv(name)
        for name, value in SECRETS.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("HOME", str(self.runner))
        monkeypatch.setenv("AWS_REGION", "us-east-1")
        unhurried(monkeypatch)

    def write(self, name: str, text: str | bytes, *, at: Path | None = None) -> Path:
        """Write a file of the pull request, or of another folder."""
        path = (at or self.work) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else textwrap.dedent(text).encode())
        return path

    def link(self, name: str, target: str | Path) -> Path:
        """Commit a link."""
        path = self.work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(target)
        return path

    def environ(self, **more: str) -> dict[str, str]:
        """Return the variables of the job's step."""
        self.write("event.json", json.dumps(self.event), at=self.runner)
        for name in ("output", "summary"):
            self.write(name, "", at=self.runner)
        return {
            **os.environ,
            "GITHUB_ACTIONS": "true",
            "GITHUB_WORKSPACE": str(self.work),
            "GITHUB_EVENT_NAME": "pull_request",
            "GITHUB_EVENT_PATH": str(self.runner / "event.json"),
            "GITHUB_REPOSITORY": "octo/demo",
            "GITHUB_API_URL": self.github.url,
            "GITHUB_OUTPUT": str(self.runner / "output"),
            "GITHUB_STEP_SUMMARY": str(self.runner / "summary"),
            "RUNNER_TEMP": str(self.runner / "temp"),
            **more,
        }

    def action(
        self, *, base: str | None = None, endpoint: str = "local", event_name: str = "pull_request", **inputs: str
    ) -> Seen:
        """Run the action as a step on the pull request; `base` is the target branch's folder unless it is named."""
        given = {
            "endpoint": endpoint,
            "base": str(self.base) if base is None else base,
            "github-token": TOKEN,
            **inputs,
        }
        variables = {f"INPUT_{name.upper().replace('_', '-')}": value for name, value in given.items()}
        return self.step({"GITHUB_EVENT_NAME": event_name, **variables})

    def comment(self, folder: str = "reports") -> Seen:
        """Run `lambdabot comment` as a step on `workflow_run`, as `second_stage` runs the action."""
        self.event = {"workflow_run": self.first_stage}
        return self.command("comment", "--report", folder, in_workflow=True, GITHUB_EVENT_NAME="workflow_run")

    def second_stage(self, folder: str = "reports", **inputs: str) -> Seen:
        """Run the action as a step on `workflow_run`, on the reports below a folder of the workspace.

        The workspace is the target branch's there, and the folder is what the first stage's artifact held.
        """
        self.event = {"workflow_run": self.first_stage}
        given = {"report": folder, "github-token": TOKEN, **inputs}
        return self.step(
            {
                "GITHUB_EVENT_NAME": "workflow_run",
                **{f"INPUT_{name.upper().replace('_', '-')}": value for name, value in given.items()},
            }
        )

    def step(self, variables: Mapping[str, str]) -> Seen:
        """Run the action with these variables beside the job's."""
        environ = self.environ(**variables)
        for name in ("GITHUB_ACTIONS", "GITHUB_WORKSPACE", "RUNNER_TEMP"):
            self.monkeypatch.setenv(name, environ[name])
        with _logged() as log, _within(self.work):
            code = action.main(environ)
        return self._seen(code, log.getvalue(), self.work / action.OUT)

    def command(self, *arguments: str, in_workflow: bool = False, **variables: str) -> Seen:
        """Run the command line in the checkout, with the job's secrets in its environment; as a step, if told so."""
        environ = self.environ(**variables)
        for name in environ.keys() - SECRETS.keys():
            if in_workflow:
                self.monkeypatch.setenv(name, environ[name])
            elif name.startswith(("GITHUB_", "RUNNER_")):
                self.monkeypatch.delenv(name, raising=False)
        with _logged() as log, _within(self.work):
            try:
                code = cli.main(list(arguments))
            except SystemExit as ended:
                code = int(ended.code or 0)
        return self._seen(code, log.getvalue(), self.work / "out")

    def run(
        self,
        *arguments: str,
        base: str | None = None,
        endpoint: str = "local",
        event_name: str = "pull_request",
        in_workflow: bool = False,
    ) -> Seen:
        """Run `lambdabot run` in the checkout as `action` does its part; an empty option is not given."""
        given = {"--endpoint": endpoint, "--base": str(self.base) if base is None else base}
        options = [word for name, value in given.items() if value for word in (name, value)]
        return self.command("run", *options, *arguments, in_workflow=in_workflow, GITHUB_EVENT_NAME=event_name)

    def _seen(self, code: int, log: str, out: Path) -> Seen:
        files = {}
        if out.is_dir() and not out.is_symlink():
            files = {one.name: one.read_text(errors="replace") for one in out.iterdir() if one.is_file()}
        return Seen(
            exit_code=code,
            log=log,
            outputs=_text(self.runner / "output"),
            summary=_text(self.runner / "summary"),
            comments=(*self.github.bodies(), *(one["body"] for one in self.github.review_comments.values())),
            files=files,
        )


def _text(path: Path) -> str:
    return path.read_text(errors="replace") if path.is_file() else ""


@contextmanager
def _logged():
    """Take what goes to the log; the streams are the process's own, as a door finds them."""
    log = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="replace", write_through=True)
    text = io.StringIO()
    with redirect_stdout(log), redirect_stderr(log):
        try:
            yield text
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            log.flush()
            text.write(log.buffer.getvalue().decode(errors="replace"))


@contextmanager
def _within(folder: Path):
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
