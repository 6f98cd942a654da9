"""SIGINT and SIGTERM as an exception: the first one is raised in the main thread, the second ends the program."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from threading import Timer
from types import FrameType
from typing import NoReturn

from lambdabot.errors import InterruptionError

SIGNALS = (signal.SIGINT, signal.SIGTERM)
REPETITION_SECONDS = 1.0
_AGAIN_SECONDS = 0.01

_left: list[Callable[[], Iterable[str]]] = []


@contextmanager
def interruptible() -> Iterator[list[int]]:
    """Raise InterruptionError at the first signal, wherever the main thread is; yield the signals that came.

    GitHub sends SIGINT, 7.5 s later SIGTERM, and kills 2.5 s after that: the clean-up has the time up to the second
    signal. A user who presses Ctrl-C again gets out at once. `timeout` and shells may deliver one signal twice, to the
    process and to its group, so a repetition within a second is the same one. A signal that meets the main thread in a
    finalizer, where Python ignores every exception, comes again a moment later.
    """
    first: list[float] = []
    came: list[int] = []

    def handle(number: int, _: FrameType | None) -> None:
        if not first:
            first.append(time.monotonic())
            came.append(number)
            raise InterruptionError(number)
        if time.monotonic() - first[0] > REPETITION_SECONDS:
            _say_what_is_left()
            os._exit(128 + number)

    def ignored(unraisable: "sys.UnraisableHookArgs") -> None:
        if isinstance(unraisable.exc_value, InterruptionError):
            first.clear()
            again = Timer(_AGAIN_SECONDS, os.kill, (os.getpid(), unraisable.exc_value.signal_number))
            again.daemon = True
            again.start()
        else:
            hook(unraisable)

    before = {number: signal.signal(number, handle) for number in SIGNALS}
    hook, sys.unraisablehook = sys.unraisablehook, ignored
    try:
        yield came
    finally:
        sys.unraisablehook = hook
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def leaving(resources: Callable[[], Iterable[str]]) -> Iterator[None]:
    """Let a second signal say which of these resources are still there."""
    _left.append(resources)
    try:
        yield
    finally:
        _left.remove(resources)


def _say_what_is_left() -> None:
    """Write to the terminal itself: the signal may have come in the middle of a print."""
    names = [name for resources in _left for name in resources()]
    if names:
        lines = ["", "lambdabot: stopped; still there (`lambdabot clean --all` removes it):", *names, ""]
        os.write(sys.__stderr__.fileno() if sys.__stderr__ else 2, "\n".join(lines).encode())


def end_now(interruption: InterruptionError) -> NoReturn:
    """End the process with the signal's exit status; threads that wait on the network would hold a usual exit back."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(128 + interruption.signal_number)
