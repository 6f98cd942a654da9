"""What both doors do: the main job, its files, its comment, its exit code."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lambdabot.errors import ExitCode
from lambdabot.github.event import Context
from lambdabot.model import RunResult, Verdict
from lambdabot.pipeline.run import Run
from lambdabot.pipeline.verdict import exit_code
from lambdabot.report.progress import Progress
from lambdabot.settings.load import Settings
from lambdabot.settings.schema import CommentSection


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A run that went to its end: report.json as data, and what the door makes of it."""

    document: Mapping[str, Any]
    exit_code: ExitCode


def run(settings: Settings, context: Context, progress: Progress) -> Finished:
    """Do the main job and write its files. Raises InterruptionError, after writing what was measured."""
    documents: list[dict[str, Any]] = []

    def save(result: RunResult) -> None:
        documents.append(write(result, settings.out, root=context.workspace or settings.path.parent))

    with progress:
        result = Run(settings, context, progress=progress, save=save).execute()
    save(result)
    return Finished(document=documents[-1], exit_code=exit_code(result, settings.gate))


def write(result: RunResult, out: Path, *, root: Path) -> dict[str, Any]:
    """Write report.json, samples.jsonl and comment.md, and return report.json as data."""
    from lambdabot.report.comment import render  # noqa: PLC0415  # jinja2's 0.1 s come after the first API call
    from lambdabot.report.document import document, dumps, samples  # noqa: PLC0415  # likewise

    data = document(result, root=root)
    out.mkdir(parents=True, exist_ok=True)
    lines = "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in samples(result))
    for name, text in {"report.json": dumps(data), "samples.jsonl": lines, "comment.md": render(data)}.items():
        (out / name).write_text(text, encoding="utf-8")
    _give_to_owner(out)
    return data


def _give_to_owner(out: Path) -> None:
    """Give the files to whom the folder around them belongs: as root in a container, nobody else could remove them."""
    if os.geteuid() == 0:
        owner = out.parent.stat()
        for path in (out, *out.iterdir()):
            os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)


def publish(data: Mapping[str, Any], context: Context, token: str, comment: CommentSection) -> str | None:
    """Post the comment where there is a pull request to post it on; return its address, None when nothing was posted.

    Raises GitHubError when GitHub refuses; the report is complete without it.
    """
    if not token or context.pull_request is None or comment.mode == "off" or not wanted(data["verdict"], comment):
        return None
    from lambdabot.github.comment import post  # noqa: PLC0415  # PyGithub's 0.5 s, only where it is used
    from lambdabot.report.comment import render  # noqa: PLC0415  # see above

    return post(context, token, lambda previous: render(data, previous=previous), mode=comment.mode)


def wanted(verdict: str, comment: CommentSection) -> bool:
    """Tell whether a comment is wanted on this verdict."""
    match comment.when:
        case "always":
            return True
        case "change":
            return verdict != Verdict.NO_CHANGE
        case "regression":
            return verdict == Verdict.REGRESSION
