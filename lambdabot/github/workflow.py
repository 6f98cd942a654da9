"""The runner's files and commands: outputs, step summary, annotations, each written so that no text can forge one."""

import json
import secrets
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from lambdabot.confidential import withheld
from lambdabot.github.annotation import annotations
from lambdabot.log import Log
from lambdabot.workflow_command import LONGEST_MESSAGE, MOST, command

if TYPE_CHECKING:  # pydantic's models of it come after the first API call
    from lambdabot.report.schema import FunctionSection, Report


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

    def finish(self, report: "Report", *, summary: str, path: Path, comment_url: str | None) -> None:
        """Write summary and outputs, and annotate what failed."""
        self.summary(summary)
        self.outputs(outputs(report, path=str(path), comment_url=comment_url or ""))
        workspace = self._environ.get("GITHUB_WORKSPACE")
        found = annotations(report, workspace=Path(workspace) if workspace else None)
        for annotate, level in ((self.error, "failure"), (self.warning, "warning")):
            for one in [one for one in found if one.level == level][:MOST]:  # the summary has the others
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


def outputs(report: "Report", *, path: str = "", comment_url: str = "") -> dict[str, str]:
    """Return the action's outputs; the scalars are empty when there are several functions."""
    functions = [_function(one) for one in report.functions]
    only = functions[0] if len(functions) == 1 else {}
    scalars = (
        "cost-change-percent",
        "recommended-memory",
        "recommended-architecture",
        "monthly-saving-usd",
        "arm64-ready",
    )
    return {
        "verdict": report.verdict,
        **{name: _scalar(only.get(name)) for name in scalars},
        "report": path,
        "comment-url": comment_url,
        "functions": json.dumps(functions, separators=(",", ":")),
    }


def _function(one: "FunctionSection") -> dict[str, Any]:
    ratio, recommendation = one.comparison.cost_ratio, one.recommendation
    return {
        "name": one.name,
        "verdict": one.comparison.verdict,
        "cost-change-percent": round(100 * (ratio.value - 1), 2) if ratio else None,
        "recommended-memory": recommendation.memory_mb if recommendation else None,
        "recommended-architecture": recommendation.architecture if recommendation else None,
        "monthly-saving-usd": recommendation.saving_monthly_usd if recommendation else None,
        "arm64-ready": {"ready": True, "blocked": False}.get(one.arm64.verdict),
    }


def _scalar(value: object) -> str:
    """Return what an expression of a workflow compares with: `true`, `12.5`, and nothing for the unknown."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case _:
            return str(value)
