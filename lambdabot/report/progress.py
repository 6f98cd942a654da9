"""What a run shows while it runs: the base class is silent, and says what there is to show."""

import time
from collections.abc import Callable
from decimal import Decimal
from types import TracebackType
from typing import Self, TextIO

from lambdabot.report import numbers
from lambdabot.report.escape import plain


class Progress:
    """Shows nothing. Nothing that a function of the user's printed is ever handed to it."""

    @staticmethod
    def plain(say: Callable[[str], None]) -> "Progress":
        """Return one that says a line for each step, for a log."""
        return LineProgress(say)

    @staticmethod
    def on(stream: TextIO) -> "Progress":
        """Return what fits a stream: live on a terminal, lines elsewhere."""
        if not stream.isatty():
            return LineProgress(lambda line: print(line, file=stream, flush=True))
        from lambdabot.report.terminal_progress import TerminalProgress  # noqa: PLC0415  # only a terminal needs rich

        return TerminalProgress(stream)

    def __enter__(self) -> Self:
        """Begin to show."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Leave the terminal as it was."""

    def function_started(self, name: str, variants: int) -> None:
        """A function's turn has come: so many Variants are deployed."""

    def deployed(self, name: str, created: int) -> None:
        """So many of them are live."""

    def wave(self, name: str, round_number: int, text: str, invocations: int, usd: Decimal) -> None:
        """A round begins; so many invocations were made and so much was spent until now."""

    def function_done(self, name: str, text: str) -> None:
        """A function has its answer, or the reason why there is none."""


class LineProgress(Progress):
    """One plain line for each step, for a log."""

    def __init__(self, say: Callable[[str], None]) -> None:
        """Hand every line to `say`."""
        self._say = say
        self._started = time.monotonic()

    def function_started(self, name: str, variants: int) -> None:
        """Say how many copies are deployed."""
        self._line(name, f"deploying {variants} throw-away copies")

    def deployed(self, name: str, created: int) -> None:
        """Say how many are live."""
        self._line(name, f"{created} copies are live")

    def wave(self, name: str, round_number: int, text: str, invocations: int, usd: Decimal) -> None:
        """Say what the round does and what was spent."""
        self._line(name, round_text(round_number, text, invocations, usd))

    def function_done(self, name: str, text: str) -> None:
        """Say the answer."""
        self._line(name, text)

    def _line(self, name: str, text: str) -> None:
        elapsed = time.monotonic() - self._started
        # No line begins with what came from outside: the runner would take `::` for a command.
        self._say(f"[{elapsed:6.1f} s] {plain(name, 80)}: {plain(text, 200)}")


def round_text(number: int, text: str, invocations: int, usd: Decimal) -> str:
    """Return what a round does, and what was spent until then."""
    spent = f"{numbers.count(invocations)} invocations, {numbers.usd(float(usd))} so far"
    return f"round {number}, {text}; {spent}"
