"""`lambdabot init` and `lambdabot run`, with no event written by hand: every function of the corpus gets its own."""

import json
import shutil
from pathlib import Path

import pytest

from lambdabot.cli import main
from lambdabot.project.discovery import discover
from lambdabot.settings.inputs import Inputs
from lambdabot.settings.load import load

CORPUS = Path(__file__).parents[1] / "events"

QUICK = """defaults:
  memory_mb: [128]
  architectures: [x86_64]
  budget: {invocations: 24}
budget: {usd: 1000, minutes: 60}
"""
"""One size, today's, and as few invocations of it as are an answer."""

EMPTY = {"Mystery", "Loner"}
EDGE = {"Header", "edge"}


@pytest.fixture(scope="module")
def family(tmp_path_factory):
    """Lay out a family of the corpus as a user has it, and go there."""

    def family(name, patch):
        folder = tmp_path_factory.mktemp(name)
        shutil.copytree(CORPUS / name, folder, dirs_exist_ok=True)
        (folder / "src").mkdir()
        shutil.copy(CORPUS / "handlers.py", folder / "src" / "handlers.py")
        patch.chdir(folder)
        return folder

    return family


def run(folder):
    assert main(["run", "--endpoint", "local", "--out", "out"]) == 0
    report = json.loads((folder / "out" / "report.json").read_text())
    comment = (folder / "out" / "comment.md").read_text()
    return {one["name"]: one for one in report["functions"]}, comment


@pytest.fixture(scope="module")
def begun(family):
    """Run what `init` wrote of SAM's functions."""
    with pytest.MonkeyPatch.context() as patch:
        folder = family("sam", patch)
        assert main(["init"]) == 0
        config = folder / "lambdabot.yml"
        config.write_text(config.read_text().replace("functions:", f"{QUICK}functions:", 1))
        return run(folder)


@pytest.fixture(scope="module")
def bare(family):
    """Run CloudFormation's functions with settings that name no event."""
    with pytest.MonkeyPatch.context() as patch:
        folder = family("cloudformation", patch)
        (folder / "lambdabot.yml").write_text(f"version: 1\n{QUICK}")
        return run(folder)


def unmeasured(functions):
    return {
        name: one["error"] or one["measurements"][0]["reason"]
        for name, one in functions.items()
        if name not in EDGE and one["measurements"][0]["status"] != "measured"
    }


def test_every_function_is_measured_with_the_event_that_init_wrote_for_it(begun):
    functions, comment = begun

    assert unmeasured(functions) == {}
    assert len(functions) == 32
    events = [one for function in functions.values() for one in function["events"]]
    assert {one["origin"] for one in events} == {"lambdabot.yml"}
    assert all(one["description"].startswith("`events/lambdabot/") for one in events)
    assert "empty event" not in comment


def test_every_function_is_measured_with_an_event_of_its_trigger_where_nothing_is_written(bare):
    functions, comment = bare

    assert unmeasured(functions) == {}
    origins = {name: {one["origin"] for one in function["events"]} for name, function in functions.items()}
    assert {name for name, its in origins.items() if its == {"empty"}} == EMPTY
    assert {name for name, its in origins.items() if its == {"synthetic"}} == functions.keys() - EMPTY - EDGE
    assert "Event: a synthetic SNS notification: no event was given." in comment


def test_nothing_is_recommended_from_the_empty_event_where_something_else_invokes_the_function(bare):
    functions, comment = bare

    assert functions["Mystery"]["recommendation"] is None
    assert "empty event {}" in functions["Mystery"]["recommendation_reason"]
    assert functions["Loner"]["recommendation"] is not None
    told = "**Invoked with the empty event <code>{}</code>**: <code>Mystery</code>, <code>Loner</code>."
    assert told in comment.partition("| Function |")[0]


def test_a_function_of_cloudfront_is_not_measured_and_says_why(bare):
    functions, comment = bare

    assert {one["status"] for one in functions["Header"]["measurements"]} == {"not measured"}
    assert "Lambda@Edge" in functions["Header"]["error"]
    assert "Lambda@Edge" in comment


@pytest.mark.parametrize(("name", "count"), [("serverless", 25), ("terraform", 14)])
def test_what_init_writes_for_the_other_formats_holds(family, monkeypatch, name, count):
    folder = family(name, monkeypatch)

    assert main(["init"]) == 0

    functions = load(Inputs(config=folder / "lambdabot.yml", endpoint="local"), discover=discover).functions
    written = [one for one in functions if one.question.payloads[0].described.startswith("`events/lambdabot/")]
    assert len(written) == count
    assert [one.name for one in functions if one not in written] == (["edge"] if name == "serverless" else [])
