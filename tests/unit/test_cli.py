import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from lambdabot import __version__, action, cli
from lambdabot.commands.arguments import COMMANDS
from lambdabot.errors import InterruptionError
from tests.fakes.github import FakeGitHub, Fault
from tests.fakes.unhurried import unhurried

ROOT = Path(__file__).parents[2]
HEAVY = ("boto3", "botocore", "github", "jinja2", "numpy", "pydantic", "requests", "rich", "yaml")


def test_help_imports_nothing_that_no_help_needs():
    program = f"""
import sys
from lambdabot.cli import main
try:
    main(["--help"])
except SystemExit:
    print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)
"""
    process = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert process.stderr == "[]\n"
    for command in ("run", "arm64", "comment", "clean", "policy", "schema", "local"):
        assert f"\n    {command} " in process.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_a_command_waits_for_no_library(command):
    program = f"""
import sys
from lambdabot.cli import main
try:
    main(["{command}", "--help"])
finally:
    print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)
"""
    process = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert process.stderr == "[]\n"
    assert f"usage: lambdabot {command} " in process.stdout


def test_the_page_of_commands_names_every_command_and_input():
    page = (ROOT / "docs" / "commands.md").read_text()
    inputs = yaml.safe_load((ROOT / "action.yml").read_text())["inputs"]

    for command in ("run", "arm64", "comment", "clean", "policy", "schema", "local"):
        assert f"`lambdabot {command}" in page
    for name in inputs:
        assert f"`{name}`" in page


def test_the_action_reads_every_input_that_it_declares():
    declared = yaml.safe_load((ROOT / "action.yml").read_text())["inputs"]
    asked = set()

    class Environment(dict):
        def get(self, name, default=None):
            asked.add(name)
            return default

    action.inputs(Environment())

    assert {f"INPUT_{name.upper()}" for name in declared} - asked == {"INPUT_GITHUB-TOKEN"}  # read when it is used


def test_version(capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(["--version"])

    assert ended.value.code == 0
    assert capsys.readouterr().out == f"lambdabot {__version__}\n"


@pytest.mark.parametrize(("arguments", "title"), [([], "lambdabot.yml"), (["--report"], "report.json")])
def test_schema_prints_the_schema(arguments, title, capsys):
    assert cli.main(["schema", *arguments]) == 0

    assert title in json.loads(capsys.readouterr().out)["description"]


def test_a_usage_error_goes_to_stderr_and_ends_in_2(tmp_path, capsys):
    assert cli.main(["run", "--config", str(tmp_path / "lambdabot.yml")]) == 2

    assert "there is no settings file" in capsys.readouterr().err


def test_a_reader_that_goes_away_is_no_error():
    command = f"{sys.executable} -m lambdabot schema | true"
    process = subprocess.run(["sh", "-c", f"set -o pipefail 2>/dev/null; {command}"], capture_output=True, check=False)  # noqa: S607  # any shell

    assert b"Traceback" not in process.stderr


def test_a_terminal_without_unicode_shows_the_rest(tmp_path):
    path = tmp_path / "r\u00e9.yaml"
    path.touch()
    command = [sys.executable, "-m", "lambdabot", "arm64", str(path)]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONIOENCODING": "ascii"}
    )

    assert done.returncode == 3
    assert "r\\xe9.yaml: is no manifest" in done.stdout


def test_an_interruption_ends_with_the_signals_status(monkeypatch, capsys):
    def interrupted(_: object) -> int:
        raise InterruptionError(signal.SIGINT)

    ended = []
    monkeypatch.setattr("lambdabot.commands.schema.run", interrupted)
    monkeypatch.setattr("lambdabot.door.end_now", lambda interruption: ended.append(interruption.signal_number))

    cli.main(["schema"])

    assert ended == [signal.SIGINT]
    assert "interrupted" in capsys.readouterr().err


@pytest.fixture
def interrupted(monkeypatch):
    """Send SIGINT once the endpoint has said where it is, however slow the machine."""

    def say(*words, **options) -> None:
        print(*words, **options)
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr("lambdabot.commands.local.print", say, raising=False)


@pytest.mark.usefixtures("interrupted")
def test_local_serves_until_a_signal_comes(capsys):
    assert cli.main(["local", "--port", "0"]) == 0

    assert "Lambda endpoint at http://127.0.0.1:" in capsys.readouterr().out


