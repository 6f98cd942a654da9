"""A pull request that changes a template, per family: measured, suggested, applied, and then as recommended."""

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lambdabot.cli import main
from lambdabot.local.endpoint import serve
from lambdabot.local.faults.document import CannedSection, Chaos
from lambdabot.local.faults.faults import Faults
from tests.fakes.github import FakeGitHub
from tests.spot_check import spot_check

HANDLER = "import time\n\ndef handler(event, context):\n    time.sleep(0.02)\n    return event\n"

SETTINGS = """version: 1
defaults: {memory_mb: [128, 1024], architectures: [x86_64], budget: {invocations: 120, minutes: 1}}
"""

SAM = """Transform: AWS::Serverless-2016-10-31
Resources:
  Orders:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: orders/
      Handler: app.handler # of the shop
      Runtime: python3.11
      Timeout: 5
      MemorySize: {memory} # MB
"""

CLOUDFORMATION = """{{
\t"Resources": {{
\t\t"Orders": {{
\t\t\t"Type": "AWS::Lambda::Function",
\t\t\t"Properties": {{
\t\t\t\t"Code": "orders",
\t\t\t\t"Handler": "app.handler",
\t\t\t\t"Runtime": "python3.11",
\t\t\t\t"Role": "arn:aws:iam::123456789012:role/r",
\t\t\t\t"MemorySize": {memory}
\t\t\t}}
\t\t}}
\t}}
}}
"""

CDK = """{{
 "Resources": {{
  "Orders12AB": {{
   "Type": "AWS::Lambda::Function",
   "Properties": {{
    "Code": {{"S3Bucket": "assets", "S3Key": "12ab.zip"}},
    "Handler": "app.handler",
    "MemorySize": {memory},
    "Runtime": "python3.11"
   }},
   "Metadata": {{"aws:cdk:path": "Shop/Orders/Resource", "aws:asset:path": "../orders"}}
  }}
 }}
}}
"""

SERVERLESS = """service: shop
provider:
  name: aws
  runtime: python3.11
functions:
  Orders:
    module: orders
    handler: orders/app.handler
    memorySize: {memory}
"""

TERRAFORM = """data "archive_file" "orders" {{
  type        = "zip"
  source_dir  = "${{path.module}}/orders"
  output_path = "orders.zip"
}}

resource "aws_lambda_function" "Orders" {{
  function_name = "orders"
  role          = aws_iam_role.lambda.arn
  filename      = data.archive_file.orders.output_path
  handler       = "app.handler"
  runtime       = "python3.11"
  memory_size   = {memory}
}}
"""

PLANNED = (
    TERRAFORM.replace('"python3.11"', "var.runtime")
    + """
variable "runtime" {{
  type = string
}}
"""
)

PLAN = {
    "address": "aws_lambda_function.Orders",
    "type": "aws_lambda_function",
    "name": "Orders",
    "values": {"function_name": "orders", "runtime": "python3.11", "memory_size": 512},
}

FAMILIES = {
    "sam": ("template.yaml", SAM),
    "cloudformation": ("stack.json", CLOUDFORMATION),
    "cdk": ("deploy/Shop.template.json", CDK),
    "serverless": ("serverless.yml", SERVERLESS),
    "terraform": ("main.tf", TERRAFORM),
    "terraform with a plan": ("main.tf", PLANNED),
}

MEASURED = "sam"
"""The family whose function really runs; for the others the endpoint is told what a call takes."""

BESIDE = {
    "orders/app.py": HANDLER,
    "plan.json": json.dumps({"planned_values": {"root_module": {"resources": [PLAN]}}}),
}
"""What is the same in every repository; only Terraform's function needs the plan, which holds its runtime."""


class PullRequest:
    """A repository whose last commit is a pull request's own, on top of the target branch."""

    def __init__(self, folder: Path, github: FakeGitHub) -> None:
        self.folder = folder
        self.github = github
        self.endpoint = "local"
        self.exit_code: int | None = None
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *arguments: str) -> str:
        identity = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
        command = ["git", *identity, *arguments]
        return subprocess.run(command, cwd=self.folder, check=True, capture_output=True, text=True).stdout.strip()

    def commit(self, **files: str) -> None:
        self.write(files)
        self.git("add", "-A")
        self.git("commit", "--quiet", "-m", "a change")
        event = self.folder.parent / "event.json"
        told = json.loads(event.read_text())
        told["pull_request"]["base"]["sha"] = self.git("rev-list", "--max-count=2", "HEAD").splitlines()[-1]
        event.write_text(json.dumps(told))

    def write(self, files: dict[str, str]) -> None:
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def amend(self) -> None:
        self.git("commit", "--quiet", "--all", "--amend", "-m", "a change")

    def run(self) -> dict:
        """Run as the workflow does, the diff shown by the fake GitHub."""
        names = self.git("diff", "--name-only", "HEAD^1").splitlines()
        patches = {name: self.git("diff", "HEAD^1", "--", name) for name in names}
        self.github.files[7] = {name: patch[patch.index("@@") :] for name, patch in patches.items() if "@@" in patch}
        out = self.folder.parent / "out"
        arguments = ["--endpoint", self.endpoint, "--config", str(self.folder / "lambdabot.yml"), "--out", str(out)]
        self.exit_code = main(["run", *arguments])
        return json.loads((out / "report.json").read_text())

    @property
    def shown(self) -> list[dict]:
        """Return the suggestions that are not hidden."""
        there = self.github.review_comments.values()
        return [one for one in there if one["node_id"] not in self.github.minimized]


