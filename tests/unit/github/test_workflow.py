import io
import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdabot.github.workflow import Workflow, outputs
from lambdabot.report.comment import summary
from lambdabot.report.document import document
from tests.unit.report import runs


@pytest.fixture
def files(tmp_path):
    return {
        "GITHUB_OUTPUT": str(tmp_path / "output"),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
        "GITHUB_WORKSPACE": "/github/workspace",
    }


def parsed(text):
    """Read an output file as the runner does."""
    values, lines = {}, text.split("\n")
    while lines:
        line = lines.pop(0)
        if not line:
            continue
        name, delimiter = line.split("<<", 1)
        value = []
        while (line := lines.pop(0)) != delimiter:
            value.append(line)
        values[name] = "\n".join(value)
    return values


def commands(text):
    """Return what the runner would take for commands."""
    return [line for line in re.split(r"\r\n|\r|\n", text) if line.strip().startswith("::") or "##[" in line]


def test_outputs_are_read_back_whatever_they_hold(files, tmp_path):
    values = {"verdict": "no change", "functions": "[\n1]", "odd": "name<<EOF\nEOF\n"}
    Workflow(files, io.StringIO()).outputs(values)

    assert parsed((tmp_path / "output").read_text()) == values


def test_no_value_can_know_its_delimiter(files, tmp_path):
    Workflow(files, io.StringIO()).outputs({"a": "1", "b": "2"})
    delimiters = re.findall(r"<<(.*)", (tmp_path / "output").read_text())

    assert len(set(delimiters)) == 2
    assert all(len(one) >= 32 for one in delimiters)


def test_outputs_are_added_to_what_the_file_holds(files, tmp_path):
    (tmp_path / "output").write_text("before<<X\n1\nX\n")
    Workflow(files, io.StringIO()).outputs({"after": "2"})

    assert parsed((tmp_path / "output").read_text()) == {"before": "1", "after": "2"}


def test_without_the_runners_files_nothing_is_written():
    stream = io.StringIO()
    workflow = Workflow({}, stream)
    workflow.outputs({"a": "1"})
    workflow.summary("text")

    assert stream.getvalue() == ""


def test_an_annotation_points_into_the_workspace(files):
    stream = io.StringIO()
    workflow = Workflow(files, stream)
    workflow.error("50 % more\nthan, before: no", path=Path("/github/workspace/a,b:c.yml"), line=3, column=7)
    workflow.warning("w")
    workflow.notice("n", path=Path("elsewhere.py"))

    assert stream.getvalue().splitlines() == [
        "::error title=lambdabot,file=a%2Cb%3Ac.yml,line=3,col=7::50 %25 more%0Athan, before: no",
        "::warning title=lambdabot::w",
        "::notice title=lambdabot,file=elsewhere.py::n",
    ]


@given(
    text=st.text()
    | st.sampled_from(["::error::x", "  ::add-mask::a", "a\n::stop-commands::x", "##[group]x", "\r::error::"])
)
def test_nothing_that_is_said_or_annotated_is_a_command_of_its_own(text):
    stream = io.StringIO()
    workflow = Workflow({}, stream)
    workflow.say(text)
    said = stream.getvalue()
    workflow.error(text)

    assert commands(said) == []
    assert len(commands(stream.getvalue())) == 1


def test_the_end_writes_summary_and_outputs(files, tmp_path):
    data = document(runs.regression())
    Workflow(files, io.StringIO()).finish(
        data, summary=summary(data), path=Path("lambdabot-report/report.json"), comment_url="https://x"
    )

    assert "Costs 18 % more" in (tmp_path / "summary").read_text()
    values = parsed((tmp_path / "output").read_text())
    assert values["report"] == "lambdabot-report/report.json"
    assert values["comment-url"] == "https://x"


def annotated(run):
    stream = io.StringIO()
    Workflow({}, stream).finish(document(run), summary="", path=Path("report.json"), comment_url=None)
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


def test_one_function_fills_the_scalars():
    values = outputs(document(runs.regression()), path="r.json")
    entry = {
        "name": "thumbnail",
        "verdict": "regression",
        "cost-change-percent": 18.2,
        "recommended-memory": 1024,
        "recommended-architecture": "arm64",
        "monthly-saving-usd": 6.115369,
        "arm64-ready": True,
    }

    assert json.loads(values.pop("functions")) == [entry]
    assert values == {
        "verdict": "regression",
        "cost-change-percent": "18.2",
        "recommended-memory": "1024",
        "recommended-architecture": "arm64",
        "monthly-saving-usd": "6.115369",
        "arm64-ready": "true",
        "report": "r.json",
        "comment-url": "",
    }


def test_several_functions_leave_the_scalars_empty():
    values = outputs(document(runs.forty()))

    assert values["verdict"] == "regression"
    assert values["recommended-memory"] == values["cost-change-percent"] == values["arm64-ready"] == ""
    assert len(json.loads(values["functions"])) == 40


def test_what_is_unknown_is_empty():
    bare = runs.result(recommendation=None, arm64=None, comparison=runs.comparison(runs.Verdict.NOT_MEASURED))
    values = outputs(document(runs.run(bare)))

    assert values["verdict"] == "not measured"
    assert values["arm64-ready"] == values["cost-change-percent"] == values["recommended-memory"] == ""
    assert json.loads(values["functions"])[0]["arm64-ready"] is None
