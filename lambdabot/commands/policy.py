"""`lambdabot policy`: prints the least IAM policies and the OIDC trust for the settings."""

import argparse
import json
import os
import sys

from lambdabot.aws import policy
from lambdabot.aws.calls.region import region_of
from lambdabot.errors import ExitCode, Mistake, UsageError
from lambdabot.project.discovery import discover
from lambdabot.settings.inputs import Inputs
from lambdabot.settings.load import load


def run(arguments: argparse.Namespace) -> int:
    """Print the documents, and return the exit code."""
    repository = arguments.repository or os.environ.get("GITHUB_REPOSITORY")
    if not repository:
        message = "whose policy? Name the repository with `--repository owner/name`"
        raise UsageError([Mistake(message=message)])
    settings = load(Inputs(config=arguments.config), discover=discover)
    region = region_of(arguments.region, os.environ)
    functions, place = settings.functions, policy.place_of(settings.functions, account=arguments.account, region=region)
    documents = policy.roles(
        functions, repository=repository, environment=arguments.environment, bucket=settings.bucket, place=place
    )
    if arguments.template:
        documents = policy.template(documents, boundary=arguments.boundary)
    print(json.dumps(documents[arguments.only] if arguments.only else documents, indent=2))
    for function in functions:
        if function.setup.role is None:
            print(f"lambdabot: put the role of {function.origin.like} in place of ROLE-OF-…", file=sys.stderr)
    return ExitCode.DONE
