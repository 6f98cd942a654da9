"""The comment's body and the step summary: a text of the report, in the frame and the size that each place asks for."""

import re
from dataclasses import replace

from lambdabot.report import own_template
from lambdabot.report.markdown import Size, Subject, fit, utf16
from lambdabot.report.own_template import OwnTemplate, TemplateError
from lambdabot.report.schema import Report
from lambdabot.report.state import State, follow, marker, read, since
from lambdabot.report.view import view

COMMENT_LIMIT = 65_536
"""Characters of a comment's body; GitHub answers more with 422 `Body is too long`."""

SUMMARY_LIMIT = 1024 * 1024
"""Bytes of a step summary; a larger one is dropped whole (GitHub, "Step isolation and limits")."""

CHECK_LIMIT = 65_535
"""Characters of a check run's summary (GitHub, "Create a check run")."""

RESERVE = 256
"""Characters kept free for line ends, which GitHub stores as two in some places, and for what a wrapper adds."""

_HIDDEN = re.compile(r"<!--\s*lambdabot:")
"""What only the frame may say: a team's own template must not forge how the push before stood."""


def render(report: Report, *, previous: str = "", template: OwnTemplate | None = None) -> str:
    """Return the comment's body with its hidden marker and state; `previous` is the body that it replaces."""
    state = follow(report, read(previous))
    block = state.block() if state else ""
    first = marker(report)
    room = COMMENT_LIMIT - RESERVE - len(first) - len(block)
    text = _HIDDEN.sub("<!-- not ", _text(report, state, room, utf16, template))
    return f"{first}\n{text}\n{block}\n"


def summary(report: Report) -> str:
    """Return the text for the step summary: the whole, shortened only above GitHub's megabyte."""
    return _text(report, None, SUMMARY_LIMIT - RESERVE, lambda text: len(text.encode())) + "\n"


def check_summary(report: Report) -> str:
    """Return the text of a check run."""
    return _text(report, None, CHECK_LIMIT - RESERVE, utf16)


def _text(report: Report, state: State | None, limit: int, size: Size, template: OwnTemplate | None = None) -> str:
    subject = Subject(view=view(report), since=since(state))
    if template is not None:
        try:
            return own_template.render(template, subject, limit)
        except TemplateError as error:
            subject = replace(subject, problem=str(error))
    return fit(subject, limit, size)
