"""`lambdabot clean`: removes throw-away copies that a killed run left behind."""

import argparse
import os
import sys
from datetime import UTC, datetime

from lambdabot.aws.calls.connection import connect
from lambdabot.aws.copies.clean import clean
from lambdabot.aws.copies.journal import journal_folder
from lambdabot.errors import ExitCode
from lambdabot.github.event import Context
from lambdabot.settings.load import load_bucket


def run(arguments: argparse.Namespace) -> int:
    """Remove what may be removed, say what, and return the exit code."""
    endpoint = None if arguments.endpoint == "aws" else arguments.endpoint
    cleaned = clean(
        connect(endpoint=endpoint, region=arguments.region),
        arguments.repository or Context.of(os.environ).repository,
        journal_folder(os.environ),
        bucket=arguments.bucket or load_bucket(arguments.config),
        now=datetime.now(UTC),
        unexpired=arguments.all,
        dry_run=arguments.dry_run,
    )
    lines = [
        *(f"{'would remove' if arguments.dry_run else 'removed'} {one}" for one in cleaned.removed),
        *(f"kept {one}" for one in cleaned.kept),
        *(f"still there: {one}" for one in cleaned.left),
        *cleaned.notes,
    ]
    if lines or not cleaned.failures:
        print("\n".join(lines or ["Nothing to remove."]))
    for failure in cleaned.failures:
        print(f"lambdabot: {failure}", file=sys.stderr)
    return ExitCode.NOT_MEASURED if cleaned.left or cleaned.failures else ExitCode.DONE
