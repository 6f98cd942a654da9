"""An error that nobody foresaw: an exit code of its own, and a text that asks for a report."""

import os
import signal

import pytest

from lambdabot import action, cli
from lambdabot.door import through
from lambdabot.errors import ExitCode, InterruptionError

TOKEN = "ghs_Qm9ndXNUb2tlbk9mVGhlSm9iMDEyMzQ1"


@pytest.fixture
def defect(monkeypatch, tmp_path):
    def broken(*_: object) -> None:
        raise RuntimeError(f"no \n::error::{TOKEN} here")

    monkeypatch.setattr("lambdabot.settings.yaml_source.read", broken)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lambdabot.yml").write_text("version: 1\n")
    return tmp_path


def test_at_the_terminal_the_traceback_and_what_to_report(defect, monkeypatch, capsys):
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    monkeypatch.setenv("GITHUB_TOKEN", TOKEN)

    assert cli.main(["run", "--endpoint", "local"]) == ExitCode.UNFORESEEN == 70

    printed = capsys.readouterr()
    assert printed.out == ""
    assert "Traceback (most recent call last)" in printed.err
    assert "lambdabot run --endpoint local" in printed.err
    assert "Please report it at https://github.com/" in printed.err
    assert TOKEN not in printed.err
    assert "lambdabot: A secret of this job stood in a text" in printed.err


def test_in_a_workflow_an_annotation_and_the_traceback_folded(defect, capsys):
    code = action.main(
        {
            "GITHUB_ACTIONS": "true",
            "GITHUB_WORKSPACE": str(defect),
            "GITHUB_EVENT_NAME": "push",
            "INPUT_GITHUB-TOKEN": TOKEN,
        }
    )

    assert code == 70
    lines = capsys.readouterr().err.splitlines()
    commands = [line.partition("::")[2].partition(" ")[0] for line in lines if line.startswith("::")]
    assert commands == ["error", "group::Traceback", "endgroup::", "warning"]
    assert "the action on `push`" in lines[0]
    assert "|::error::*** here" in lines
    assert not any(TOKEN in line for line in lines)
    trace = lines[lines.index("::group::Traceback") : lines.index("::endgroup::")]
    assert "Traceback (most recent call last):" in trace


def test_a_long_text_of_an_error_is_cut(monkeypatch, defect, capsys):
    def broken(*_: object) -> None:
        raise RuntimeError("x" * 10_000_000)

    monkeypatch.setattr("lambdabot.settings.yaml_source.read", broken)

    assert cli.main(["run"]) == 70
    assert len(capsys.readouterr().err) < 50_000


def test_wrong_usage_and_help_end_as_before(capsys):
    for arguments, code in ((["--nothing"], 2), (["--help"], 0)):
        with pytest.raises(SystemExit) as ended:
            cli.main(arguments)
        assert ended.value.code == code
    printed = capsys.readouterr()
    assert "usage: lambdabot" in printed.out
    assert "unrecognized arguments" in printed.err or "required" in printed.err


def test_an_error_that_a_signal_became_on_its_way_is_the_interruption(monkeypatch):
    def converts():
        try:
            os.kill(os.getpid(), signal.SIGINT)
        except InterruptionError:
            raise ImportError from None  # as a library in C does that is being imported

    def end(interruption):
        raise SystemExit(128 + interruption.signal_number)

    monkeypatch.setattr("lambdabot.door.end_now", end)
    with pytest.raises(SystemExit) as ended:
        through(converts, {}, asked="lambdabot", refused=print)

    assert ended.value.code == 130
