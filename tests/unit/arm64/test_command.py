"""The command from its arguments to its exit code, over a made-up index."""

import json

import pytest

from lambdabot.cli import parser as command_line
from lambdabot.commands.arm64 import exit_code, run
from lambdabot.errors import UsageError
from lambdabot.model import Arm64Check, Arm64Verdict

ARM, X86 = "cp312-cp312-manylinux_2_17_aarch64", "cp312-cp312-manylinux_2_17_x86_64"


@pytest.fixture
def command(tmp_path, monkeypatch, capsys):
    """Write files by name and run the command in their folder; give its exit code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))

    def ran(*arguments, **files):
        for name, text in files.items():
            (tmp_path / f"{name}.txt").write_text(text)
        given = [*(f"{name}.txt" for name in files), "--runtime=python3.12", "--timeout=5", "--no-cache", *arguments]
        code = run(command_line().parse_args(["arm64", *given]))
        return (int(code), *capsys.readouterr())

    return ran


def test_what_is_ready_ends_in_0(package_index, command):
    package_index.wheel("alpha", "1.0", ARM)
    package_index.wheel("alpha", "1.0", X86)
    code, out, err = command(requirements="alpha\n")
    assert (code, err) == (0, "")
    assert "[ready] requirements.txt on Python 3.12, glibc 2.34, arm64" in out
    assert "alpha 1.0" in out


def test_what_blocks_ends_in_1_with_an_annotation(package_index, command):
    package_index.wheel("alpha", "1.0", X86)
    code, out, _ = command("--github", requirements="# first\nalpha==1.0\n")
    assert code == 1
    assert "::error file=requirements.txt,line=2,title=alpha on ARM64::alpha 1.0: no arm64 wheel." in out


def test_json_has_stdout_to_itself(package_index, command):
    package_index.wheel("alpha", "1.0", X86)
    package_index.wheel("beta", "1.0")
    code, out, err = command("--json", "--github", one="alpha==1.0\n", two="beta\n")
    assert code == 1
    assert [each["verdict"] for each in json.loads(out)] == ["blocked", "ready"]
    assert err.startswith("::error file=one.txt,line=1,")


def test_what_could_not_be_checked_at_all_ends_in_3(package_index, command):
    package_index.statuses["/simple/alpha/"] = 403
    code, out, _ = command(requirements="alpha==1.0\n")
    assert code == 3
    assert "[unknown]" in out


def test_python_and_glibc_of_an_image_replace_the_runtimes(package_index, command):
    package_index.wheel("alpha", "1.0", ARM)
    code, out, _ = command("--python=3.11", "--glibc=2.28", requirements="alpha==1.0\n")
    assert code == 1
    assert "on Python 3.11, glibc 2.28, arm64" in out


def test_mistakes_in_usage_are_all_named(command):
    with pytest.raises(UsageError, match=r"no.txt: does not exist\nnor.txt: does not exist"):
        command("no.txt", "nor.txt")
    for wrong in ("0", "-1", "nan"):
        with pytest.raises(UsageError, match="--timeout must be above 0"):
            command(f"--timeout={wrong}", requirements="")
    with pytest.raises(UsageError, match="no Lambda runtime"):
        command("--runtime=cobol1", requirements="")


def test_cache_lies_where_it_is_told_to(package_index, tmp_path, monkeypatch):
    package_index.wheel("alpha", "1.0")
    monkeypatch.setenv("RUNNER_TEMP", str(tmp_path / "runner"))
    (tmp_path / "work").mkdir()
    path = tmp_path / "work/r.txt"
    path.write_text("alpha\n")

    def asked(*arguments):
        return command_line().parse_args(["arm64", str(path), *arguments])

    assert run(asked(f"--cache-dir={tmp_path / 'own'}")) == 0
    assert (tmp_path / "own").is_dir()
    assert not (tmp_path / "runner").exists()
    assert run(asked()) == 0
    assert (tmp_path / "runner" / "lambdabot-cache").is_dir()
    with pytest.raises(UsageError, match="own: lies in the workspace"):
        run(asked(f"--cache-dir={tmp_path / 'work/own'}"))
    monkeypatch.setenv("RUNNER_TEMP", str(tmp_path / "work"))
    assert run(asked()) == 0
    assert [one.name for one in (tmp_path / "work").iterdir()] == ["r.txt"]  # nothing is kept where others write


@pytest.mark.parametrize(
    ("verdicts", "code"),
    [("unknown", 3), ("unknown ready", 0), ("unknown blocked ready", 1), ("ready", 0), ("blocked", 1)],
)
def test_exit_code_is_of_the_worst_and_3_only_when_nothing_is_told(verdicts, code):
    answers = [Arm64Check(path="p", verdict=Arm64Verdict(verdict)) for verdict in verdicts.split()]
    assert exit_code(answers) == code
