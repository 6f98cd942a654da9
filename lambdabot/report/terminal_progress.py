"""What a run shows on a terminal while it runs."""

from decimal import Decimal
from types import TracebackType
from typing import Self, TextIO

from rich.console import Console
from rich.text import Text

from lambdabot.report.escape import plain
from lambdabot.report.progress import Progress, round_text


class TerminalProgress(Progress):
    """A live line for the function in turn, and a line that stays for each that is done."""

    def __init__(self, stream: TextIO) -> None:
        """Show on a terminal."""
        self._console = Console(file=stream)
        self._status = self._console.status("starting", spinner="dots")

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
        self._show(name, round_text(round_number, text, invocations, usd))

    def function_done(self, name: str, text: str) -> None:
        """Leave the answer on the terminal."""
        self._console.print(self._text(name, text, "bold green"))

    def _show(self, name: str, text: str) -> None:
        self._status.update(self._text(name, text, "bold"))

    def _text(self, name: str, text: str, style: str) -> Text:
        return Text.assemble((plain(name, 80), style), ": ", plain(text, 200))
