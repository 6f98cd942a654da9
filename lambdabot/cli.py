"""The terminal's door: one module of a stage is imported for the command that is called, and no more."""

import argparse
import json
import os
import shlex
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from lambdabot import __version__
from lambdabot.door import through
from lambdabot.errors import ExitCode, GitHubError, InterruptionError, LambdabotError, Mistake, UsageError
from lambdabot.sandbox.prctl import forbid_inspection
from lambdabot.workspace import Workspace

if TYPE_CHECKING:
    from lambdabot.github.event import Context
    from lambdabot.local.endpoint import Endpoint
    from lambdabot.settings.load import Settings


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code: 0 done, 1 gate failed, 2 usage, 3 nothing measured, 70 a defect."""
    forbid_inspection()

    def run() -> int:
        arguments = parser().parse_args(argv)
        try:
            return int(arguments.command(arguments))
        except InterruptionError:
            print("lambdabot: interrupted", file=sys.stderr)
            raise

    def refused(error: LambdabotError) -> None:
        print(f"lambdabot: {error}", file=sys.stderr)

    asked = shlex.join(["lambdabot", *(sys.argv[1:] if argv is None else argv)])
    return through(run, os.environ, asked=asked, refused=refused)


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
    _add_clean(commands.add_parser("clean", help="remove throw-away copies that a killed run left behind"))
    _add_apply(commands.add_parser("apply", help="write a report's recommendations into the templates"))
    _add_init(commands, "write lambdabot.yml, workflows and roles for the functions that the templates declare")
    _add_schema(commands.add_parser("schema", help="print the JSON schema of lambdabot.yml or of report.json"))
    _add_policy(commands.add_parser("policy", help="print the least IAM policies and the OIDC trust for the settings"))
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
    from lambdabot.github.event import Context
    from lambdabot.project.discovery import discover
    from lambdabot.settings.load import Inputs, load

    context = Context.of(os.environ)
    context.require_trusted()
    settings = load(
        Inputs(
            config=arguments.config,
            workspace=_workspace(context),
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
    )
    if arguments.dry_run:
        return _dry_run(settings, context)

    from lambdabot.job import run, show
    from lambdabot.report.progress import Progress

    token = os.environ.get("GITHUB_TOKEN", "")
    finished = run(settings, context, Progress.on(sys.stderr), token)
    url = show(finished, context, token, warn=partial(print, "lambdabot:", file=sys.stderr))
    if url is None:
        print((settings.out / "comment.md").read_text(encoding="utf-8"))
    return finished.exit_code


def _workspace(context: "Context") -> Workspace | None:
    """Return the workflow's; None: at a terminal, the one around the settings."""
    return Workspace(context.workspace) if context.workspace else None


def _dry_run(settings: "Settings", context: "Context") -> int:
    from tempfile import TemporaryDirectory

    from lambdabot.pipeline.forecast import describe
    from lambdabot.pipeline.pairs import pair_all
    from lambdabot.pipeline.terms import terms
    from lambdabot.project.changes import describe as describe_changes

    with TemporaryDirectory(prefix="lambdabot-") as folder:
        agreed = terms(settings, context, Path(folder))
        print(describe(agreed.settings))
        pairs = pair_all(agreed)
        sides = [(pair.head, pair.base, pair.no_base) for pair in pairs if not pair.removed]
        print(describe_changes(sides, agreed.tree, config=settings.path, root=agreed.root))
        told = {one.head.name: one.refused or one.no_base for one in pairs if one.refused or one.removed}
        for line in (*agreed.notes, *(f"{name}: {why}" for name, why in told.items())):
            print(line)
    return ExitCode.DONE


def _add_comment(command: argparse.ArgumentParser) -> None:
    command.add_argument("--report", type=Path, required=True, help="a report.json, or a folder of such")
    command.add_argument("--config", type=Path, default=Path("lambdabot.yml"), help="how to comment, if it is there")
    command.add_argument("--print", dest="only_print", action="store_true", help="render only, post nothing")
    command.set_defaults(command=_comment)


