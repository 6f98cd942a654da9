"""The workflow's door, in process: the container test runs the same in the built image."""

import gc
import json
import signal
import subprocess

import pytest

from lambdabot import action
from lambdabot.errors import InterruptionError
from lambdabot.model import ACCEPT_LABEL
from tests.fakes.github import FakeGitHub, Fault
from tests.fakes.unhurried import unhurried

SETTINGS = """
    version: 1
    functions:
      hello: {source: src, handler: app.handler, memory_mb: [128, 512], budget: {invocations: 40}}
"""


GATED = """
    version: 1
    functions:
      hello:
        source: src
        handler: app.handler
        memory_mb: [1024]
        architectures: [x86_64]
        current: {{memory_mb: 1024, architecture: x86_64}}
        budget: {{invocations: 100, minutes: 1}}
    gate: {{threshold_percent: {percent}}}
"""


@pytest.fixture
def github():
    with FakeGitHub() as server:
        yield server


@pytest.fixture
def step(project, github, tmp_path, monkeypatch):
    """Run the action as a step, and return its exit code, outputs and summary."""
    unhurried(monkeypatch)
    project.write("src/app.py", "def handler(event, context):\n    return 1\n")
    project.settings(SETTINGS)
    runner = tmp_path / "runner"
    runner.mkdir()
    event = {
        "pull_request": {
            "number": 7,
            "head": {"sha": "a" * 40, "repo": {"full_name": "octo/demo"}},
            "base": {"ref": "main", "repo": {"full_name": "octo/demo"}},
            "user": {"login": "octocat"},
        }
    }

    def run(*, name: str = "pull_request", head: str = "octo/demo", told: object = None, sha: str = "", **inputs: str):
        event["pull_request"]["head"]["repo"]["full_name"] = head
        (runner / "event.json").write_text(json.dumps(told or event))
        for file in ("output", "summary"):
            (runner / file).write_text("")
        code = action.main(
            {
                "GITHUB_ACTIONS": "true",
                "GITHUB_WORKSPACE": str(project.folder),
                "GITHUB_EVENT_NAME": name,
                "GITHUB_EVENT_PATH": str(runner / "event.json"),
                "GITHUB_REPOSITORY": "octo/demo",
                "GITHUB_SHA": sha,
                "GITHUB_API_URL": github.url,
                "GITHUB_OUTPUT": str(runner / "output"),
                "GITHUB_STEP_SUMMARY": str(runner / "summary"),
                "RUNNER_TEMP": str(runner),
                **{f"INPUT_{key.upper().replace('_', '-')}": value for key, value in inputs.items()},
            }
        )
        return code, (runner / "output").read_text(), (runner / "summary").read_text()

    return run


def test_a_run_leaves_comment_outputs_summary_and_report(step, github, project):
    code, outputs, summary = step(endpoint="local", github_token="token", functions="hello,\n")

    assert code == 0
    (comment,) = github.bodies()
    assert "Estimate: embedded endpoint" in comment
    assert "not measured" in outputs
    assert "Nothing compared, so nothing gated" in summary
    assert json.loads((project.folder / action.OUT / "report.json").read_text())["pull_request"] == 7


def test_garbage_is_looked_for_again_once_everything_is_imported(step):
    gc.disable()  # as the entry point does
    try:
        step(endpoint="local")
        assert gc.isenabled()
    finally:
        gc.enable()


def test_a_pull_request_from_a_fork_is_measured_on_the_embedded_endpoint(step, github, project):
    code, _, _ = step(head="stranger/demo")

    assert code == 0
    assert github.requests == []
    assert json.loads((project.folder / action.OUT / "report.json").read_text())["endpoint"] == "local"


def test_a_refused_comment_is_a_warning_and_the_summary_has_everything(step, github, capsys):
    github.faults.append(Fault("GET", r"/issues/7/comments", 403, "Resource not accessible by integration"))

    code, _, summary = step(endpoint="local", github_token="token")

    assert code == 0
    assert "::warning title=lambdabot::" in capsys.readouterr().out
    assert "hello" in summary


def test_no_comment_is_posted_that_the_settings_do_not_want(step, github, project):
    project.settings(SETTINGS + "    comment: {when: regression}\n")
    project.write("base/lambdabot.yml", (project.folder / "lambdabot.yml").read_text())
    project.write("base/src/app.py", "def handler(event, context):\n    return 1\n")

    assert step(endpoint="local", github_token="token", base="base")[0] == 0
    assert step(endpoint="local", github_token="token", comment="off")[0] == 0
    assert github.bodies() == []


