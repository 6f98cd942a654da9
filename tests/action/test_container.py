"""The container contract: the Dockerfile built, the entry point run as GitHub's runner does, on a real function."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from lambdabot.model import ACCEPT_LABEL
from lambdabot.report.document import document, dumps
from tests.action.image import Image, done, missing
from tests.fakes.github import FakeGitHub
from tests.unit.report import runs

pytestmark = [
    pytest.mark.container,
    pytest.mark.skipif(bool(missing()), reason=f"needs {missing()}"),
]

SETTINGS = """version: 1
functions:
  spin:
    source: src
    handler: app.handler
    architectures: [x86_64]
    memory_mb: [512, 1769]
    current: {memory_mb: 1769, architecture: x86_64}
    monthly_invocations: 1000000
    budget: {invocations: 300, minutes: 2}
"""

APP = """import time

def handler(event, context):
    end = time.process_time() + %s
    while time.process_time() < end:
        pass
    return {"ok": True}
"""

NODE_APP = """export const handler = async () => {
  const end = process.cpuUsage().user + 20000;
  while (process.cpuUsage().user < end);
  return { ok: true };
};
"""

EVENT = {
    "number": 7,
    "pull_request": {
        "number": 7,
        "head": {"sha": "a" * 40, "ref": "feature", "repo": {"full_name": "octo/demo"}},
        "base": {"ref": "main", "repo": {"full_name": "octo/demo"}},
        "user": {"login": "octocat"},
    },
}

LOCAL = {"endpoint": "local", "github-token": "ghs_verysecret", "config": "lambdabot.yml"}


@pytest.fixture(scope="module")
def image():
    return Image.build()


@pytest.fixture
def github():
    with FakeGitHub() as server:
        yield server


@pytest.fixture
def workspace(tmp_path):
    folder = tmp_path / "workspace"
    (folder / "src").mkdir(parents=True)
    (folder / "lambdabot.yml").write_text(SETTINGS)
    return folder


def commit(folder, seconds):
    """Commit a version of the function that takes so much CPU time."""
    (folder / "src" / "app.py").write_text(APP % seconds)
    identity = ["-c", "user.name=test", "-c", "user.email=test@example.com"]
    record = [*identity, "commit", "--quiet", "--allow-empty", "-m", f"{seconds} s"]
    for command in (["init", "--quiet"], ["add", "src", "lambdabot.yml"], record):
        done(["git", "-C", str(folder), *command])


def step(image, workspace, inputs, github, **more):
    event = {**EVENT, "pull_request": {**EVENT["pull_request"], "base": {**EVENT["pull_request"]["base"]}}}
    if (workspace / ".git").exists():  # its last commit is the pull request's own, on top of the target branch
        commits = done(["git", "-C", str(workspace), "rev-list", "--max-count=2", "HEAD"]).split()
        event["pull_request"]["base"]["sha"] = commits[-1]
    return image.run(workspace, inputs, event=json.dumps(event), environ={"GITHUB_API_URL": github.url}, **more)


def test_a_slower_head_fails_the_job_and_the_next_push_edits_the_comment(image, workspace, github):
    github.open_pull(7, head="octo/demo")
    commit(workspace, 0.02)
    commit(workspace, 0.06)
    finished = step(image, workspace, LOCAL, github)

    assert finished.exit_code == 1, finished.log
    assert finished.outputs["verdict"] == "regression"
    assert float(finished.outputs["cost-change-percent"]) > 50
    assert finished.outputs["recommended-memory"] in {"512", "1769"}
    assert finished.outputs["recommended-architecture"] == "x86_64"
    assert finished.outputs["report"] == "lambdabot-report/report.json"
    (comment,) = github.comments.values()
    assert finished.outputs["comment-url"] == comment["html_url"]
    assert "more: $" in comment["body"]
    assert "estimate" in comment["body"]
    assert finished.summary.startswith("### 🔴 Costs ")
    assert "verysecret" not in finished.log + finished.summary + comment["body"]
    report = workspace / "lambdabot-report" / "report.json"
    data = json.loads(report.read_text())
    assert (data["pull_request"], data["head_sha"], data["endpoint"]) == (7, "a" * 40, "local")
    assert data["spend"]["deployments_created"] == data["spend"]["deployments_removed"] > 0
    assert report.stat().st_uid == workspace.stat().st_uid

    github.set_label(7, ACCEPT_LABEL, by="octocat", at=(datetime.now(UTC) + timedelta(seconds=1)).isoformat())
    finished = step(image, workspace, LOCAL, github)

    assert finished.exit_code == 0, finished.log
    assert finished.outputs["verdict"] == "overridden"
    (accepted,) = github.bodies()
    assert "**Accepted** by <code>octocat</code>" in accepted
    github.remove_label(7, ACCEPT_LABEL)

    commit(workspace, 0.06)  # nothing changed, so base and head are the same package
    finished = step(image, workspace, LOCAL, github)

    assert finished.exit_code == 0, finished.log
    assert finished.outputs["verdict"] == "no change"
    assert finished.outputs["cost-change-percent"] == ""
    (edited,) = github.comments.values()
    assert finished.outputs["comment-url"] == edited["html_url"]
    assert "No change" in edited["body"]


def test_a_node_function_is_measured_by_the_images_own_node(image, workspace, github):
    github.open_pull(7, head="octo/demo")
    (workspace / "lambdabot.yml").write_text(SETTINGS.replace("handler:", "runtime: nodejs22.x\n    handler:"))
    (workspace / "src" / "app.mjs").write_text(NODE_APP)
    commit(workspace, 0)
    finished = step(image, workspace, LOCAL, github)

    assert finished.exit_code == 0, finished.log
    assert finished.outputs["recommended-memory"] in {"512", "1769"}
    data = json.loads((workspace / "lambdabot-report" / "report.json").read_text())
    (function,) = data["functions"]
    assert any(re.match(r"It was run by Node\.js \d+\.[\d.]+ of this machine", note) for note in function["notes"])


def test_the_second_stage_comments_for_a_fork(image, workspace, github):
    """The first stage ran elsewhere; of its report nothing is believed that GitHub can be asked about."""
    sha, fork = "c" * 40, "stranger/demo"
    github.open_pull(9, head=fork, sha=sha)
    folder = workspace / "lambdabot-reports" / "lambdabot-report"
    folder.mkdir(parents=True)
    (folder / "report.json").write_text(dumps(document(replace(runs.regression(), head_sha=sha, pull_request=1))))
    run = {
        "event": "pull_request",
        "head_branch": "feature",
        "head_sha": sha,
        "created_at": "2026-11-23T12:00:00Z",
        "head_repository": {"full_name": fork},
    }

    finished = image.run(
        workspace,
        {"report": "lambdabot-reports", "github-token": "ghs_verysecret"},
        event=json.dumps({"workflow_run": run}),
        environ={"GITHUB_API_URL": github.url, "GITHUB_EVENT_NAME": "workflow_run"},
    )

    assert finished.exit_code == 0, finished.log
    (comment,) = github.comments.values()
    assert comment["html_url"] == finished.outputs["comment-url"]
    assert "/pull/9#" in comment["html_url"]
    assert "Costs 18 % more" in comment["body"]
    assert "Costs 18 % more" in finished.summary


def test_a_cancelled_job_leaves_its_report_and_no_copy(image, workspace, github):
    commit(workspace, 0.02)
    commit(workspace, 0.06)
    finished = step(image, workspace, LOCAL, github, interrupt_at="round 1")

    assert finished.exit_code == 130, finished.log
    data = json.loads((workspace / "lambdabot-report" / "report.json").read_text())
    assert data["interrupted"]
    assert data["spend"]["deployments_created"] == data["spend"]["deployments_removed"] > 0
    assert github.comments == {}


def test_settings_with_mistakes_end_in_2_and_touch_nothing(image, workspace, github):
    (workspace / "lambdabot.yml").write_text("version: 1\nfunctions:\n  spin: {sorce: src, handler: app.handler}\n")
    finished = step(image, workspace, LOCAL, github)

    assert finished.exit_code == 2
    assert "::error title=lambdabot,file=lambdabot.yml,line=3,col=3::" in finished.log
    assert github.requests == []


def test_aws_without_credentials_ends_in_3_with_advice(image, workspace, github):
    role = "    role: arn:aws:iam::123456789012:role/demo\n"
    (workspace / "lambdabot.yml").write_text(SETTINGS + role)
    commit(workspace, 0.02)
    finished = step(image, workspace, {"endpoint": "aws", "aws-region": "us-east-1"}, github)

    assert finished.exit_code == 3, finished.log
    assert "configure-aws-credentials" in finished.log
    assert "configure-aws-credentials" in finished.summary


def test_the_command_line_is_there_too(image, workspace):
    finished = image.run(workspace, {}, event="{}", environ={}, command=["lambdabot", "--version"])

    assert finished.exit_code == 0
    assert finished.log.startswith("lambdabot ")


def test_what_is_shipped_holds_no_installer_and_no_tests(image, workspace):
    script = (
        "import importlib.util as u; print([n for n in ('pip', 'setuptools', 'flit_core', 'pytest') if u.find_spec(n)])"
    )
    finished = image.run(workspace, {}, event="{}", environ={}, command=["/opt/lambdabot/bin/python", "-c", script])

    assert finished.log.strip() == "[]"


def test_the_image_stays_small(image):
    assert image.megabytes < 300
