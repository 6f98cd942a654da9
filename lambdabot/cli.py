"""The terminal's door: one module of a stage is imported for the command that is called, and no more."""

import argparse
import io
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lambdabot import __version__
from lambdabot.errors import ExitCode, GitHubError, InterruptionError, LambdabotError, Mistake, UsageError
from lambdabot.interruption import end_now, interruptible

if TYPE_CHECKING:
    from lambdabot.local.endpoint import Endpoint
    from lambdabot.settings.load import Settings


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code: 0 done, 1 gate failed or blocked, 2 usage, 3 nothing measured."""
    arguments = parser().parse_args(argv)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal without Unicode shows the rest all the same
            stream.reconfigure(errors="backslashreplace")
    try:
        with interruptible():
            return int(arguments.command(arguments))
    except InterruptionError as interruption:
        print("lambdabot: interrupted", file=sys.stderr)
        end_now(interruption)
    except LambdabotError as error:
        print(f"lambdabot: {error}", file=sys.stderr)
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
    _add_replay(commands.add_parser("replay", help="take a run's decisions again from its files, and compare"))
    _add_apply(commands.add_parser("apply", help="write a report's recommendations into the templates"))
    _add_init(commands, "write lambdabot.yml, workflows and roles for the functions that the templates declare")
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
    from lambdabot.project.discovery import discover
    from lambdabot.settings.load import Inputs, load

    settings = load(
        Inputs(
            config=arguments.config,
            endpoint=arguments.endpoint,
            base=arguments.base,
            functions=tuple(arguments.function),
            region=arguments.region,
            seed=arguments.seed,
            out=arguments.out,
            job=os.environ.get("GITHUB_JOB", ""),
        ),
        discover=discover,
    )
    if arguments.dry_run:
        return _dry_run(settings)

    from lambdabot.github.event import Context
    from lambdabot.job import check, publish, run, suggest
    from lambdabot.report.progress import Progress

    context, token = Context.of(os.environ), os.environ.get("GITHUB_TOKEN", "")
    finished = run(settings, context, Progress.on(sys.stderr), token)
    url = None
    try:
        url = publish(finished.document, context, token, settings.comment)
        suggest(finished.document, context, token, settings.comment)
        check(finished, context, token, settings.check)
    except GitHubError as error:  # the report is complete without it, and the gate's answer stands
        print(f"lambdabot: {error}", file=sys.stderr)
    if url is None:
        print((settings.out / "comment.md").read_text(encoding="utf-8"))
    return finished.exit_code


def _dry_run(settings: "Settings") -> int:
    from tempfile import TemporaryDirectory

    from lambdabot.github.event import Context
    from lambdabot.pipeline.pairs import pairs
    from lambdabot.project.base import resolve_base
    from lambdabot.project.changes import describe as describe_changes
    from lambdabot.settings.dry_run import describe

    context = Context.of(os.environ)
    root = context.workspace or settings.path.parent
    print(describe(settings))
    with TemporaryDirectory(prefix="lambdabot-") as folder:
        tree = resolve_base(
            settings.base, root=root, pull_request=context.pull_request is not None, workdir=Path(folder)
        )
        sides = [(pair.head, pair.base, pair.no_base) for pair in pairs(settings, tree, root)]
        print(describe_changes(sides, tree, config=settings.path, root=root))
    return ExitCode.DONE


def _add_comment(command: argparse.ArgumentParser) -> None:
    command.add_argument("--report", type=Path, required=True, help="a report.json, or a folder of such")
    command.add_argument("--config", type=Path, default=Path("lambdabot.yml"), help="how to comment, if it is there")
    command.add_argument("--print", dest="only_print", action="store_true", help="render only, post nothing")
    command.set_defaults(command=_comment)


def _comment(arguments: argparse.Namespace) -> int:
    from lambdabot.github.event import Context
    from lambdabot.report.comment import render
    from lambdabot.second_stage import comment, reports
    from lambdabot.settings.load import Inputs, load_comment

    context, token = Context.of(os.environ), os.environ.get("GITHUB_TOKEN", "")
    section = load_comment(Inputs(config=arguments.config))
    only_print = arguments.only_print or not token or not context.in_workflow
    for data in reports(arguments.report):
        url = None if only_print else comment(data, context, token, section)
        print(render(data) if url is None else url)
    return ExitCode.DONE


def _add_replay(command: argparse.ArgumentParser) -> None:
    command.add_argument("--report", type=Path, required=True, help="a report.json, with samples.jsonl beside it")
    command.set_defaults(command=_replay)


def _replay(arguments: argparse.Namespace) -> int:
    from lambdabot.pipeline.replay import replay
    from lambdabot.report.document import load
    from lambdabot.report.samples import load as load_samples

    differ = False
    samples = load_samples(arguments.report.with_name("samples.jsonl"))
    for one in replay(load(arguments.report), samples):
        differ |= bool(one.differences)
        print(f"{one.name}: {'; '.join(one.differences) or f'the same decisions in {one.rounds} rounds'}")
    return ExitCode.GATE_FAILED if differ else ExitCode.DONE


def _add_apply(command: argparse.ArgumentParser) -> None:
    command.add_argument("--report", type=Path, required=True, help="a report.json")
    command.set_defaults(command=_apply)


def _apply(arguments: argparse.Namespace) -> int:
    from lambdabot.declaration import Edit
    from lambdabot.project.working_tree import write
    from lambdabot.report.document import load

    functions = load(arguments.report)["functions"]
    edits = dict.fromkeys(Edit(**{**one, "path": Path(one["path"])}) for each in functions for one in each["edits"])
    changed = write(tuple(edits), Path.cwd())
    for edit in edits:
        print(f"{edit.path}:{edit.line}: {edit.after.strip()}{f' ({edit.note})' if edit.note else ''}")
    for each in functions:
        if each["edits_reason"]:
            print(f"{each['name']}: not edited: {each['edits_reason']}")
    print(f"{len(changed)} files changed" if changed else "nothing to change: the templates say what is recommended")
    return ExitCode.DONE


def _add_init(commands: "argparse._SubParsersAction[argparse.ArgumentParser]", text: str) -> None:
    command = commands.add_parser("init", help=text)
    command.add_argument("--config", type=Path, default=Path("lambdabot.yml"), help="settings (default: %(default)s)")
    command.add_argument("--check", action="store_true", help="write nothing; exit 1 when something has drifted")
    command.set_defaults(command=_init)


def _init(arguments: argparse.Namespace) -> int:
    from lambdabot.starter.command import run

    return int(run(arguments))


def _add_schema(command: argparse.ArgumentParser) -> None:
    command.add_argument("--report", action="store_true", help="of report.json instead of lambdabot.yml")
    command.set_defaults(command=_schema)


def _schema(arguments: argparse.Namespace) -> int:
    if arguments.report:
        from lambdabot.report.document import schema

        document = schema()
    else:
        from lambdabot.settings.schema import Document

        document = Document.model_json_schema()
    print(json.dumps(document, indent=2))
    return ExitCode.DONE


def _add_local(command: argparse.ArgumentParser) -> None:
    command.add_argument("--port", type=int, default=9001, help="port on loopback (default: %(default)s)")
    command.set_defaults(command=_local)


def _local(arguments: argparse.Namespace) -> int:
    from threading import Event

    from lambdabot.local.endpoint import serve_until

    def started(endpoint: "Endpoint") -> None:
        print(f"Lambda endpoint at {endpoint.url}\n{endpoint.machine}\nCtrl-C stops it.", flush=True)

    try:
        serve_until(Event(), port=arguments.port, started=started)
    except OSError as error:
        message = f"cannot listen on port {arguments.port}: {error.strerror}"
        raise UsageError([Mistake(message=message)], advice="Choose a free one with `--port`.") from error
    except InterruptionError:
        return ExitCode.DONE  # this is how it is meant to end
    return ExitCode.DONE


def _add_arm64(commands: "argparse._SubParsersAction[argparse.ArgumentParser]", text: str) -> None:
    from lambdabot.arm64.command import add_arguments, run

    command = commands.add_parser("arm64", help=text)
    add_arguments(command)
    command.set_defaults(command=run)
