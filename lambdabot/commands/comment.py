"""`lambdabot comment`: renders and posts the comment of a report.json."""

import argparse
import os
import sys

from lambdabot.errors import ExitCode, GitHubError
from lambdabot.github.event import Context
from lambdabot.pipeline.own_template import own_template
from lambdabot.pipeline.second_stage import comment, reported, reports
from lambdabot.report.comment import render
from lambdabot.settings.inputs import Inputs
from lambdabot.settings.load import load_comment
from lambdabot.workspace import Workspace


def run(arguments: argparse.Namespace) -> int:
    """Post, or print, and return the exit code."""
    context = Context.of(os.environ, token=os.environ.get("GITHUB_TOKEN", ""))
    inputs = Inputs(
        config=arguments.config,
        workspace=Workspace.of_workflow(context.workspace),
        job=os.environ.get("GITHUB_JOB", ""),
    )
    section, received = load_comment(inputs), reports(arguments.report)
    only_print = arguments.only_print or not context.token or not context.in_workflow
    refused = []
    for number, report in enumerate(received.reports):
        try:
            url = None if only_print else comment(reported(report, inputs, number), context, section)
            print(render(report, template=own_template(section)) if url is None else url)
        except GitHubError as error:
            refused.append(str(error))
    for one in (*received.told, *refused):
        print(f"lambdabot: {one}", file=sys.stderr)
    return ExitCode.NOT_MEASURED if refused else ExitCode.DONE
