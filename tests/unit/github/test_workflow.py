import io
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdabot.github.workflow import Workflow


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