@pytest.mark.usefixtures("interrupted")
def test_local_misbehaves_as_its_file_says(capsys):
    assert cli.main(["local", "--port", "0", "--chaos", str(ROOT / "examples" / "chaos.yml")]) == 0

    assert "Nothing runs" in capsys.readouterr().out


def test_local_says_what_is_wrong_with_its_file(tmp_path, capsys):
    chaos = tmp_path / "chaos.yml"
    chaos.write_text("version: 1\nfailure: []\n")

    assert cli.main(["local", "--chaos", str(chaos)]) == 2

    assert f"{chaos}:2:1: `failure` is not known here; did you mean `failures`?" in capsys.readouterr().err


def test_local_says_that_its_port_is_taken(capsys):
    with FakeGitHub() as other:
        port = other.url.rpartition(":")[2].strip("/")
        assert cli.main(["local", "--port", port]) == 2

    assert f"cannot listen on port {port}" in capsys.readouterr().err


@pytest.fixture
def report(tmp_path):
    """Run something that can be commented on: the smallest report."""
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "app.py").write_text("def handler(event, context):\n    return 1\n")
    (tmp_path / "lambdabot.yml").write_text(
        "version: 1\nfunctions:\n  hello: {source: src, handler: app.handler, architectures: [x86_64]}\n"
    )
    out = tmp_path / "out"
    config = str(tmp_path / "lambdabot.yml")
    assert cli.main(["run", "--config", config, "--endpoint", "http://127.0.0.1:9", "--out", str(out)]) == 3
    return out / "report.json"


@pytest.fixture
def workflow(report, monkeypatch):
    """Play a workflow on a pull request."""

    def play(github):
        event = report.parent / "event.json"
        event.write_text(json.dumps({"pull_request": {"number": 7}}))
        for name, value in {
            "GITHUB_ACTIONS": "true",
            "GITHUB_TOKEN": "token",
            "GITHUB_API_URL": github.url,
            "GITHUB_REPOSITORY": "octo/demo",
            "GITHUB_EVENT_PATH": str(event),
        }.items():
            monkeypatch.setenv(name, value)

    return play


def test_comment_renders_and_posts_a_report(report, workflow, capsys, monkeypatch):
    unhurried(monkeypatch)
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    capsys.readouterr()

    assert cli.main(["comment", "--report", str(report), "--print"]) == 0
    assert "hello" in capsys.readouterr().out

    with FakeGitHub() as github:
        workflow(github)
        assert cli.main(["comment", "--report", str(report)]) == 0
        (body,) = github.bodies()
    assert "hello" in body
    assert capsys.readouterr().out.startswith("https://")


def test_a_refused_comment_leaves_the_gates_answer(report, workflow, capsys, monkeypatch, tmp_path_factory):
    unhurried(monkeypatch)
    with FakeGitHub() as github:
        github.faults.append(Fault("POST", "/graphql$", 401, "Bad credentials"))
        workflow(github)
        config = str(report.parent.parent / "lambdabot.yml")
        base = str(shutil.copytree(report.parent.parent, tmp_path_factory.mktemp("target") / "base"))
        Path(base, "src", "app.py").write_text("def handler(event, context):\n    return 2\n")
        endpoint = "http://127.0.0.1:9"
        arguments = ["run", "--config", config, "--endpoint", endpoint, "--base", base, "--out", str(report.parent)]
        assert cli.main(arguments) == 3
    printed = capsys.readouterr()
    assert "no comment was posted on octo/demo#7: GitHub answered 401 Bad credentials" in printed.err
    assert "hello" in printed.out


def test_comment_renders_with_the_settings_own_template(report, capsys):
    config = report.parent.parent / "lambdabot.yml"
    config.write_text(config.read_text() + "comment: {template: own.md.j2}\n")
    own = config.with_name("own.md.j2")
    arguments = ["comment", "--report", str(report), "--config", str(config), "--print"]

    own.write_text("{{ view.verdict }} in our words")
    assert cli.main(arguments) == 0
    assert "in our words" in capsys.readouterr().out

    own.write_text("{% if %}")
    assert cli.main(arguments) == 2
    assert "own.md.j2:1: is no Jinja template" in capsys.readouterr().err

    own.unlink()
    assert cli.main(arguments) == 2
    assert "`template`: `own.md.j2` cannot be read: No such file or directory" in capsys.readouterr().err
