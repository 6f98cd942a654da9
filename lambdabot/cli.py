"""The terminal's door: of the commands, only the one that is called is imported."""

import argparse
import os
import shlex
import sys
from collections.abc import Iterable, Sequence
from importlib import import_module

from lambdabot import __version__
from lambdabot.door import through
from lambdabot.errors import InterruptionError, LambdabotError
from lambdabot.sandbox.prctl import forbid_inspection

COMMANDS = {
    "run": "measure the functions, compare with base, report",
    "comment": "render and post the comment of a report.json",
    "replay": "take a run's decisions again from its files, and compare",
    "clean": "remove throw-away copies that a killed run left behind",
    "apply": "write a report's recommendations into the templates",
    "init": "write lambdabot.yml, workflows and roles for the functions that the templates declare",
    "schema": "print the JSON schema of lambdabot.yml or of report.json",
    "policy": "print the least IAM policies and the OIDC trust for the settings",
    "local": "serve the embedded Lambda endpoint until interrupted",
    "arm64": "check requirement files, locks, zips and folders for ARM64",
}
"""Each is a module of `lambdabot.commands`."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code: 0 done, 1 gate failed, 2 usage, 3 nothing measured, 70 a defect."""
    forbid_inspection()
    given = sys.argv[1:] if argv is None else argv

    def run() -> int:
        arguments = parser(given).parse_args(given)
        try:
            return int(arguments.run(arguments))
        except InterruptionError:
            print("lambdabot: interrupted", file=sys.stderr)
            raise

    def refused(error: LambdabotError) -> None:
        print(f"lambdabot: {error}", file=sys.stderr)

    return through(run, os.environ, asked=shlex.join(["lambdabot", *given]), refused=refused)


def parser(called: Iterable[str]) -> argparse.ArgumentParser:
    """Return the command line: every command by its name, and those among the words that are `called` in full."""
    top = argparse.ArgumentParser(
        prog="lambdabot",
        description="Measure AWS Lambda functions, recommend the cheapest configuration, gate a pull request's cost.",
    )
    top.add_argument("--version", action="version", version=f"lambdabot {__version__}")
    commands = top.add_subparsers(title="commands", required=True, metavar="COMMAND")
    called = set(called)
    for name, text in COMMANDS.items():
        command = commands.add_parser(name, help=text)
        if name in called:
            module = import_module(f"lambdabot.commands.{name}")
            module.add_arguments(command)
            command.set_defaults(run=module.run)
    return top
