"""Texts of other people through everything that is written of a run: files, log, outputs, annotations, limits."""

import io
import json
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, example, given, settings

from lambdabot.github.workflow import Workflow
from lambdabot.pipeline import step
from lambdabot.pipeline.report_files import write
from lambdabot.report.comment import COMMENT_LIMIT, SUMMARY_LIMIT
from lambdabot.report.reading import load
from lambdabot.workspace import Workspace
from tests.spot_check import examples
from tests.unit.github.test_workflow import commands, parsed
from tests.unit.report import runs
from tests.unit.report.test_escape import TEXTS


@given(name=TEXTS, words=TEXTS)
@example(name="::error::\n${{ github.token }}|`" * 4_000, words="<script>@here #1 \u202e😀\r\n::add-mask::x\n" * 3_000)
@settings(suppress_health_check=list(HealthCheck), max_examples=examples(25), deadline=None)
def test_they_break_no_file_no_output_and_no_limit(name, words):
    stream = io.StringIO()
    with TemporaryDirectory() as folder:
        out, files = (
            Path(folder, "out"),
            {"GITHUB_OUTPUT": f"{folder}/output", "GITHUB_STEP_SUMMARY": f"{folder}/summary"},
        )
        report = write(runs.hostile(name, words), out, Workspace(Path(folder)), root=Path("/repository"))
        workflow = Workflow(files, stream)
        workflow.say(f"{name}: {words}")
        step.finish(report, workflow, workspace=None, path=out / "report.json")

        assert load(out / "report.json") == report
        assert len((out / "comment.md").read_text(encoding="utf-8")) < COMMENT_LIMIT
        assert Path(folder, "summary").stat().st_size < SUMMARY_LIMIT
        values = parsed(Path(folder, "output").read_text(encoding="utf-8"))

    assert [one["name"] for one in json.loads(values["functions"])] == [one.name for one in report.functions]
    assert values["verdict"] == "not measured"
    ours = ("::error title=lambdabot", "::warning title=lambdabot", "::notice title=lambdabot")
    assert all(line.startswith(ours) for line in commands(stream.getvalue()))
