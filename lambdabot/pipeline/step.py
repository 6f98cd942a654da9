"""What a step of a workflow shows of reports: its own run's, and those that another run made."""

from pathlib import Path

from lambdabot.errors import GitHubError
from lambdabot.github.event import Context
from lambdabot.github.workflow import Workflow
from lambdabot.pipeline import second_stage
from lambdabot.report.annotations import annotations
from lambdabot.report.comment import summary
from lambdabot.report.outputs import outputs
from lambdabot.report.schema import Report
from lambdabot.settings.inputs import Inputs
from lambdabot.settings.load import load_comment


def finish(
    report: Report, workflow: Workflow, *, workspace: Path | None, path: Path, comment_url: str | None = None
) -> None:
    """Write summary and outputs, and annotate what failed; `path` is the report's, for the steps that follow."""
    workflow.summary(summary(report))
    workflow.outputs(outputs(report, path=str(path), comment_url=comment_url or ""))
    workflow.annotate(annotations(report, workspace=workspace))


def comment(path: Path, inputs: Inputs, context: Context, workflow: Workflow) -> None:
    """Comment on reports of another run; no output but the comments' addresses rests on what they say.

    Raises UsageError when none of them holds.
    """
    section, received = load_comment(inputs), second_stage.reports(path)
    for told in received.told:
        workflow.warning(told)
    urls = []
    for number, one in enumerate(received.reports):
        report = second_stage.reported(one, inputs, number)
        workflow.summary(summary(report))
        try:
            urls.append(second_stage.comment(report, context, section))
        except GitHubError as error:
            workflow.warning(str(error))
    workflow.outputs({"comment-url": "\n".join(filter(None, urls))})