def test_a_pull_request_that_softens_the_gate_is_told_so_and_does_not_profit(step, project):
    work = "import time\ndef handler(*_):\n    time.sleep({})\n"
    project.write("base/lambdabot.yml", GATED.format(percent=10))
    project.write("base/src/app.py", work.format(0.01))
    project.write("src/app.py", work.format(0.1))
    project.settings(GATED.format(percent=5000))

    code, _, _ = step(endpoint="local", base="base")

    report = json.loads((project.folder / action.OUT / "report.json").read_text())
    assert (code, report["verdict"]) == (1, "regression")
    assert report["functions"][0]["comparison"]["threshold"] == 0.1
    assert report["settings"]["gate"]["threshold_percent"] == 10
    note = "This pull request changes `gate` (threshold_percent 10.0 to 5000.0)"
    assert any(line.startswith(note) for line in report["notes"])
    assert "threshold_percent" in (project.folder / action.OUT / "comment.md").read_text()


def test_pull_request_target_is_refused(step, capsys, project):
    code, _, _ = step(name="pull_request_target", endpoint="local")

    assert code == 2
    assert "on: pull_request" in capsys.readouterr().out
    assert not (project.folder / action.OUT).exists()


def test_each_mistake_in_the_settings_is_an_annotation_on_its_line(step, project, capsys):
    project.settings("version: 1\nfunctions:\n  hello: {sorce: src, handler: app.handler}\n")

    code, _, _ = step(endpoint="local")

    assert code == 2
    printed = capsys.readouterr().out
    assert "::error title=lambdabot,file=lambdabot.yml,line=3,col=3::`functions.hello.source` is missing" in printed
    assert "did you mean `source`?" in printed


def test_an_error_of_the_endpoint_ends_in_its_exit_code(step, monkeypatch, capsys):
    def unreachable(*_: object) -> None:
        raise action.LambdabotError("the endpoint is gone", advice="start it again")

    monkeypatch.setattr(action, "_run", unreachable)

    assert step()[0] == 3
    assert "::error title=lambdabot::the endpoint is gone%0Astart it again" in capsys.readouterr().out


def test_an_interruption_ends_the_process_with_the_signals_status(step, monkeypatch):
    def interrupted(*_: object) -> None:
        raise InterruptionError(signal.SIGTERM)

    ended = []
    monkeypatch.setattr(action, "_run", interrupted)
    monkeypatch.setattr("lambdabot.door.end_now", lambda interruption: ended.append(interruption.signal_number))

    step()

    assert ended == [signal.SIGTERM]


