"""The workflow's door: INPUT_* variables in; outputs, step summary, annotations and exit code out."""

import os
from collections.abc import Mapping
from pathlib import Path

from lambdabot.errors import GitHubError, InterruptionError, LambdabotError, Mistake, UsageError
from lambdabot.github.event import Context
from lambdabot.github.workflow import Workflow
from lambdabot.interruption import end_now, interruptible
from lambdabot.settings.load import Inputs, load

OUT = Path("lambdabot-report")
"""Below the workspace, so that its path means the same inside the container and to the job's later steps."""

UNTRUSTED = """`pull_request_target` runs with the repository's secrets, and the pull request's code may be anyone's.
Use `on: pull_request`: for forks it measures on the embedded endpoint, without credentials."""


def main(environ: Mapping[str, str] = os.environ) -> int:
    """Run as a step of a workflow and return the exit code; what is wrong also becomes an annotation."""
    workflow = Workflow(environ)
    try:
        with interruptible():
            return _run(environ, workflow)
    except InterruptionError as interruption:
        end_now(interruption)
    except UsageError as error:
        for mistake in error.mistakes:
            workflow.error(mistake.message, path=mistake.path, line=mistake.line)
        if error.advice:
            workflow.say(error.advice)
        return error.exit_code
    except LambdabotError as error:
        workflow.error(str(error))
        return error.exit_code


def _run(environ: Mapping[str, str], workflow: Workflow) -> int:
    context = Context.of(environ)
    if context.event_name == "pull_request_target":
        raise UsageError([Mistake(message="lambdabot does not run on `pull_request_target`")], advice=UNTRUSTED)
    settings = load(inputs(environ), default_endpoint="local" if context.is_untrusted else "aws")

    from lambdabot.job import publish, run  # noqa: PLC0415  # boto3 only once the settings hold
    from lambdabot.report.comment import summary  # noqa: PLC0415  # likewise
    from lambdabot.report.progress import Progress  # noqa: PLC0415  # likewise

    finished = run(settings, context, Progress.plain(workflow.say))
    url = None
    try:
        url = publish(finished.document, context, environ.get("INPUT_GITHUB-TOKEN", ""), settings.comment)
    except GitHubError as error:
        workflow.warning(str(error))
    text = summary(finished.document)
    workflow.finish(finished.document, summary=text, report=OUT / "report.json", comment_url=url)
    return finished.exit_code


def inputs(environ: Mapping[str, str]) -> Inputs:
    """Read the action's inputs; an empty one is one that was not given."""

    def given(name: str) -> str | None:
        return environ.get(f"INPUT_{name.upper()}", "").strip() or None

    workspace = Path(environ.get("GITHUB_WORKSPACE", "."))
    names = (given("functions") or "").replace(",", "\n").splitlines()
    return Inputs(
        config=workspace / (given("config") or "lambdabot.yml"),
        endpoint=given("endpoint"),
        base=given("base"),
        functions=tuple(name.strip() for name in names if name.strip()),
        region=given("aws-region"),
        comment=given("comment"),
        out=workspace / OUT,
    )
