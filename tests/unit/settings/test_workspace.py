"""What a pull request's settings and templates may name: the files of the workspace, and no others."""

from pathlib import Path

import pytest

from lambdabot.action import inputs
from lambdabot.cli import main
from lambdabot.errors import UsageError
from lambdabot.project.discovery import discover
from lambdabot.settings.inputs import Inputs
from lambdabot.settings.load import load
from lambdabot.workspace import Workspace

SECRET = "ghs_0123456789abcdefghij"

LAYER = "arn:aws:lambda:us-east-1:123456789012:layer:tools:3"

SAM = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Function:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: ../home, Handler: app.handler, Runtime: python3.13}
"""

SERVERLESS = """\
service: shop
provider: {name: aws, runtime: python3.13}
functions:
  orders: {handler: src/app.handler, memorySize: "${file(../home/secret.json):token}"}
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A checkout, with what the runner has beside it and actions/checkout in it."""
    files = {
        "home/app.py": "def handler(event, context): return 1\n",
        "home/secret.json": f'{{"token": "{SECRET}"}}',
        "home/requirements.txt": f"{SECRET}\n",
        "home/template.yaml": SAM,
        "work/.git/config": SECRET,
        "work/.git/hooks/event.json": "{}",
        "work/src/app.py": "def handler(event, context): return 1\n",
        "work/src/requirements.txt": "",
        "work/event.json": "{}",
        "work/service/events/one.json": "{}",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "work" / "linked").symlink_to(tmp_path / "home")
    return tmp_path / "work"


def functions(body: str, config: Path, workspace: Path):
    config.write_text(f"version: 1\nfunctions:\n  hello:\n    handler: app.handler\n{body}")
    return load(Inputs(config=config, workspace=Workspace(workspace), endpoint="local"), discover=discover)


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("    source: ../home\n", 5),
        ("    source: ..\n", 5),
        ("    source: linked\n", 5),
        ("    source: .git\n", 5),
        ("    source: .git/hooks\n", 5),
        ("    source: /\n", 5),
        ("    source: src\n    requirements: ../../home/requirements.txt\n", 6),
        ("    source: src\n    layers: [../home]\n", 6),
        ("    source: src\n    layers: [linked]\n", 6),
        ("    source: src\n    layers: [.git/hooks]\n", 6),
        (f"    source: src\n    local_layers: {{'{LAYER}': ../home}}\n", 6),
        ("    source: src\n    payloads: [{file: ../home/secret.json}]\n", 6),
        ("    source: src\n    payloads: [{file: linked/secret.json}]\n", 6),
        ("    source: src\n    payloads: [{file: .git/hooks/event.json}]\n", 6),
    ],
)
def test_what_is_not_the_workspaces_is_neither_packaged_nor_sent(workspace, body, line):
    with pytest.raises(UsageError) as caught:
        functions(body, workspace / "lambdabot.yml", workspace)

    (mistake,) = caught.value.mistakes
    assert mistake.line == line
    assert "does not lie in the workspace" in mistake.message
    assert SECRET not in str(caught.value)


def test_requirements_that_are_a_link_out_of_the_workspace_are_not_read(workspace):
    (workspace / "src" / "requirements.txt").unlink()
    (workspace / "src" / "requirements.txt").symlink_to(workspace.parent / "home" / "requirements.txt")

    with pytest.raises(UsageError, match=r"`requirements\.txt` does not lie in the workspace"):
        functions("    source: src\n", workspace / "lambdabot.yml", workspace)


def test_the_whole_workspace_may_be_named_from_a_folder_in_it(workspace):
    payloads = "[{file: ../event.json}, {file: events/one.json}]"
    body = f"    source: ../src\n    requirements: requirements.txt\n    payloads: {payloads}\n"

    (function,) = functions(body, workspace / "service" / "lambdabot.yml", workspace).functions

    assert function.code.source == workspace / "src"
    assert len(function.question.payloads) == 2


def test_at_a_terminal_the_repository_is_the_workspace(workspace):
    config = workspace / "lambdabot.yml"
    config.write_text("version: 1\nfunctions:\n  hello: {handler: app.handler, source: ../home}\n")

    with pytest.raises(UsageError, match=r"`\.\./home` does not lie in the workspace"):
        load(Inputs(config=config, endpoint="local"), discover=discover)


def test_settings_that_are_a_link_out_of_the_workspace_are_not_read(workspace):
    (workspace / "lambdabot.yml").symlink_to("../home/secret.json")

    with pytest.raises(UsageError, match=r"work/lambdabot.yml: does not lie in the workspace") as caught:
        load(Inputs(config=workspace / "lambdabot.yml"), discover=discover)

    assert "token" not in str(caught.value)


def test_settings_that_are_a_link_in_the_workspace_name_what_lies_beside_them(workspace):
    (workspace / "service" / "lambdabot.yml").write_text(
        "version: 1\nfunctions:\n  hello: {handler: app.handler, source: ../src, payloads: [{file: events/one.json}]}\n"
    )
    (workspace / "lambdabot.yml").symlink_to("service/lambdabot.yml")

    (function,) = load(Inputs(config=workspace / "lambdabot.yml", endpoint="local"), discover=discover).functions

    assert function.code.source == workspace / "src"


def test_a_template_names_no_code_outside_the_workspace(workspace):
    (workspace / "template.yaml").write_text(SAM)

    settings = functions("    source: src\n", workspace / "lambdabot.yml", workspace)

    assert [function.name for function in settings.functions] == ["hello"]
    assert "`../home` does not lie in the workspace" in settings.left_out["Function"]


def test_a_template_that_is_a_link_out_of_the_workspace_is_not_read(workspace):
    (workspace / "template.yaml").symlink_to(workspace.parent / "home" / "template.yaml")

    found = discover(workspace, None, Workspace(workspace))

    assert found.functions == ()
    assert str(found.problems[0]).startswith(f"{workspace / 'template.yaml'}:1: does not lie in the workspace")
    assert [one.name for one in discover(workspace, None, Workspace(workspace.parent)).functions] == ["Function"]


def test_a_serverless_variable_reads_no_file_outside_the_workspace(workspace):
    (workspace / "serverless.yml").write_text(SERVERLESS)

    (inside,) = discover(workspace, None, Workspace(workspace)).functions
    (anywhere,) = discover(workspace, None, Workspace(workspace.parent)).functions

    assert SECRET not in str(inside)
    assert "does not lie in the workspace" in str(inside.memory_mb)
    assert SECRET in str(anywhere.memory_mb)


def test_the_action_keeps_to_the_workspace(workspace):
    assert inputs({"GITHUB_WORKSPACE": str(workspace)}).workspace == Workspace(workspace)


def test_a_nested_stack_outside_the_workspace_is_not_read(workspace):
    inner = "{Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: ../home/template.yaml}}"
    (workspace / "template.yaml").write_text(f"Resources:\n  Inner: {inner}\n")

    found = discover(workspace, None, Workspace(workspace))

    assert found.functions == ()
    assert "its nested stack `template.yaml` does not lie in the workspace" in str(found.problems[0])
    assert [one.name for one in discover(workspace, None, Workspace(workspace.parent)).functions] == ["Function"]


def test_the_terminal_in_a_workflow_keeps_to_the_workspace(workspace, monkeypatch, capsys):
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(workspace))
    config = workspace / "lambdabot.yml"
    config.write_text("version: 1\nfunctions:\n  hello: {source: ../home, handler: app.handler}\n")

    assert main(["run", "--config", str(config), "--endpoint", "local", "--dry-run"]) == 2
    assert "`../home` does not lie in the workspace" in capsys.readouterr().err


@pytest.mark.parametrize(
    "name",
    [
        "../home/template.yaml",
        "../home",
        "../home/*",
        "../**/*.yaml",
        "linked/*.yaml",
        "*/../../home/*",
        "/etc/*",
        "/etc",
    ],
)
def test_no_name_or_pattern_of_templates_leads_out_of_the_workspace(workspace, name):
    found = discover(workspace, [name], Workspace(workspace))

    assert found.functions == ()
    assert len(found.problems) == 1
    assert "nothing" not in str(found.problems)
    assert "secret" not in str(found.problems)
