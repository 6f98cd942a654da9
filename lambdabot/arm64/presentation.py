"""Answers for machines: JSON for programs, annotations for a pull request's lines."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

from lambdabot.arm64.verdict_json import to_document
from lambdabot.model import Arm64Check, Arm64Verdict, PackageCheck, PackageVerdict, Place
from lambdabot.workflow_command import LONGEST_MESSAGE, MOST, command


def document(answers: list[Arm64Check]) -> str:
    """Return the answers as JSON, in the form that report.json has them too."""
    return json.dumps([to_document(answer) for answer in answers], indent=2)


def annotations(answers: list[Arm64Check]) -> Iterator[str]:
    """Yield workflow commands: an error for what blocks, a warning for what is not checked or drifts."""
    lines: dict[str, list[str]] = {"error": [], "warning": []}
    for answer in answers:
        for package in answer.packages:
            if package.verdict.blocks or _open(package):
                level = "error" if package.verdict.blocks else "warning"
                lines[level].append(_annotation(level, answer, package))
        level = "error" if answer.verdict is Arm64Verdict.BLOCKED else "warning"
        for line in answer.native_files:
            lines[level].append(_command(level, answer.path, None, "Machine code and ARM64", line))
        for line in answer.drift:
            lines["warning"].append(_command("warning", answer.path, None, "Another version on ARM64", line))
        if answer.verdict is Arm64Verdict.UNKNOWN and not answer.packages:
            lines["warning"].append(_command("warning", answer.path, None, "ARM64 not checked", answer.reason))
    for level, commands in lines.items():
        yield from commands[: MOST - 1] if len(commands) > MOST else commands
        if len(commands) > MOST:
            yield command(level, f"and {len(commands) - MOST + 1} more, in the table above")


def _annotation(level: str, answer: Arm64Check, package: PackageCheck) -> str:
    place = Place.parse(package.requested_by[0]) if package.requested_by else None
    path = answer.path
    line = None
    if place is not None:
        own = Path(answer.path)
        folder = own if own.is_dir() else own.parent
        path, line = str(folder / place.path), place.line
    chain = f" (by {' > '.join(package.requested_by[1:])})" if len(package.requested_by) > 1 else ""
    name = f"{package.name} {package.version or ''}".strip()
    message = f"{name}{chain}: {package.verdict}. {package.evidence}"
    return _command(
        level, path, line, f"{package.name} on ARM64", message + (f"\nFix: {package.fix}" if package.fix else "")
    )


def _command(level: str, path: str, line: int | None, title: str, message: str) -> str:
    """Return a workflow command; the path is relative to the workspace."""
    workspace = os.environ.get("GITHUB_WORKSPACE") or os.curdir
    file, at = os.path.relpath(path, workspace), None if line is None else str(line)
    return command(level, message[:LONGEST_MESSAGE], file=file, line=at, title=title)


def _open(package: PackageCheck) -> bool:
    return package.verdict is PackageVerdict.NOT_CHECKED
