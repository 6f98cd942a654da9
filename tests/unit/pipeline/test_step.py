import io
from pathlib import Path

from lambdabot.github.workflow import Workflow
from lambdabot.pipeline import step
from lambdabot.report.document import document
from tests.unit.github.test_workflow import parsed
from tests.unit.report import runs


def finished(run, environ, stream, **where):
    report = document(run)
    step.finish(report, Workflow(environ, stream), workspace=None, path=Path("lambdabot-report/report.json"), **where)


def test_the_end_writes_summary_and_outputs(tmp_path):
    files = {"GITHUB_OUTPUT": str(tmp_path / "output"), "GITHUB_STEP_SUMMARY": str(tmp_path / "summary")}
    finished(runs.regression(), files, io.StringIO(), comment_url="https://x")

    assert "Costs 18 % more" in (tmp_path / "summary").read_text()
    values = parsed((tmp_path / "output").read_text())
    assert values["report"] == "lambdabot-report/report.json"
    assert values["comment-url"] == "https://x"


def annotated(run):
    stream = io.StringIO()
    finished(run, {}, stream)
    return stream.getvalue().splitlines()


def test_a_regression_is_annotated_as_an_error():
    (line,) = annotated(runs.regression())
    told, _, reason = line.removeprefix("::error title=lambdabot::").partition(": ")

    assert told == "thumbnail costs 18 %25 more than that of the target branch"
    assert reason == "costs at least 14.1%25 more"


def test_what_was_not_decided_is_annotated_as_a_warning():
    (inconclusive,) = annotated(runs.inconclusive())
    (uncompared,) = annotated(runs.nothing_compared())

    assert inconclusive.startswith("::warning title=lambdabot::thumbnail: inconclusive: between")
    assert uncompared.startswith("::warning title=lambdabot::thumbnail: not measured: the checkout")


def test_one_reason_of_many_functions_is_annotated_once_with_its_advice():
    (failed,) = runs.not_reached().functions
    (line,) = annotated(runs.run(failed, failed, failed))

    assert line.startswith("::error title=lambdabot::nothing measured: no usable AWS credentials%0AGive the job a role")


def test_no_more_is_annotated_than_the_runner_shows():
    lost = [runs.result(runs.function(f"f{index}"), error=f"reason {index}") for index in range(30)]

    assert len(annotated(runs.run(*lost))) == 10


def test_a_calm_run_is_not_annotated():
    assert annotated(runs.one_recommended()) == []


def test_what_blocks_arm64_is_annotated_on_its_line_in_the_workspace(tmp_path):
    folder, stream = tmp_path / "src" / "thumbnail", io.StringIO()
    folder.mkdir(parents=True)
    (folder / "requirements.txt").write_text("fasttext\n")
    report = document(runs.blocked(), root=Path("/repository"))
    step.finish(report, Workflow({}, stream), workspace=tmp_path, path=Path("report.json"))

    assert "::warning title=lambdabot,file=src/thumbnail/requirements.txt,line=3::fasttext 0.9.3" in stream.getvalue()
