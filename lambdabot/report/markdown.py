"""The comment's text: one template, shortened by whole steps until it fits, never cut in the middle of something."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import BaseLoader, FileSystemLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from lambdabot.report import numbers
from lambdabot.report.escape import code, escape, fence, prose
from lambdabot.report.view import View

TEMPLATE = "comment.md.j2"
TEMPLATES = FileSystemLoader(Path(__file__).parent / "templates")

Size = Callable[[str], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """How much is shown."""

    overview: int = 10  # lines of the table of functions
    sections: bool = True  # a section for each function
    tables: bool = True
    rows: bool = True  # every configuration, or the notable ones
    advice: bool = True  # the lines to change
    lists: bool = True  # what is collapsed and long: dependencies that are ready
    charts: bool = True
    method: bool = True  # how it was measured
    items: int = 100  # entries of a list
    shortened: bool = False


_STEPS = (
    Detail(),
    Detail(items=20, lists=False, shortened=True),
    Detail(items=10, lists=False, rows=False, shortened=True),
    Detail(items=10, lists=False, rows=False, charts=False, shortened=True),
    Detail(items=5, lists=False, tables=False, advice=False, charts=False, method=False, shortened=True),
    *(
        Detail(items=0, lists=False, sections=False, charts=False, method=False, overview=lines, shortened=True)
        for lines in (300, 100, 30, 10, 0)
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a comment is made from."""

    view: View
    since: Mapping[str, str] | None = None  # the push before, where it stood otherwise
    problem: str = ""  # why a template of the team's own is not used


def fit(subject: Subject, limit: int, size: Size, *, name: str = TEMPLATE, loader: BaseLoader = TEMPLATES) -> str:
    """Return the longest text whose `size` is within the `limit`; the shortest when none is."""
    template = environment(loader).get_template(name)
    known = {"view": subject.view, "since": subject.since, "problem": subject.problem}
    *steps, shortest = _STEPS
    for detail in steps:
        text = _within(limit, size, template.generate(detail=detail, **known))
        if text is not None:
            return text
    return template.render(detail=shortest, **known).strip()


def _within(limit: int, size: Size, pieces: Iterable[str]) -> str | None:
    """Return the pieces' text; None as soon as it is beyond the limit, so that no step costs more than it may show."""
    taken = []
    for piece in pieces:
        limit -= size(piece)
        if limit < 0:
            return None
        taken.append(piece)
    return "".join(taken).strip()


def utf16(text: str) -> int:
    """Count as GitHub's own page does: a character outside the basic plane is two."""
    return len(text.encode("utf-16-le")) // 2


@cache
def environment(loader: BaseLoader = TEMPLATES) -> ImmutableSandboxedEnvironment:
    """Return the template language: what a template may do is limited, what it prints is escaped."""
    made = ImmutableSandboxedEnvironment(
        loader=loader,
        undefined=StrictUndefined,
        autoescape=True,  # so that macros return Markup
        optimized=False,  # what a template of the team's own computes from constants is not computed to compile it
        finalize=escape,  # and every other value becomes Markup by our own rules
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(
        code=code, cut=escape, fence=fence, prose=prose, together=_together, whole_usd=numbers.whole_usd
    )
    return made


def _together(value: object) -> Markup:
    """Keep a figure and its unit on one line of a narrow cell."""
    return Markup(escape(value).replace(" ", "\u00a0"))  # noqa: S704  # escaped already