@pytest.fixture
def pull_request(tmp_path, monkeypatch) -> Callable[[], PullRequest]:
    folder = tmp_path / "repository"
    folder.mkdir()
    with FakeGitHub() as github:
        event = {
            "pull_request": {
                "number": 7,
                "head": {"sha": "1" * 40, "repo": {"full_name": github.repository}},
                "base": {"ref": "main"},
                "user": {"login": "octocat"},
            }
        }
        (tmp_path / "event.json").write_text(json.dumps(event))
        for name, value in {
            "GITHUB_ACTIONS": "true",
            "GITHUB_EVENT_NAME": "pull_request",
            "GITHUB_EVENT_PATH": str(tmp_path / "event.json"),
            "GITHUB_REPOSITORY": github.repository,
            "GITHUB_API_URL": github.url,
            "GITHUB_TOKEN": "token",
            "GITHUB_WORKSPACE": str(folder),
            "RUNNER_TEMP": str(tmp_path / "runner"),
        }.items():
            monkeypatch.setenv(name, value)
        monkeypatch.chdir(folder)
        yield PullRequest(folder, github)
        assert github.violations == []


@pytest.fixture
def endpoint(family: str) -> Iterator[str]:
    if family == MEASURED:
        yield "local"
        return
    told = Chaos(version=1, canned=[CannedSection(cpu_ms=0, wait_ms=20)])
    with serve(anyone=True, faults=Faults(told)) as served:
        yield served.url


@pytest.mark.parametrize("family", spot_check(list(FAMILIES), 2))
def test_the_recommendation_is_one_click_on_the_changed_line(pull_request, family, endpoint):
    pull_request.endpoint = endpoint
    name, template = FAMILIES[family]
    beside = BESIDE if "plan" in family else {"orders/app.py": HANDLER}
    pull_request.commit(**{name: template.format(memory=512), "lambdabot.yml": SETTINGS}, **beside)
    pull_request.commit(**{name: template.format(memory=1024)})

    (function,) = pull_request.run()["functions"]

    assert function["name"] == "Orders"
    assert function["comparison"]["base"]["memory_mb"] == 512
    assert function["current"] == {"memory_mb": 1024, "architecture": "x86_64", "assumed": False}
    assert function["recommendation"]["memory_mb"] == 128
    (suggestion,) = pull_request.shown
    assert (suggestion["path"], suggestion["line"]) == (name, function["edits"][0]["line"])
    after = template.format(memory=128).splitlines()[suggestion["line"] - 1]
    assert f"```suggestion\n{after}\n```" in suggestion["body"]
    assert after.strip() in pull_request.github.bodies()[-1]

    assert main(["apply", "--report", str(pull_request.folder.parent / "out" / "report.json")]) == 0
    assert (pull_request.folder / name).read_text() == template.format(memory=128)
    pull_request.amend()
    (function,) = pull_request.run()["functions"]

    assert function["edits"] == []
    assert "Keep **128 MB x86_64**" in pull_request.github.bodies()[-1]
    assert pull_request.shown == []


def test_a_line_outside_of_the_diff_is_shown_in_the_comment_alone(pull_request):
    files = {"template.yaml": SAM.format(memory=1024), "orders/app.py": HANDLER, "lambdabot.yml": SETTINGS}
    pull_request.commit(**files)
    pull_request.commit(**{"orders/app.py": HANDLER + "\n# another line\n"})

    (function,) = pull_request.run()["functions"]

    assert function["edits"][0]["line"] == 10
    assert pull_request.shown == []
    assert "+      MemorySize: 128 # MB" in pull_request.github.bodies()[-1]


