"""`lambdabot schema`: prints a JSON schema."""

import argparse
import json

from lambdabot.errors import ExitCode
from lambdabot.report.document import schema
from lambdabot.settings.schema import SettingsFile


def run(arguments: argparse.Namespace) -> int:
    """Print it, and return the exit code."""
    document = schema() if arguments.report else SettingsFile.model_json_schema()
    print(json.dumps(document, indent=2))
    return ExitCode.DONE
