"""The comment's text: one template, shortened by whole steps until it fits, never cut in the middle of something."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from lambdabot.report import numbers
from lambdabot.report.escape import code, escape, fence
from lambdabot.report.state import State, follow, marker, read, since
from lambdabot.report.view import View, view

COMMENT_LIMIT = 65_536
"""Characters of a comment's body; GitHub answers more with 422 `Body is too long`."""

SUMMARY_LIMIT = 1024 * 1024
"""Bytes of a step summary; a larger one is dropped whole (GitHub, "Step isolation and limits")."""

CHECK_LIMIT = 65_535
"""Characters of a check run's summary (GitHub, "Create a check run")."""

RESERVE = 256
"""For line ends that GitHub stores as two characters in some places, and for what a wrapper adds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """How much is shown."""

    overview: int = 10  # lines of the table of functions
    sections: bool = True  # a section for each function
    tables: bool = True
    rows: bool = True  # every configuration, or the notable ones
    advice: bool = True  # the lines to change
    lists: bool = True  # what is collapsed: ready dependencies, how it was measured
    items: int = 100  # entries of a list
    shortened: bool = False


_WHOLE = Detail()
_STEPS = (
    _WHOLE,
    Detail(items=20, shortened=True),
    Detail(items=10, lists=False, shortened=True),
    Detail(items=10, lists=False, rows=False, shortened=True),
    Detail(items=5, lists=False, tables=False, advice=False, shortened=True),
    *(Detail(items=0, lists=False, sections=False, overview=lines, shortened=True) for lines in (300, 100, 30, 10, 0)),
)


def render(document: Mapping[str, Any], *, previous: str = "") -> str:
    """Return the comment's body with its hidden marker and state; `previous` is the body that it replaces."""
    state = follow(document, read(previous))
    block = state.block() if state else ""
    frame = f"{marker(document)}\n{{}}\n{block}\n"
    return frame.format(_fit(document, state, COMMENT_LIMIT - RESERVE - len(frame), _utf16))


def summary(document: Mapping[str, Any]) -> str:
    """Return the text for the step summary: the whole, shortened only above GitHub's megabyte."""
    return _fit(document, None, SUMMARY_LIMIT - RESERVE, lambda text: len(text.encode())) + "\n"


def check_summary(document: Mapping[str, Any]) -> str:
    """Return the text of a check run."""
    return _fit(document, None, CHECK_LIMIT - RESERVE, _utf16)


def _fit(document: Mapping[str, Any], state: State | None, limit: int, size: Callable[[str], int]) -> str:
    shown, push = view(document), since(state)
    for detail in _STEPS[:-1]:
        text = _text(shown, detail, push)
        if size(text) <= limit:
            return text
    return _text(shown, _STEPS[-1], push)


def _text(shown: View, detail: Detail, push: Mapping[str, str] | None) -> str:
    template = _environment().get_template("comment.md.j2")
    return template.render(view=shown, detail=detail, since=push).strip()


def _together(value: object) -> Markup:
    """Keep a figure and its unit on one line of a narrow cell."""
    return Markup(escape(value).replace(" ", "\u00a0"))  # noqa: S704  # escaped already


def _utf16(text: str) -> int:
    """Count as GitHub's own page does: a character outside the basic plane is two."""
    return len(text.encode("utf-16-le")) // 2


@cache
def _environment() -> ImmutableSandboxedEnvironment:
    """Return the template language: what a template may do is limited, what it prints is escaped."""
    environment = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        undefined=StrictUndefined,
        autoescape=True,  # so that macros return Markup
        finalize=escape,  # and every other value becomes Markup by our own rules
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(code=code, cut=escape, fence=fence, together=_together, whole_usd=numbers.whole_usd)
    return environment
