"""The terminal's door: one module of a stage is imported for the command that is called, and no more."""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from lambdabot import __version__
from lambdabot.errors import ExitCode, LambdabotError


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code: 0 done, 1 gate failed or blocked, 2 usage, 3 nothing measured."""
    arguments = parser().parse_args(argv)
    try:
        return int(arguments.command(arguments))
    except LambdabotError as error:
        print(f"lambdabot: {error}", file=sys.stderr)  # noqa: T201  # the terminal is this door's output
        return error.exit_code
    except BrokenPipeError:  # the reader of our output went away; that is no error of ours
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.DONE


def parser() -> argparse.ArgumentParser:
    """Return the whole command line, as `--help` shows it."""
    top = argparse.ArgumentParser(
        prog="lambdabot",
        description="Measure AWS Lambda functions, recommend the cheapest configuration, gate a pull request's cost.",
    )
    top.add_argument("--version", action="version", version=f"lambdabot {__version__}")
    commands = top.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add_run(commands.add_parser("run", help="measure the functions, compare with base, report"))
    _add_comment(commands.add_parser("comment", help="render and post the comment of a report.json"))
    _add_schema(commands.add_parser("schema", help="print the JSON schema of lambdabot.yml or of report.json"))
    _add_local(commands.add_parser("local", help="serve the embedded Lambda endpoint until interrupted"))
    _add_arm64(commands, "check requirement files, locks, zips and folders for ARM64")
    return top


def _add_run(command: argparse.ArgumentParser) -> None:
    command.add_argument("--config", type=Path, default=Path("lambdabot.yml"), help="settings (default: %(default)s)")
    command.add_argument("--endpoint", help="aws (default), local, or the URL of a Lambda endpoint")
    command.add_argument("--base", metavar="PATH-OR-REF", help="what to compare with: a folder or a git ref")
    command.add_argument("--function", action="append", default=[], metavar="NAME", help="only this one (repeatable)")
    command.add_argument("--region", help="AWS Region (default: the environment's)")
    command.add_argument("--out", type=Path, default=Path("out"), help="folder of the reports (default: %(default)s)")
    command.add_argument("--dry-run", action="store_true", help="show what would be created, invoked and spent")
    command.add_argument("--seed", type=int, default=1, help="seed of every random choice (default: %(default)s)")
    command.set_defaults(command=_run)


def _run(arguments: argparse.Namespace) -> int:
    from lambdabot.job import Job  # noqa: PLC0415  # each command imports what it uses
    from lambdabot.settings.load import Inputs, load  # noqa: PLC0415  # each command imports what it uses

    settings = load(
        Inputs(
            config=arguments.config,
            endpoint=arguments.endpoint,
            base=arguments.base,
            functions=tuple(arguments.function),
            region=arguments.region,
            seed=arguments.seed,
            out=arguments.out,
        )
    )
    if arguments.dry_run:
        from lambdabot.report.plan import describe  # noqa: PLC0415  # each command imports what it uses

        print(describe(settings.functions, settings.endpoint, settings.budget))  # noqa: T201  # the terminal is this door's output
        return ExitCode.DONE
    return Job(settings=settings, environ=os.environ).run()


def _add_comment(command: argparse.ArgumentParser) -> None:
    command.add_argument("--report", type=Path, required=True, help="a report.json")
    command.add_argument("--print", dest="only_print", action="store_true", help="render only, post nothing")
    command.set_defaults(command=_comment)


def _comment(arguments: argparse.Namespace) -> int:
    from lambdabot.publish import comment_on_report  # noqa: PLC0415  # each command imports what it uses

    return comment_on_report(arguments.report, os.environ, only_print=arguments.only_print)


def _add_schema(command: argparse.ArgumentParser) -> None:
    command.add_argument("--report", action="store_true", help="of report.json instead of lambdabot.yml")
    command.set_defaults(command=_schema)


def _schema(arguments: argparse.Namespace) -> int:
    if arguments.report:
        from lambdabot.report.document import schema  # noqa: PLC0415  # each command imports what it uses

        document = schema()
    else:
        from lambdabot.settings.schema import Document  # noqa: PLC0415  # each command imports what it uses

        document = Document.model_json_schema()
    print(json.dumps(document, indent=2))  # noqa: T201  # the terminal is this door's output
    return ExitCode.DONE


def _add_local(command: argparse.ArgumentParser) -> None:
    command.add_argument("--port", type=int, default=9001, help="port on loopback (default: %(default)s)")
    command.set_defaults(command=_local)


def _local(arguments: argparse.Namespace) -> int:
    from lambdabot.local.command import serve_until_interrupted  # noqa: PLC0415  # each command imports what it uses

    return serve_until_interrupted(arguments.port)


def _add_arm64(commands: "argparse._SubParsersAction[argparse.ArgumentParser]", text: str) -> None:
    from lambdabot.arm64.command import add_arguments, run  # noqa: PLC0415  # each command imports what it uses

    command = commands.add_parser("arm64", help=text)
    add_arguments(command)
    command.set_defaults(command=run)
