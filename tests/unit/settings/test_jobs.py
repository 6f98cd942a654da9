"""What tells the jobs of one workflow apart: their comments and their check runs."""

from pathlib import Path

import pytest

from lambdabot.errors import UsageError
from lambdabot.project.discovery import discover
from lambdabot.settings.inputs import Inputs
from lambdabot.settings.load import load, load_comment
from lambdabot.workspace import Workspace

TEXT = "version: 1\ncomment: {when: change}\nfunctions:\n  %s: {source: ., handler: app.handler}\n"


def settings(root: Path, folder: str = ".", text: str = "", **inputs):
    path = root / folder / "lambdabot.yml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(TEXT % "hello" + text)
    (path.parent / "app.py").touch()
    inputs = Inputs(config=path, workspace=Workspace(root), endpoint="local", **inputs)
    return load(inputs, discover=discover)


def test_the_plainest_job_has_no_key(tmp_path):
    assert settings(tmp_path).comment_key == ""


def test_each_job_has_a_key_of_its_own(tmp_path):
    jobs = [
        settings(tmp_path),
        settings(tmp_path, job="measure"),
        settings(tmp_path, job="measure", comment_key='{"service": "a"}'),
        settings(tmp_path, job="measure", comment_key='{"service": "b"}'),
        settings(tmp_path, "services/a", job="measure"),
    ]

    assert len({one.comment_key for one in jobs}) == len(jobs)


def test_a_key_is_the_same_from_push_to_push(tmp_path):
    """Also where the workflow chooses other functions for each push, and wherever it is checked out."""
    once = settings(tmp_path / "one", job="measure")
    again = settings(tmp_path / "two", job="measure", functions=("hello",))

    assert once.comment_key == again.comment_key


@pytest.mark.parametrize(
    ("folder", "functions", "name"),
    [
        (".", (), "lambdabot"),
        ("services/a", (), "lambdabot (services/a)"),
        (".", ("hello",), "lambdabot (hello)"),
        ("services/a", ("hello",), "lambdabot (services/a, hello)"),
    ],
)
def test_a_check_run_is_named_by_what_the_job_chooses(tmp_path, folder, functions, name):
    assert settings(tmp_path, folder, functions=functions, check="true").check == name


def test_a_check_run_is_made_when_asked_for(tmp_path):
    assert settings(tmp_path).check is None
    assert settings(tmp_path, text="check: true\n").check == "lambdabot"
    assert settings(tmp_path, text="check: true\n", check="false").check is None
    with pytest.raises(UsageError, match="check `yes` is neither true nor false"):
        settings(tmp_path, check="yes")


def test_how_to_comment_on_a_report_is_read_alone(tmp_path):
    assert load_comment(Inputs(config=tmp_path / "lambdabot.yml")).when == "always"
    settings(tmp_path)

    section = load_comment(Inputs(config=tmp_path / "lambdabot.yml", comment="new"))
    assert (section.when, section.mode) == ("change", "new")
    with pytest.raises(UsageError, match="comment `often` is none of"):
        load_comment(Inputs(config=tmp_path / "lambdabot.yml", comment="often"))
