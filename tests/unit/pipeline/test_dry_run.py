"""`lambdabot run --dry-run`: the plan of what is there, and all that keeps a run from measuring the rest."""

import os
import platform
import struct
import textwrap
import zipfile

import pytest

from lambdabot import interpreters
from lambdabot.cli import main
from tests.builds import zipped

TEMPLATE = """
    Transform: AWS::Serverless-2016-10-31
    Parameters:
      Stage: {Type: String, Default: dev}
      Size: {Type: Number}
    Conditions:
      IsLive: !Equals [!Ref Stage, live]
    Resources:
      Orders:
        Type: AWS::Serverless::Function
        Properties: {CodeUri: orders, Handler: app.handler, Runtime: python3.13, MemorySize: !Ref Size}
      Gone:
        Type: AWS::Serverless::Function
        Properties: {CodeUri: gone, Handler: app.handler, Runtime: python3.13}
      Live:
        Type: AWS::Serverless::Function
        Condition: IsLive
        Properties: {CodeUri: orders, Handler: app.handler, Runtime: python3.13}
"""

NOT_MEASURED = (
    "serverless.ts:1: is a program, which is not run: give its functions in lambdabot.yml",
    "Gone is not measured: {}template.yaml:11: its code `gone` does not exist here",
    "template.yaml:14: `Live` is left out: its condition `IsLive` is false with the defaults of the parameters",
)


@pytest.fixture
def repository(tmp_path, monkeypatch):
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_REGION", "AWS_DEFAULT_REGION", "GITHUB_ACTIONS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "orders").mkdir()
    (tmp_path / "orders" / "app.py").write_text("def handler(event, context):\n    return 1\n")
    (tmp_path / "serverless.ts").write_text("module.exports = {service: 'a', provider: {name: 'aws'}, functions: {}}")
    (tmp_path / "template.yaml").write_text(textwrap.dedent(TEMPLATE).lstrip())
    return tmp_path


def test_after_init_the_plan_needs_no_role_and_says_that_a_run_does(repository, capsys):
    assert main(["init"]) == 0
    assert main(["run", "--dry-run"]) == 0

    said = capsys.readouterr().out
    assert "\nOrders (python3.13)\n  code         orders, app.handler in app.py\n" in said
    assert "`Orders` needs a `role` on AWS: the execution role of its throw-away copies" in said
    assert main(["run"]) == 2
    assert "`Orders` needs a `role` on AWS" in capsys.readouterr().err


def test_what_the_embedded_endpoint_does_not_run_is_said_before_it_is_tried(repository, capsys):
    (repository / "orders" / "app.rb").write_text("def handler(event:, context:)\n  1\nend\n")
    (repository / "template.yaml").write_text(
        (repository / "template.yaml").read_text().replace("python3.13", "ruby3.3")
    )

    assert main(["init"]) == 0
    assert "Orders: ruby3.3 is not run by the embedded endpoint" in capsys.readouterr().out
    assert main(["run", "--dry-run", "--endpoint", "local"]) == 0
    said = capsys.readouterr().out
    assert "  code         orders, app.handler in app.rb\n" in said
    assert "  endpoint     ruby3.3 is not run by the embedded endpoint" in said
    assert main(["run", "--dry-run"]) == 0
    assert "is not run by" not in capsys.readouterr().out


@pytest.mark.parametrize("zipped_up", [False, True])
def test_a_bootstrap_for_another_machine_is_said_before_it_is_tried(repository, capsys, zipped_up):
    other = {"x86_64": (0xB7, "arm64")}.get(platform.machine(), (0x3E, "x86_64"))
    head = b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HH", 2, other[0]) + bytes(44)
    (repository / "orders" / "bootstrap").write_bytes(head)
    template = (repository / "template.yaml").read_text().replace("python3.13", "provided.al2023")
    if zipped_up:
        with zipfile.ZipFile(repository / "orders.zip", "w") as package:
            package.writestr("bootstrap", head)
        template = template.replace("CodeUri: orders", "CodeUri: orders.zip")
    (repository / "template.yaml").write_text(template)
    main(["init"])
    capsys.readouterr()

    assert main(["run", "--dry-run", "--endpoint", "local"]) == 0
    assert f"  endpoint     its bootstrap is built for {other[1]}, and this machine is" in capsys.readouterr().out


def test_node_that_is_not_there_is_said_before_it_is_tried(repository, capsys, monkeypatch):
    (repository / "orders" / "app.js").write_text("exports.handler = async () => 1\n")
    (repository / "template.yaml").write_text(
        (repository / "template.yaml").read_text().replace("python3.13", "nodejs20.x")
    )
    monkeypatch.setattr(interpreters, "node", lambda: None)

    assert main(["init"]) == 0
    assert "Orders: nodejs20.x is not run by the embedded endpoint: no Node.js (`node`)" in capsys.readouterr().out
    assert main(["run", "--dry-run", "--endpoint", "local"]) == 0
    assert "  endpoint     nodejs20.x is not run by the embedded endpoint: no Node.js" in capsys.readouterr().out


