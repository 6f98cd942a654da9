"""A comment template of the team's own: its bytes are read here, and all else is done apart.

On a pull request it is the pull request's file, so it is trusted with nothing. Jinja's sandbox keeps it from Python,
and a process of its own, without environment variables, keeps it from our memory and our time: `own_template_process`.
"""

import json
import pickle
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
import markupsafe

from lambdabot.errors import Mistake, UsageError
from lambdabot.report.markdown import TEMPLATE, Subject

CPU_SECONDS = 4
WALL_SECONDS = 20
"""Most of it is for waiting on a busy machine: the process may use CPU_SECONDS."""

MEMORY_BYTES = 1024**3
LIMITS = f"more than {CPU_SECONDS} s of CPU or {MEMORY_BYTES // 1024**3} GB of memory"

ADVICE = f"""A template of your own replaces blocks of the standard one:

{{% extends "{TEMPLATE}" %}}
{{% block footer %}}
Questions? Ask in #lambda-costs.
{{% endblock %}}"""

_PLACES = [str(Path(__file__).parents[2]), *(str(Path(one.__path__[0]).parent) for one in (jinja2, markupsafe))]
_PROGRAM = f"import sys; sys.path += {_PLACES!r}; from lambdabot.report.own_template_process import main; main()"


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnTemplate:
    """The template's text, and its path as messages show it."""

    path: str
    text: str


class TemplateError(Exception):
    """The template gave no text; the message says where and why."""

    def __init__(self, template: OwnTemplate, why: str) -> None:
        """Put the template's path before the reason."""
        super().__init__(template.path + why)


class _LimitError(Exception):
    """The process used more of something than it may; the message says of what."""


def read(path: Path, data: bytes) -> OwnTemplate:
    """Check what a template's file holds. Raises UsageError with every mistake that shows without rendering."""
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise UsageError([Mistake(message=f"is not UTF-8 text (byte {error.start})", path=path)]) from error
    try:
        found = _apart({"template": text})["mistakes"]
    except _LimitError as error:
        raise UsageError([Mistake(message=f"is no template: to read it took {error}", path=path)]) from error
    if found:
        mistakes = [Mistake(message=one["message"], path=path, line=one["line"]) for one in found]
        raise UsageError(mistakes, advice=ADVICE)
    return OwnTemplate(path=path.name, text=text)


def render(template: OwnTemplate, subject: Subject, limit: int) -> str:
    """Return the template's text within `limit` (UTF-16 units). Raises TemplateError."""
    try:
        answer = _apart({"template": template.text, "subject": subject, "limit": limit})
    except _LimitError as error:
        raise TemplateError(template, f" took {error}") from error
    if "text" not in answer:
        raise TemplateError(template, answer["error"])
    return str(answer["text"])


def _apart(job: Mapping[str, Any]) -> dict[str, Any]:
    """Return the process's answer. Raises _LimitError."""
    try:
        ended = subprocess.run(
            # -I: the checkout is no place to import from; -S: no file of site-packages runs at the start.
            [sys.executable, "-I", "-S", "-c", _PROGRAM],
            input=pickle.dumps(job),
            capture_output=True,
            env={},
            timeout=WALL_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        message = f"longer than {WALL_SECONDS} s"
        raise _LimitError(message) from error
    if ended.returncode != 0:
        raise _LimitError(LIMITS)
    answer: dict[str, Any] = json.loads(ended.stdout)
    return answer
