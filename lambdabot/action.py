"""The workflow's door: INPUT_* variables in; outputs, step summary, annotations and exit code out."""

import gc
import os
from collections.abc import Mapping
from pathlib import Path

from lambdabot.door import through
from lambdabot.errors import ExitCode, GitHubError, LambdabotError, UsageError
from lambdabot.github.event import Context
from lambdabot.github.workflow import Workflow
from lambdabot.project.discovery import discover
from lambdabot.report.progress import Progress
from lambdabot.sandbox.prctl import forbid_inspection
from lambdabot.settings.load import Inputs, load, load_comment
from lambdabot.workspace import Workspace

OUT = Path("lambdabot-report")
"""Below the workspace, so that its path means the same inside the container and to the job's later steps."""

NO_MATRIX = "null"
"""What `toJson(matrix)` is in a job without one."""


def main(environ: Mapping[str, str] = os.environ) -> int:
    """Run as a step of a workflow and return the exit code; what is wrong also becomes an annotation."""
    forbid_inspection()

    def refused(error: LambdabotError) -> None:
        workflow = Workflow(environ)
        if not isinstance(error, UsageError):
            workflow.error(str(error))
            return
        for mistake in error.mistakes:
            workflow.error(mistake.message, path=mistake.path, line=mistake.line, column=mistake.column)
        if error.advice:
            workflow.say(error.advice)

    asked = f"the action on `{environ.get('GITHUB_EVENT_NAME', '')}`"
    return through(lambda: _run(environ, Workflow(environ)), environ, asked=asked, refused=refused)


def _run(environ: Mapping[str, str], workflow: Workflow) -> int:
    context = Context.of(environ, token=environ.get("INPUT_GITHUB-TOKEN", ""))
    given = inputs(environ)
    context.require_trusted(measuring=given.report is None)
    if given.report is not None:
        return _comment(given.report, given, context, workflow)
    settings = load(given, default_endpoint="local" if context.is_untrusted else "aws", discover=discover)

    from lambdabot.pipeline import job  # noqa: PLC0415  # boto3, only once the settings hold

    gc.enable()  # see entrypoint.py
    finished = job.run(settings, context, Progress.plain(workflow.say))
    url = job.publish(finished, context, warn=workflow.warning)
    from lambdabot.report.comment import summary  # noqa: PLC0415  # jinja2 only after the first API call

    workflow.finish(finished.report, summary=summary(finished.report), path=OUT / "report.json", comment_url=url)
    return finished.exit_code


def _comment(path: Path, given: Inputs, context: Context, workflow: Workflow) -> int:
    """Comment on reports of another run; no output but the comments' addresses rests on what they say."""
    from lambdabot.pipeline.second_stage import (  # noqa: PLC0415  # pydantic and PyGithub: the other way starts without
        comment,
        reported,
        reports,
    )
    from lambdabot.report.comment import summary  # noqa: PLC0415  # jinja2: the other way starts without

    section, received = load_comment(given), reports(path)
    for told in received.told:
        workflow.warning(told)
    urls = []
    for number, one in enumerate(received.reports):
        report = reported(one, given, number)
        workflow.summary(summary(report))
        try:
            urls.append(comment(report, context, section))
        except GitHubError as error:
            workflow.warning(str(error))
    workflow.outputs({"comment-url": "\n".join(filter(None, urls))})
    return ExitCode.DONE


def inputs(environ: Mapping[str, str]) -> Inputs:
    """Read the action's inputs; an empty one is one that was not given."""

    def given(name: str) -> str | None:
        return environ.get(f"INPUT_{name.upper()}", "").strip() or None

    workspace = Path(environ.get("GITHUB_WORKSPACE", "."))
    key, report = given("comment-key"), given("report")
    names = (given("functions") or "").replace(",", "\n").splitlines()
    return Inputs(
        config=workspace / (given("config") or "lambdabot.yml"),
        endpoint=given("endpoint"),
        base=given("base"),
        functions=tuple(name.strip() for name in names if name.strip()),
        region=given("aws-region"),
        comment=given("comment"),
        check=given("check"),
        workspace=Workspace(workspace),
        job=environ.get("GITHUB_JOB", ""),
        comment_key=key if key and key != NO_MATRIX else "",
        report=workspace / report if report else None,
        out=workspace / OUT,
    )