@pytest.fixture
def commit(project):
    """Commit the project's files, and return the commit."""

    def git(*words: str) -> str:
        command = [
            "git",
            "-c",
            "user.email=a@example.org",
            "-c",
            "user.name=a",
            "-c",
            "init.defaultBranch=main",
            *words,
        ]
        done = subprocess.run(command, cwd=project.folder, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    git("init", "--quiet")

    def of() -> str:
        git("add", "--all")
        git("commit", "--quiet", "--allow-empty", "-m", "more")
        return git("rev-parse", "HEAD")

    return of


def test_in_a_merge_queue_the_target_branchs_gate_stands_and_the_pull_requests_label_is_asked_for(
    step, github, project, commit
):
    work = "import time\ndef handler(*_):\n    time.sleep({})\n"
    project.settings(GATED.format(percent=10))
    project.write("src/app.py", work.format(0.01))
    base = commit()
    project.settings(GATED.format(percent=5000))
    project.write("src/app.py", work.format(0.1))
    head = commit()
    github.open_pull(7, head="octo/demo", sha="a" * 40, at="2026-11-23T12:00:00Z")
    github.set_label(7, ACCEPT_LABEL, by="octocat", at="2026-11-23T12:05:00Z")
    branch = f"refs/heads/gh-readonly-queue/main/pr-7-{base}"
    group = {"head_sha": head, "head_ref": branch, "base_sha": base, "base_ref": "refs/heads/main"}

    code, outputs, _ = step(
        name="merge_group", told={"merge_group": group}, endpoint="local", github_token="token", sha=head
    )

    report = json.loads((project.folder / action.OUT / "report.json").read_text())
    (function,) = report["functions"]
    assert (code, report["verdict"]) == (0, "overridden")
    assert (report["base_sha"], report["head_sha"], report["pull_request"]) == (base, head, 7)
    assert function["comparison"]["threshold"] == 0.1
    assert report["override"]["by"] == "octocat"
    assert github.bodies() == []
    assert "overridden" in outputs


def test_a_push_that_changes_nothing_is_compared_with_what_it_replaced(step, github, project, commit):
    before, after = commit(), commit()

    code, _, summary = step(
        name="push", told={"before": before, "after": after}, endpoint="local", github_token="token", sha=after
    )

    report = json.loads((project.folder / action.OUT / "report.json").read_text())
    assert (code, report["verdict"], report["base_sha"]) == (0, "no change", before)
    assert report["functions"][0]["base_is"] == "last push"
    (check,) = github.check_runs.values()
    assert (check["head_sha"], check["conclusion"]) == (after, "success")
    assert github.bodies() == []
    assert "No change in cost" in summary


def test_nothing_is_measured_of_a_pull_request_that_is_closed(step, github, project, capsys):
    pull = {"number": 7, "state": "closed", "head": {"sha": "a" * 40}, "base": {"sha": "b" * 40}}
    code, outputs, summary = step(told={"action": "closed", "pull_request": pull}, github_token="token")

    assert (code, outputs) == (0, "")
    assert "Nothing was measured: octo/demo#7 is closed." in summary
    assert "::notice title=lambdabot::Nothing was measured" in capsys.readouterr().out
    assert github.requests == []
    assert not (project.folder / action.OUT).exists()


def test_a_draft_is_measured_as_any_other(step, project):
    pull = {
        "number": 7,
        "state": "open",
        "draft": True,
        "head": {"sha": "a" * 40, "repo": {"full_name": "octo/demo"}},
        "user": {"login": "octocat"},
    }
    code, _, _ = step(told={"pull_request": pull}, endpoint="local")

    assert code == 0
    assert (project.folder / action.OUT / "report.json").exists()


def after(head: str, **fields: str):
    """Tell of a finished run, as GitHub does to a workflow on `workflow_run`."""
    run = {
        "event": "pull_request",
        "head_branch": "feature",
        "head_sha": "a" * 40,
        "created_at": "2026-11-23T12:00:00Z",
        "head_repository": {"full_name": head},
        "pull_requests": [],
    }
    return {"workflow_run": {**run, **fields}}


def test_both_stages_for_a_fork(step, github, project, tmp_path):
    """The first measures with a read-only token and leaves a report, the second comments on it and believes little."""
    code, outputs, _ = step(head="stranger/demo")
    assert (code, github.requests) == (0, [])
    assert "lambdabot-report/report.json" in outputs

    github.open_pull(7, head="stranger/demo")
    (project.folder / "lambdabot.yml").unlink()  # the second stage needs no checkout
    code, outputs, summary = step(
        name="workflow_run", told=after("stranger/demo"), report="lambdabot-report", github_token="token"
    )

    assert code == 0
    (comment,) = github.comments.values()
    assert "The pull request's own workflow made these figures" in comment["body"]
    assert comment["html_url"] in outputs
    assert "verdict" not in outputs  # a later step is not to decide by what a stranger wrote
    assert "hello" in summary


def test_a_second_stage_that_may_not_comment_says_what_to_add(step, github, capsys):
    step(head="stranger/demo")
    github.open_pull(7, head="stranger/demo")
    github.faults.append(Fault("POST", r"/comments", 403, "Resource not accessible by integration"))

    code, _, _ = step(name="workflow_run", told=after("stranger/demo"), report="lambdabot-report", github_token="token")

    assert code == 0
    assert "::warning title=lambdabot::no comment was posted" in (printed := capsys.readouterr().out)
    assert "pull-requests: write" in printed


def test_a_second_stage_without_a_report_is_a_mistake(step, github, capsys):
    code, _, _ = step(name="workflow_run", told=after("stranger/demo"), report="absent", github_token="token")

    assert code == 2
    assert "::error title=lambdabot,file=absent::cannot be read" in capsys.readouterr().out
    assert github.requests == []


def test_a_check_run_is_made_and_its_refusal_fails_nothing(step, github, capsys):
    assert step(endpoint="local", github_token="token", check="true", comment="off")[0] == 0
    assert [one["name"] for one in github.check_runs.values()] == ["lambdabot"]

    github.faults.append(Fault("POST", "/check-runs", 403, "Resource not accessible by integration"))
    assert step(endpoint="local", github_token="token", check="true", comment="off")[0] == 0
    assert "checks: write" in capsys.readouterr().out
