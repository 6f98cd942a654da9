"""`lambdabot policy`: prints the least IAM policies and the OIDC trust for the settings."""

import argparse
import json
import os
import sys
from pathlib import Path

from lambdabot.aws import policy
from lambdabot.errors import ExitCode, Mistake, UsageError
from lambdabot.project.discovery import discover
from lambdabot.settings.load import Inputs, load


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    command.add_argument("--config", type=Path, default=Path("lambdabot.yml"), help="settings (default: %(default)s)")
    command.add_argument("--repository", metavar="OWNER/NAME", help="on GitHub (default: GITHUB_REPOSITORY)")
    command.add_argument("--environment", metavar="NAME", help="of GitHub, whose jobs alone may assume the role")
    command.add_argument("--account", help="AWS account (default: that of the settings' roles)")
    command.add_argument("--region", help="AWS Region (default: the environment's, else any)")
    form = command.add_mutually_exclusive_group()
    form.add_argument(
        "--only",
        choices=["policy", "trust", "execution_policy", "execution_trust"],
        help="print this document alone, as `aws iam` takes it",
    )
    form.add_argument("--template", action="store_true", help="print a CloudFormation template of both roles")
    command.add_argument("--boundary", metavar="ARN", help="permissions boundary of the template's roles")


def run(arguments: argparse.Namespace) -> int:
    """Print the documents, and return the exit code."""
    repository = arguments.repository or os.environ.get("GITHUB_REPOSITORY")
    if not repository:
        message = "whose policy? Name the repository with `--repository owner/name`"
        raise UsageError([Mistake(message=message)])
    settings = load(Inputs(config=arguments.config), discover=discover)
    region = arguments.region or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
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
