"""What both doors have in common: guarded streams, interruption, and an exit code for whatever ends a command."""

import io
import os
import platform
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from typing import TextIO, cast

from lambdabot import __version__
from lambdabot.confidential import keeping, told
from lambdabot.errors import ExitCode, InterruptionError, LambdabotError
from lambdabot.interruption import end_now, interruptible
from lambdabot.log import Log, ReaderGoneError
from lambdabot.workflow_command import LONGEST_MESSAGE, command

ISSUES = "https://github.com/lambdabot/lambdabot/issues"
LONGEST_TRACEBACK = 20_000
"""Characters, from the end: an error's text may be anybody's, and of any length."""


def through(
    run: Callable[[], int],
    environ: Mapping[str, str],
    *,
    asked: str,
    refused: Callable[[LambdabotError], None],
) -> int:
    """Run what a door was asked for and return its exit code; what it was `asked` stands in a report of a defect.

    `refused` tells the user of an error that has a text for the user.
    """
    in_workflow = environ.get("GITHUB_ACTIONS") == "true"
    try:
        with keeping(environ), _guarded(in_workflow=in_workflow) as errors:
            try:
                return _code(run, asked, refused, errors if in_workflow else None)
            finally:
                with suppress(ReaderGoneError):
                    _say_withheld(errors if in_workflow else None)
    except InterruptionError as interruption:
        end_now(interruption)


def _code(run: Callable[[], int], asked: str, refused: Callable[[LambdabotError], None], annotated: Log | None) -> int:
    try:
        with interruptible() as signals:
            try:
                return int(run())
            except Exception as error:
                if signals and not isinstance(error, LambdabotError | ReaderGoneError):
                    # A library in C may make an error of its own of the exception that a signal raised in it.
                    raise InterruptionError(signals[0]) from error
                raise
    except ReaderGoneError:  # that the reader of our output went away is no error of ours
        return ExitCode.DONE
    except LambdabotError as error:
        with suppress(ReaderGoneError):
            refused(error)
        return error.exit_code
    except Exception as error:  # noqa: BLE001  # nobody foresaw it, and 1 would be the gate's answer
        with suppress(ReaderGoneError):
            _tell_unforeseen(error, asked, annotated)
        return ExitCode.UNFORESEEN


def _tell_unforeseen(error: Exception, asked: str, annotated: Log | None) -> None:
    """Ask for a report; in a workflow also as an annotation, with the traceback folded."""
    what = "".join(traceback.format_exception_only(error)).strip()[:LONGEST_MESSAGE]
    text = f"""lambdabot met an error that it did not foresee, which is a defect of its own and no verdict:
{what}
Please report it at {ISSUES}, with the traceback and:
  lambdabot {__version__}, Python {platform.python_version()}, {platform.platform()}
  {asked}
Values of the job's token and credentials are left out of this text."""
    trace = "".join(traceback.format_exception(error))[-LONGEST_TRACEBACK:]
    if annotated is None:
        print(f"{trace}\n{text}", file=sys.stderr)  # noqa: T201  # whatever happened, somebody must see it
        return
    annotated.command(command("error", text[:LONGEST_MESSAGE], title="lambdabot"))
    annotated.command(command("group", "Traceback"))
    annotated.write(f"{trace}\n")
    annotated.command(command("endgroup", ""))


def _say_withheld(annotated: Log | None) -> None:
    """Say, once, that secrets were kept from leaving."""
    text = told()
    if text and annotated is not None:
        annotated.command(command("warning", text, title="lambdabot"))
    elif text:
        print(f"lambdabot: {text}", file=sys.stderr)  # noqa: T201  # as above


@contextmanager
def _guarded(*, in_workflow: bool) -> Iterator[Log]:
    """Put a Log in place of both streams; yield that of stderr."""
    logs = [Log(_tolerant(stream), in_workflow=in_workflow) for stream in (sys.stdout, sys.stderr)]
    output, errors = logs
    with redirect_stdout(cast("TextIO", output)), redirect_stderr(cast("TextIO", errors)):
        try:
            yield errors
        finally:
            for log in logs:
                try:
                    log.end()
                except ReaderGoneError:  # nor shall Python complain of it at its end
                    os.dup2(os.open(os.devnull, os.O_WRONLY), log.fileno())


def _tolerant(stream: TextIO | None) -> TextIO:
    """Let a terminal without Unicode show the rest all the same; None is a stream that was closed before the start."""
    if stream is None:
        return io.StringIO()
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")
    return stream