def test_what_did_not_change_is_listed_and_not_measured(pull_request):
    other = SAM.partition("Resources:\n")[2].replace("Orders", "Mails").replace("orders/", "mails/")
    both = SAM.format(memory=1024) + other.format(memory=1024)
    files = {"template.yaml": both, "orders/app.py": HANDLER, "mails/app.py": HANDLER, "lambdabot.yml": SETTINGS}
    pull_request.commit(**files)
    pull_request.commit(**{"mails/app.py": HANDLER + "\n# another line\n"})

    report = pull_request.run()

    functions = {one["name"]: one for one in report["functions"]}
    assert functions["Orders"]["measurements"] == []
    assert functions["Orders"]["comparison"]["verdict"] == "no change"
    assert "not measured" in functions["Orders"]["recommendation_reason"]
    assert functions["Mails"]["measurements"] != []


def test_a_pull_request_that_changes_no_function_passes(pull_request):
    files = {"template.yaml": SAM.format(memory=1024), "orders/app.py": HANDLER, "lambdabot.yml": SETTINGS}
    pull_request.commit(**files)
    pull_request.commit(**{"README.md": "hello\n"})

    report = pull_request.run()

    assert report["verdict"] == "no change"
    assert report["spend"]["invocations"] == 0
    assert main(["replay", "--report", str(pull_request.folder.parent / "out" / "report.json")]) == 0


def test_the_plan_says_which_files_belong_to_which_functions(pull_request, capsys):
    files = {"template.yaml": SAM.format(memory=512), "orders/app.py": HANDLER, "lambdabot.yml": SETTINGS}
    pull_request.commit(**files)
    pull_request.commit(**{"template.yaml": SAM.format(memory=1024), "orders/app.py": HANDLER + "# more\n"})

    assert main(["run", "--endpoint", "local", "--dry-run"]) == 0

    said = capsys.readouterr().out
    assert "orders/app.py -> Orders" in said
    assert "template.yaml:10 -> Orders (configuration 512 MB x86_64 -> 1024 MB x86_64)" in said
    assert pull_request.github.requests == []


@pytest.mark.parametrize("family", FAMILIES)
def test_after_init_a_run_needs_no_edit(pull_request, family, monkeypatch, capsys):
    monkeypatch.delenv("GITHUB_TOKEN")
    name, template = FAMILIES[family]
    beside = {**BESIDE, "orders/app.py": "def handler(event, context):\n    return 1\n"}
    pull_request.write({name: template.format(memory=128), **(beside if "plan" in family else {})})
    pull_request.write({"orders/app.py": beside["orders/app.py"]})

    assert main(["init"]) == 0
    assert main(["init", "--check"]) == 0
    assert main(["run", "--endpoint", "local", "--dry-run"]) == 0
    assert "\nOrders (python3.11)\n" in capsys.readouterr().out
    if family != MEASURED:
        return

    assert main(["run", "--endpoint", "local", "--out", str(pull_request.folder.parent / "out")]) == 0
    (function,) = json.loads((pull_request.folder.parent / "out" / "report.json").read_text())["functions"]
    assert (function["name"], function["runtime"]) == ("Orders", "python3.11")
    assert function["recommendation"] is not None


def test_a_synthesized_template_takes_no_edit_and_says_which_construct_to_change(pull_request, capsys):
    files = {"orders/app.py": HANDLER, "lambdabot.yml": SETTINGS}
    pull_request.commit(**files, **{"cdk.out/Shop.template.json": CDK.format(memory=512)})
    pull_request.commit(**{"cdk.out/Shop.template.json": CDK.format(memory=1024)})

    (function,) = pull_request.run()["functions"]

    assert function["comparison"]["base"]["memory_mb"] == 512
    assert function["edits"] == []
    assert function["edits_reason"] == "the template is synthesized: change the construct `Shop/Orders/Resource`"
    assert pull_request.shown == []
    assert main(["apply", "--report", str(pull_request.folder.parent / "out" / "report.json")]) == 0
    assert "Orders: not edited: the template is synthesized" in capsys.readouterr().out


def test_a_pull_request_does_not_soften_the_gate_for_its_own_template(pull_request):
    files = {"template.yaml": SAM.format(memory=128), "orders/app.py": HANDLER, "lambdabot.yml": SETTINGS}
    pull_request.commit(**files)
    softened = SETTINGS.replace("invocations: 120", "invocations: 150") + "gate: {threshold_percent: 100000}\n"
    pull_request.commit(**{"template.yaml": SAM.format(memory=1024), "lambdabot.yml": softened})

    report = pull_request.run()

    assert pull_request.exit_code == 1
    assert report["verdict"] == "regression"
    assert report["settings"]["gate"]["threshold_percent"] == 10
    assert report["settings"]["functions"]["Orders"]["budget"]["invocations"] == 120
    comment = pull_request.github.bodies()[-1]
    assert "This pull request changes &#96;gate&#96; (threshold_percent 10.0 to 100000.0)" in comment
    assert "This pull request changes &#96;budget&#96; of &#96;Orders&#96;" in comment
