"""What a run shows while it runs: the base class is silent, and says what there is to show."""

import time
from collections.abc import Callable
from decimal import Decimal
from types import TracebackType
from typing import TYPE_CHECKING, Self, TextIO

from lambdabot.report import numbers
from lambdabot.report.escape import plain

if TYPE_CHECKING:
    from rich.console import Console
    from rich.status import Status
    from rich.text import Text


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
        from rich.console import Console  # noqa: PLC0415  # only a terminal needs rich

        return TerminalProgress(Console(file=stream))

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
        self._line(name, _round(round_number, text, invocations, usd))

    def function_done(self, name: str, text: str) -> None:
        """Say the answer."""
        self._line(name, text)

    def _line(self, name: str, text: str) -> None:
        elapsed = time.monotonic() - self._started
        # No line begins with what came from outside: the runner would take `::` for a command.
        self._say(f"[{elapsed:6.1f} s] {plain(name, 80)}: {plain(text, 200)}")


class TerminalProgress(Progress):
    """A live line for the function in turn, and a line that stays for each that is done."""

    def __init__(self, console: "Console") -> None:
        """Show on a rich console."""
        self._console = console
        self._status: Status = console.status("starting", spinner="dots")

    def __enter__(self) -> Self:
        """Start the live line."""
        self._status.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop the live line and show the cursor again."""
        self._status.stop()

    def function_started(self, name: str, variants: int) -> None:
        """Say how many copies are deployed."""
        self._show(name, f"deploying {variants} throw-away copies")

    def deployed(self, name: str, created: int) -> None:
        """Say how many are live."""
        self._show(name, f"{created} copies are live")

    def wave(self, name: str, round_number: int, text: str, invocations: int, usd: Decimal) -> None:
        """Say what the round does and what was spent."""
        self._show(name, _round(round_number, text, invocations, usd))

    def function_done(self, name: str, text: str) -> None:
        """Leave the answer on the terminal."""
        self._console.print(self._text(name, text, "bold green"))

    def _show(self, name: str, text: str) -> None:
        self._status.update(self._text(name, text, "bold"))

    def _text(self, name: str, text: str, style: str) -> "Text":
        from rich.text import Text  # noqa: PLC0415  # only a terminal needs rich

        return Text.assemble((plain(name, 80), style), ": ", plain(text, 200))


def _round(number: int, text: str, invocations: int, usd: Decimal) -> str:
    spent = f"{numbers.count(invocations)} invocations, {numbers.usd(float(usd))} so far"
    return f"round {number}, {text}; {spent}"
