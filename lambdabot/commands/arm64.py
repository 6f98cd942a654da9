"""`lambdabot arm64`: checks requirement files, locks, zips and folders for ARM64."""

import argparse
import ctypes
import os
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from lambdabot.arm64.check import check_many
from lambdabot.arm64.indexes.access import IndexAccess
from lambdabot.arm64.presentation import annotations, document
from lambdabot.arm64.target import Target
from lambdabot.arm64.terminal import show
from lambdabot.errors import ExitCode, Mistake, UsageError
from lambdabot.folders import cache_folder
from lambdabot.log import Log
from lambdabot.model import Arm64Check, Arm64Verdict, PackageVerdict
from lambdabot.workspace import Workspace

_M_ARENA_MAX = -8  # glibc's malloc.h


def run(arguments: argparse.Namespace) -> int:
    """Check the paths, show the answers, return the exit code; raise UsageError for what cannot be meant."""
    missing = [Mistake(message="does not exist", path=path) for path in arguments.paths if not path.exists()]
    if missing:
        raise UsageError(missing)
    if not arguments.timeout > 0:
        raise UsageError([Mistake(message=f"--timeout must be above 0, not {arguments.timeout:g}")])
    places = [(path, _workspace(path)) for path in arguments.paths]
    cache_dir = None if arguments.no_cache else _cache_dir(arguments.cache_dir, (workspace for _, workspace in places))
    target = _target(arguments)
    _share_memory()
    answers = check_many(places, target, IndexAccess(cache_dir, arguments.timeout), verify=arguments.verify)
    if arguments.json:
        print(document(answers))
    else:
        show(answers, target)
    if arguments.github:
        # Beside JSON on stdout, the runner finds its commands on stderr as well.
        log = Log.of(sys.stderr if arguments.json else sys.stdout)
        for line in annotations(answers):
            log.command(line)
    return exit_code(answers)


def _share_memory() -> None:
    """Let all threads share two pools of free memory (arenas); one for each thread keeps a quarter more of it."""
    with suppress(AttributeError):  # not glibc
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 2)


def exit_code(answers: list[Arm64Check]) -> ExitCode:
    """Return 1 when something blocks, 3 when nothing at all could be told, else 0."""
    verdicts = {answer.verdict for answer in answers}
    if Arm64Verdict.BLOCKED in verdicts:
        return ExitCode.GATE_FAILED
    told = [
        package
        for answer in answers
        for package in answer.packages
        if package.verdict is not PackageVerdict.NOT_CHECKED
    ]
    return ExitCode.DONE if told or Arm64Verdict.READY in verdicts else ExitCode.NOT_MEASURED


def _cache_dir(named: Path | None, workspaces: Iterable[Workspace]) -> Path | None:
    """Return where the cache lies, None where nothing is kept; raise UsageError for a folder of the workspace's.

    A pull request could put answers of its own into that, or lead what is written elsewhere by a link.
    """
    folder = named or cache_folder(os.environ)
    if not any(workspace.covers(folder) for workspace in workspaces):
        return folder
    if named is None:
        return None
    message = "lies in the workspace, where a pull request could put answers of its own: name another folder"
    raise UsageError([Mistake(message=message, path=named)])


def _workspace(path: Path) -> Workspace:
    """Return whose files may be read for a path: the workflow's workspace where the path is in it, else that around."""
    given = os.environ.get("GITHUB_WORKSPACE")
    if given:
        named = Path(os.path.abspath(path))  # noqa: PTH100  # `resolve` would follow links, which may lead out
        if any(named.is_relative_to(root) for root in (Path(given), Path(given).resolve())):
            return Workspace(Path(given))
    return Workspace.around(path)


def _target(arguments: argparse.Namespace) -> Target:

    of_runtime = Target.of_runtime(arguments.runtime)
    return Target(arguments.python or of_runtime.python, arguments.glibc or of_runtime.glibc)
