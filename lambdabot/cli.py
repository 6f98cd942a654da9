"""The terminal's door: of the commands, only the one that is called is imported."""

import argparse
import os
import shlex
import sys
from collections.abc import Sequence
from importlib import import_module

from lambdabot import __version__
from lambdabot.commands.arguments import COMMANDS
from lambdabot.door import through
from lambdabot.errors import InterruptionError, LambdabotError
from lambdabot.sandbox.prctl import forbid_inspection


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code: 0 done, 1 gate failed, 2 usage, 3 nothing measured, 70 a defect."""
    forbid_inspection()
    given = sys.argv[1:] if argv is None else argv

    def run() -> int:
        arguments = parser().parse_args(given)
        try:
            return int(import_module(f"lambdabot.commands.{arguments.command}").run(arguments))
        except InterruptionError:
            print("lambdabot: interrupted", file=sys.stderr)
            raise

    def refused(error: LambdabotError) -> None:
        print(f"lambdabot: {error}", file=sys.stderr)

    return through(run, os.environ, asked=shlex.join(["lambdabot", *given]), refused=refused)


def parser() -> argparse.ArgumentParser:
    """Return the whole command line, as `--help` shows it."""
    top = argparse.ArgumentParser(
        prog="lambdabot",
        description="Measure AWS Lambda functions, recommend the cheapest configuration, gate a pull request's cost.",
    )
    top.add_argument("--version", action="version", version=f"lambdabot {__version__}")
    commands = top.add_subparsers(title="commands", required=True, metavar="COMMAND", dest="command")
    for name, (text, declare) in COMMANDS.items():
        declare(commands.add_parser(name, help=text))
    return top