def test_a_stale_build_is_said(repository, capsys):
    build = repository / ".aws-sam" / "build"
    (build / "Orders").mkdir(parents=True)
    (build / "Orders" / "app.py").write_text("def handler(event, context):\n    return 2\n")
    (build / "template.yaml").write_text((repository / "template.yaml").read_text().replace("orders", "Orders"))
    (repository / "lambdabot.yml").write_text("version: 1\n")

    assert main(["run", "--dry-run"]) == 0
    said = capsys.readouterr().out
    assert "  code         .aws-sam/build/Orders, app.handler in app.py\n" in said
    assert "older than" not in said

    os.utime(build / "template.yaml", (0, 0))
    assert main(["run", "--dry-run"]) == 0
    assert "Its build is older than orders/app.py: build it again before lambdabot" in capsys.readouterr().out


def test_sources_that_a_plugin_would_build_are_said(repository, capsys):
    (repository / "serverless.yml").write_text(
        "service: shop\nplugins: [serverless-esbuild]\nprovider: {name: aws, runtime: nodejs22.x}\n"
        "functions:\n  list: {handler: list.handler}\n"
    )
    (repository / "list.js").write_text("exports.handler = async () => 1\n")
    note = (
        "The plugin `serverless-esbuild` builds what is deployed, and nothing is built here: the sources are measured."
    )
    main(["init"])
    capsys.readouterr()

    assert main(["run", "--dry-run"]) == 0
    assert note in capsys.readouterr().out

    (repository / ".serverless").mkdir()
    (repository / ".serverless" / "shop.zip").write_bytes(zipped({"list.js": "exports.handler = async () => 1\n"}))
    assert main(["run", "--dry-run"]) == 0
    assert note not in capsys.readouterr().out


def test_a_role_that_is_there_or_not_needed_is_not_missed(repository, capsys):
    (repository / "lambdabot.yml").write_text("version: 1\n")
    assert main(["run", "--dry-run", "--endpoint", "local"]) == 0
    (repository / "lambdabot.yml").write_text("version: 1\ndefaults: {role: 'arn:aws:iam::123456789012:role/copies'}\n")
    assert main(["run", "--dry-run"]) == 0

    assert "needs a `role`" not in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["init"], ["run", "--dry-run", "--endpoint", "local"]])
def test_init_and_plan_say_alike_what_is_not_measured(repository, arguments, capsys):
    (repository / "lambdabot.yml").write_text("version: 1\n")

    assert main(arguments) == 0

    said = capsys.readouterr().out
    for line in NOT_MEASURED:
        assert line.format(f"{repository}/") in said


def test_the_plan_says_what_is_packaged_of_a_template_and_what_is_not(repository, capsys):
    inline = (
        "  Inline:\n    Type: AWS::Serverless::Function\n"
        "    Properties:\n      InlineCode: 'def handler(event, context): return 1'\n"
        "      Handler: index.handler\n      Runtime: python3.13\n"
    )
    with (repository / "template.yaml").open("a") as template:
        template.write(inline)
    (repository / "orders" / ".env").write_text("KEY=secret\n")
    (repository / "lambdabot.yml").write_text("version: 1\n")

    assert main(["run", "--dry-run", "--endpoint", "local"]) == 0

    said = capsys.readouterr().out
    assert "  code         index.handler in index.py, which the template holds\n" in said
    assert said.count("`.env` is left out of the package") == 1


def test_the_plan_says_what_is_assumed(repository, capsys):
    (repository / "lambdabot.yml").write_text("version: 1\n")

    assert main(["run", "--dry-run", "--endpoint", "local"]) == 0

    said = capsys.readouterr().out
    assert "template.yaml:10: the parameter `Size` has no default, so it is assumed" in said


def test_what_runs_around_the_calls_is_in_the_plan(repository, capsys):
    (repository / "lambdabot.yml").write_text("""
version: 1
functions:
  pay: {source: orders, handler: app.handler, before: {function: seed, each: wave}, after: {}, pause_ms: 200}
  seed: {source: orders, handler: app.handler}
""")

    assert main(["run", "--dry-run", "--endpoint", "local"]) == 0

    said = capsys.readouterr().out
    assert "  before       each wave: seed, in the budget and not in what is usual\n" in said
    assert "  after        each call: the copy itself, in the budget and not in what is usual\n" in said
    assert "  pause        200 ms between calls\n  concurrency  1: calls are made one after another\n" in said
