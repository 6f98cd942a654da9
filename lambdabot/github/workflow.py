"""The runner's files and commands: outputs, step summary, annotations, each written so that no text can forge one."""

import secrets
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TextIO

from lambdabot.confidential import withheld
from lambdabot.log import Log
from lambdabot.model import Annotation
from lambdabot.workflow_command import LONGEST_MESSAGE, MOST, command


class Workflow:
    """A step of a workflow; outside one it only prints."""

    def __init__(self, environ: Mapping[str, str], stream: TextIO | None = None) -> None:
        """Find the runner's files in the environment; print on `stream`, stdout when None."""
        self._environ = environ
        self._log = Log.of(stream or sys.stdout)

    def say(self, text: str) -> None:
        """Print lines; none of them is taken for a command, whatever it begins with."""
        self._log.write(_printable("".join(f"{line}\n" for line in text.splitlines() or [""])))
        self._log.flush()

    def error(
        self, message: str, *, path: Path | None = None, line: int | None = None, column: int | None = None
    ) -> None:
        """Annotate an error, on a line of a file when there is one."""
        self._annotate("error", message, path, line, column)

    def warning(self, message: str, *, path: Path | None = None, line: int | None = None) -> None:
        """Annotate a warning."""
        self._annotate("warning", message, path, line)

    def notice(self, message: str, *, path: Path | None = None, line: int | None = None) -> None:
        """Annotate a notice."""
        self._annotate("notice", message, path, line)

    def outputs(self, values: Mapping[str, str]) -> None:
        """Set the step's outputs."""
        blocks = []
        for name, value in values.items():
            delimiter = f"lambdabot-{secrets.token_hex(16)}"
            blocks.append(f"{name}<<{delimiter}\n{value}\n{delimiter}\n")
        self._append("GITHUB_OUTPUT", "".join(blocks))

    def summary(self, markdown: str) -> None:
        """Add to the step's summary."""
        self._append("GITHUB_STEP_SUMMARY", markdown if markdown.endswith("\n") else f"{markdown}\n")

    def annotate(self, annotations: Sequence[Annotation]) -> None:
        """Annotate what a report gives rise to, as much of each level as the runner shows: the summary has the rest."""
        for annotate, level in ((self.error, "failure"), (self.warning, "warning")):
            for one in [one for one in annotations if one.level == level][:MOST]:
                annotate(one.message, path=Path(one.path) if one.path else None, line=one.line)

    def _annotate(
        self, level: str, message: str, path: Path | None, line: int | None, column: int | None = None
    ) -> None:
        file = None if path is None else self._relative(path)
        at = None if path is None or line is None else str(line)
        col = None if at is None or column is None else str(column)
        told = command(level, message[:LONGEST_MESSAGE], title="lambdabot", file=file, line=at, col=col)
        self._log.command(_printable(told))

    def _relative(self, path: Path) -> str:
        workspace = self._environ.get("GITHUB_WORKSPACE")
        return str(path.relative_to(workspace) if workspace and path.is_relative_to(workspace) else path)

    def _append(self, variable: str, text: str) -> None:
        path = self._environ.get(variable)
        if path:
            with Path(path).open("a", encoding="utf-8", errors="replace") as file:
                file.write(withheld(text))


def _printable(text: str) -> str:
    """Return what can be printed: a file name may hold bytes that are no text."""
    return text.encode(errors="replace").decode()
