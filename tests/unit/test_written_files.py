from pathlib import Path

import pytest

from lambdabot.confidential import keeping
from lambdabot.errors import UsageError
from lambdabot.model import Verdict
from lambdabot.pipeline import report_files
from lambdabot.pipeline.own_template import own_template
from lambdabot.settings.comment import Comment
from lambdabot.workspace import Workspace
from tests.unit.report import runs

OWN = "{{ view.verdict }} by our own template"


@pytest.fixture
def template(tmp_path):
    path = tmp_path / "cost.md.j2"
    return own_template(Comment(template=str(path), template_data=OWN.encode()))


def test_a_run_writes_its_four_files(tmp_path):
    out = tmp_path / "out"
    report_files.write(runs.with_invocations(), out, Workspace(tmp_path), root=Path("/repository"))

    assert {path.name for path in out.iterdir()} == {"report.json", "samples.jsonl", "comment.md", "report.html"}
    assert len((out / "samples.jsonl").read_text().splitlines()) == 1
    assert '"duration":[461.2],"init":[212]' in (out / "report.html").read_text()


def test_the_comment_is_written_with_the_template_of_the_team(tmp_path, template):
    report_files.write(runs.regression(), tmp_path, Workspace(tmp_path), root=tmp_path, template=template)

    assert "regression by our own template" in (tmp_path / "comment.md").read_text()


def test_an_interrupted_run_does_not_wait_for_the_template(tmp_path, template):
    report_files.write(runs.interrupted(), tmp_path, Workspace(tmp_path), root=tmp_path, template=template)

    assert "**Interrupted.**" in (tmp_path / "comment.md").read_text()


def test_no_template_is_the_standard_one_and_a_broken_one_a_mistake(tmp_path):
    assert own_template(Comment()) is None

    path = tmp_path / "cost.md.j2"
    with pytest.raises(UsageError, match=r"cost.md.j2:1: is no Jinja template"):
        own_template(Comment(template=str(path), template_data=b"{% if %}"))


def test_a_secret_is_withheld_before_texts_are_cut_and_the_report_says_so(tmp_path):
    secret = "k7Gm/hostile+secret/access+key/9f8e7d6c5b"
    words = "x" * 240 + secret + "y" * 400  # the comment cuts what is longer than a cell in its middle
    with keeping({"AWS_SECRET_ACCESS_KEY": secret}):
        report = report_files.write(runs.hostile("thumbnail", words), tmp_path, Workspace(tmp_path), root=tmp_path)

    assert "AWS_SECRET_ACCESS_KEY" in report.notes[-1]
    for path in tmp_path.iterdir():
        text = path.read_text()
        assert not any(secret[start : start + 8] in text for start in range(len(secret) - 8))
    assert "AWS_SECRET_ACCESS_KEY" in (tmp_path / "report.html").read_text()


def test_a_variable_that_holds_a_verdict_costs_no_report(tmp_path):
    with keeping({"AWS_EXPECTED": "no change"}):
        report = report_files.write(runs.no_change(), tmp_path, Workspace(tmp_path), root=tmp_path)

    assert report.verdict is Verdict.NO_CHANGE
    assert "AWS_EXPECTED" in report.notes[-1]


def test_a_report_without_secrets_stays_as_it_is(tmp_path):
    with keeping({"AWS_SECRET_ACCESS_KEY": "k7Gm/hostile+secret/access+key/0123456789"}):
        kept = report_files.write(runs.regression(), tmp_path, Workspace(tmp_path), root=tmp_path)

    assert kept == report_files.write(runs.regression(), tmp_path, Workspace(tmp_path), root=tmp_path)
