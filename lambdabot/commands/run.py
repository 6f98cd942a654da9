"""`lambdabot run`: measures the functions, compares with base, reports."""

import argparse
import os
import sys
from functools import partial

from lambdabot.errors import ExitCode
from lambdabot.github.event import Context
from lambdabot.project.discovery import discover
from lambdabot.report.progress import Progress
from lambdabot.settings.inputs import Inputs
from lambdabot.settings.load import load
from lambdabot.workspace import Workspace


def run(arguments: argparse.Namespace) -> int:
    """Measure, report, and return the exit code."""
    context = Context.of(os.environ, token=os.environ.get("GITHUB_TOKEN", ""))
    context.require_trusted()
    if context.closed:
        print(context.said_closed, file=sys.stderr)
        return ExitCode.DONE
    settings = load(
        Inputs(
            config=arguments.config,
            workspace=Workspace.of_workflow(context.workspace),
            endpoint=arguments.endpoint,
            base=arguments.base,
            functions=tuple(arguments.function),
            region=arguments.region,
            seed=arguments.seed,
            out=arguments.out,
            job=os.environ.get("GITHUB_JOB", ""),
        ),
        default_endpoint="local" if context.is_untrusted else "aws",
        discover=discover,
        deploys=not arguments.dry_run,
    )
    if arguments.dry_run:
        from lambdabot.commands import dry_run  # noqa: PLC0415  # what it is told needs no endpoint

        return dry_run.run(settings, context)
    from lambdabot.pipeline import job  # noqa: PLC0415  # boto3, only once the settings hold

    finished = job.run(settings, context, Progress.on(sys.stderr))
    url = job.publish(finished, context, warn=partial(print, "lambdabot:", file=sys.stderr))
    if url is None:
        print((settings.out / "comment.md").read_text(encoding="utf-8"))
    return finished.exit_code
