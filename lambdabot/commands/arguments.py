"""The arguments of every command: here and not beside it, so that `--help` and a typing error wait for no library."""

import argparse
from collections.abc import Callable
from pathlib import Path

_DESCRIPTION = """\
Tell whether everything that a Lambda function ships runs on arm64: every dependency with those that it brings along,
for the Python and glibc of the runtime, and every file of machine code. What blocks comes with its evidence and a fix
that has been resolved. Nothing is installed, and no code of a package is run.
"""
_EPILOG = """\
Indexes come from the manifest and from the variables of uv and pip (UV_INDEX_URL, PIP_INDEX_URL, …), credentials from
those variables and from netrc. Exit code: 1 when something blocks, 3 when nothing could be checked, 2 for wrong usage,
else 0.
"""


def _run(command: argparse.ArgumentParser) -> None:
    command.add_argument("--config", type=Path, default=Path("lambdabot.yml"), help="settings (default: %(default)s)")
    command.add_argument("--endpoint", help="aws (default), local, or the URL of a Lambda endpoint")
    command.add_argument("--base", metavar="PATH-OR-REF", help="what to compare with: a folder or a git ref")
    command.add_argument("--function", action="append", default=[], metavar="NAME", help="only this one (repeatable)")
    command.add_argument("--region", help="AWS Region (default: the environment's)")
    command.add_argument("--out", type=Path, default=Path("out"), help="folder of the reports (default: %(default)s)")
    command.add_argument("--dry-run", action="store_true", help="show what would be created, invoked and spent")
    command.add_argument("--seed", type=int, default=1, help="seed of every random choice (default: %(default)s)")


def _comment(command: argparse.ArgumentParser) -> None:
    command.add_argument("--report", type=Path, required=True, help="a report.json, or a folder of such")
    command.add_argument("--config", type=Path, default=Path("lambdabot.yml"), help="how to comment, if it is there")
    command.add_argument("--print", dest="only_print", action="store_true", help="render only, post nothing")


def _replay(command: argparse.ArgumentParser) -> None:
    command.add_argument("--report", type=Path, required=True, help="a report.json, with samples.jsonl beside it")


def _clean(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--all", action="store_true", help="also what has not expired: of runs that are under way elsewhere, too"
    )
    command.add_argument("--bucket", help="the bucket of large packages (default: the settings' `bucket`)")
    command.add_argument("--config", type=Path, default=Path("lambdabot.yml"), help="settings (default: %(default)s)")
    command.add_argument("--dry-run", action="store_true", help="only say what would be removed")
    command.add_argument("--endpoint", default="aws", help="aws (default) or the URL of a Lambda endpoint")
    command.add_argument("--region", help="AWS Region (default: the environment's)")
    command.add_argument("--repository", metavar="OWNER/NAME", help="whose copies (default: the workflow's repository)")


def _apply(command: argparse.ArgumentParser) -> None:
    command.add_argument("--report", type=Path, required=True, help="a report.json")


def _init(command: argparse.ArgumentParser) -> None:
    command.add_argument("--config", type=Path, default=Path("lambdabot.yml"), help="settings (default: %(default)s)")
    command.add_argument("--check", action="store_true", help="write nothing; exit 1 when something has drifted")


def _schema(command: argparse.ArgumentParser) -> None:
    command.add_argument("--report", action="store_true", help="of report.json instead of lambdabot.yml")


def _policy(command: argparse.ArgumentParser) -> None:
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


def _local(command: argparse.ArgumentParser) -> None:
    command.add_argument("--port", type=int, default=9001, help="port on loopback (default: %(default)s)")
    command.add_argument("--chaos", type=Path, metavar="FILE", help="misbehave as AWS can, as this YAML file says")


def _arm64(parser: argparse.ArgumentParser) -> None:
    parser.description, parser.epilog = _DESCRIPTION, _EPILOG
    parser.add_argument(
        "paths",
        nargs="+",
        type=Path,
        metavar="PATH",
        help="requirements file, uv, poetry, pdm, Pipfile or PEP 751 lock, pyproject.toml, zip, folder, image .tar",
    )
    parser.add_argument(
        "--runtime", default="python3.13", metavar="NAME", help="the function's runtime (default: %(default)s)"
    )
    parser.add_argument("--python", metavar="X.Y", help="Python of a container image, in place of the runtime's")
    parser.add_argument("--glibc", metavar="2.N", help="glibc of a container image, in place of the runtime's")
    parser.add_argument(
        "--json", action="store_true", help="print a JSON list in place of the table, an object for each PATH"
    )
    parser.add_argument("--github", action="store_true", help="annotate the requirements' lines of a pull request")
    parser.add_argument(
        "--verify", action="store_true", help="resolve once more with all fixes applied, and say what came of it"
    )
    parser.add_argument(
        "--timeout",
        type=float,
        default=10.0,
        metavar="SECONDS",
        help="time limit of one request (default: %(default)g)",
    )
    parser.add_argument(
        "--cache-dir",
        type=Path,
        metavar="DIR",
        help="where to keep what was read (default: in RUNNER_TEMP, else in the user's cache)",
    )
    parser.add_argument("--no-cache", action="store_true", help="keep nothing, and ask for everything anew")


COMMANDS: dict[str, tuple[str, Callable[[argparse.ArgumentParser], None]]] = {
    "run": ("measure the functions, compare with base, report", _run),
    "comment": ("render and post the comment of a report.json", _comment),
    "replay": ("take a run's decisions again from its files, and compare", _replay),
    "clean": ("remove throw-away copies that a killed run left behind", _clean),
    "apply": ("write a report's recommendations into the templates", _apply),
    "init": ("write lambdabot.yml, workflows and roles for the functions that the templates declare", _init),
    "schema": ("print the JSON schema of lambdabot.yml or of report.json", _schema),
    "policy": ("print the least IAM policies and the OIDC trust for the settings", _policy),
    "local": ("serve the embedded Lambda endpoint until interrupted", _local),
    "arm64": ("check requirement files, locks, zips and folders for ARM64", _arm64),
}
"""What each does, and what declares its arguments; the module of that name has its `run`."""
