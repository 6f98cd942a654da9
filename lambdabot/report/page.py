"""report.html: the whole report as one file that asks no server for anything."""

import json
import re
from base64 import b64encode
from functools import cache
from hashlib import sha256
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from markupsafe import escape as escape_html

from lambdabot.report import charts, numbers
from lambdabot.report.escape import ended, plain, verbatim
from lambdabot.report.schema import Report
from lambdabot.report.thinning import ChartSamples
from lambdabot.report.view import view

LONGEST = 4000
"""Characters of one text: ten times what the comment shows."""

FOLDER = Path(__file__).parent

_TICKED = re.compile("`([^`]+)`")


def page(report: Report, samples: ChartSamples) -> str:
    """Return report.html of a report and of the invocations behind it."""
    shown = view(report)
    drawn = []
    for function in shown.functions:
        dots, points = samples.of(function.name), charts.points(function.rows)
        cold = any(one["init"] for one in dots) or any(one["init"] is not None for one in points)
        drawn.append({"points": points, "samples": dots, "cold": cold})
    style, vega, script = (_asset(name) for name in ("page.css", "vega.min.js", "page.js"))
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            view=shown,
            facts=_facts(report),
            charts=drawn,
            data=_json({"charts": charts.specs(), "functions": drawn}),
            policy=_policy(scripts=(vega, script), styles=(style,)),
            style=style,
            vega=vega,
            script=script,
        )
        .lstrip()
    )


def _facts(report: Report) -> list[Markup]:
    """Return what the report is about, in short."""
    verdict, head, base = report.verdict, report.head_sha, report.base_sha
    facts = [Markup('<span class="pill verdict-{}">{}</span>').format(verdict.replace(" ", "-"), verdict)]
    if report.repository:
        facts.append(_text(report.repository))
    if report.pull_request:
        facts.append(Markup("pull request {}").format(report.pull_request))
    if head:
        facts.append(_code(head[:12]) + (Markup(" against ") + _code(base[:12]) if base else ""))
    return [*facts, Markup("{} UTC").format(report.created[:16].replace("T", " "))]


def _policy(*, scripts: tuple[str, ...], styles: tuple[str, ...]) -> str:
    """Return a Content-Security-Policy that runs our own code and loads nothing."""

    def hashes(texts: tuple[str, ...]) -> str:
        return " ".join(f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'" for text in texts)

    return "; ".join(
        [
            "default-src 'none'",
            f"script-src {hashes(scripts)}",
            f"style-src {hashes(styles)}",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )


def _json(data: object) -> Markup:
    """Return JSON that no name in it can end: `<` begins every tag and comment that HTML looks for in a script."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return Markup(text.replace("<", "\\u003c"))  # noqa: S704  # without any `<`


@cache
def _asset(name: str) -> Markup:
    return Markup((FOLDER / "assets" / name).read_text(encoding="utf-8"))  # noqa: S704  # our own files


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        undefined=StrictUndefined,
        autoescape=True,
        finalize=_text,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(code=_code, cut=_text, lines=_lines, prose=_prose, whole_usd=numbers.whole_usd)
    return environment


def _text(value: object, longest: int = LONGEST) -> Markup:
    """Return the value on one line, without marks that turn the reading direction, escaped for HTML."""
    if hasattr(value, "__html__"):
        return Markup(value.__html__())  # noqa: S704  # this method says that the text is safe
    return escape_html(plain(str(value), longest))


def _code(value: object) -> Markup:
    return Markup("<code>{}</code>").format(_text(str(value)))


def _lines(value: object) -> Markup:
    """Return the value with its lines and their spaces kept, escaped for HTML."""
    return Markup("\n").join(verbatim(str(value), LONGEST))


def _prose(value: object) -> Markup:
    """Return the value as sentences: what stands between backticks as code, and a full stop at the end."""
    return Markup(ended(_TICKED.sub(r"<code>\1</code>", str(_text(value)))))  # noqa: S704  # escaped already
