"""The workflow's door: INPUT_* variables in; outputs, step summary, annotations and exit code out."""

import gc
import os
from collections.abc import Mapping
from pathlib import Path

from lambdabot.door import through
from lambdabot.errors import ExitCode, LambdabotError, UsageError
from lambdabot.github.event import Context
from lambdabot.github.workflow import Workflow
from lambdabot.project.discovery import discover
from lambdabot.report.progress import Progress
from lambdabot.sandbox.prctl import forbid_inspection
from lambdabot.settings.inputs import Inputs
from lambdabot.settings.load import load
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
    if context.closed and given.report is None:
        workflow.notice(context.said_closed)
        workflow.summary(context.said_closed)
        return ExitCode.DONE
    if given.report is not None:
        from lambdabot.pipeline import step  # noqa: PLC0415  # pydantic and PyGithub: the other way starts without

        step.comment(given.report, given, context, workflow)
        return ExitCode.DONE
    settings = load(given, default_endpoint="local" if context.is_untrusted else "aws", discover=discover)

    from lambdabot.pipeline import job  # noqa: PLC0415  # boto3, only once the settings hold

    gc.enable()  # see entrypoint.py
    finished = job.run(settings, context, Progress.plain(workflow.say))
    url = job.publish(finished, context, warn=workflow.warning)
    from lambdabot.pipeline import step  # noqa: PLC0415  # pydantic, jinja2: after the first API call

    path = OUT / "report.json"
    step.finish(finished.report, workflow, workspace=context.workspace, path=path, comment_url=url)
    return finished.exit_code


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