def _comment(arguments: argparse.Namespace) -> int:
    from lambdabot.github.event import Context
    from lambdabot.job import own_template
    from lambdabot.report.comment import render
    from lambdabot.second_stage import comment, reported, reports
    from lambdabot.settings.load import Inputs, load_comment

    context, token = Context.of(os.environ), os.environ.get("GITHUB_TOKEN", "")
    inputs = Inputs(config=arguments.config, workspace=_workspace(context), job=os.environ.get("GITHUB_JOB", ""))
    section, received = load_comment(inputs), reports(arguments.report)
    only_print = arguments.only_print or not token or not context.in_workflow
    refused = []
    for number, report in enumerate(received.reports):
        try:
            url = None if only_print else comment(reported(report, inputs, number), context, token, section)
            print(render(report, template=own_template(section)) if url is None else url)
        except GitHubError as error:
            refused.append(str(error))
    for one in (*received.told, *refused):
        print(f"lambdabot: {one}", file=sys.stderr)
    return ExitCode.NOT_MEASURED if refused else ExitCode.DONE


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


def _add_clean(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--all", action="store_true", help="also what has not expired: of runs that are under way elsewhere, too"
    )
    command.add_argument("--bucket", help="the bucket of large packages (default: the settings' `bucket`)")
    command.add_argument("--config", type=Path, default=Path("lambdabot.yml"), help="settings (default: %(default)s)")
    command.add_argument("--dry-run", action="store_true", help="only say what would be removed")
    command.add_argument("--endpoint", default="aws", help="aws (default) or the URL of a Lambda endpoint")
    command.add_argument("--region", help="AWS Region (default: the environment's)")
    command.add_argument("--repository", metavar="OWNER/NAME", help="whose copies (default: the workflow's repository)")
    command.set_defaults(command=_clean)


def _clean(arguments: argparse.Namespace) -> int:
    from datetime import UTC, datetime

    from lambdabot.aws.clean import clean
    from lambdabot.aws.connection import connect
    from lambdabot.aws.journal import journal_folder
    from lambdabot.github.event import Context
    from lambdabot.settings.load import load_bucket

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


def _add_apply(command: argparse.ArgumentParser) -> None:
    command.add_argument("--report", type=Path, required=True, help="a report.json")
    command.set_defaults(command=_apply)


def _apply(arguments: argparse.Namespace) -> int:
    from lambdabot.model import Edit
    from lambdabot.project.working_tree import write
    from lambdabot.report.document import load

    functions = load(arguments.report).functions
    edits = dict.fromkeys(Edit(**{**dict(one), "path": Path(one.path)}) for each in functions for one in each.edits)
    changed = write(tuple(edits), Path.cwd())
    for edit in edits:
        print(f"{edit.path}:{edit.line}: {edit.after.strip()}{f' ({edit.note})' if edit.note else ''}")
    for each in functions:
        if each.edits_reason:
            print(f"{each.name}: not edited: {each.edits_reason}")
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


def _add_policy(command: argparse.ArgumentParser) -> None:
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
    command.set_defaults(command=_policy)


def _policy(arguments: argparse.Namespace) -> int:
    from lambdabot.aws import policy
    from lambdabot.project.discovery import discover
    from lambdabot.settings.load import Inputs, load

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


def _add_local(command: argparse.ArgumentParser) -> None:
    command.add_argument("--port", type=int, default=9001, help="port on loopback (default: %(default)s)")
    command.add_argument("--chaos", type=Path, metavar="FILE", help="misbehave as AWS can, as this YAML file says")
    command.set_defaults(command=_local)


def _local(arguments: argparse.Namespace) -> int:
    from threading import Event

    from lambdabot.local.endpoint import serve_until

    def started(endpoint: "Endpoint") -> None:
        print(f"Lambda endpoint at {endpoint.url}\n{endpoint.machine}\nCtrl-C stops it.", flush=True)

    faults = None
    if arguments.chaos is not None:
        from lambdabot.local.faults.document import Chaos
        from lambdabot.local.faults.faults import Faults
        from lambdabot.settings.mistakes import validated
        from lambdabot.settings.yaml_source import read

        faults = Faults(validated(Chaos, read(arguments.chaos, Workspace.around(arguments.chaos))))
    try:
        serve_until(Event(), port=arguments.port, started=started, faults=faults)
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
