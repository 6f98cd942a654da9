"""Text from the user's world made harmless in GitHub's Markdown: the one place that does it.

A name, a log line or a requirement may hold anything. After `escape` it is one line of plain text: it ends no table
cell, opens no HTML, link, code or formula, calls nobody and mentions no issue.
"""

import re
from typing import Literal

from markupsafe import Markup

LONGEST = 400
"""Characters of one text; what is longer is cut in the middle, where it is least missed."""

_PUNCTUATION = re.compile(r"[\"#$&*<>@\[\\\]`|~]|:(?=//)")

_UNDERSCORE = re.compile(r"(?<![^\W_])_|_(?![^\W_])")
"""Between letters it is an underscore, elsewhere it can be emphasis."""

_START = re.compile(r"(?:^|(?<=^ ))[-+=]")
"""A list, a rule or the underline of a heading begins with one of these, behind a space too."""

_DOT = re.compile(r"(www(?=\.)|^ ?\d{1,9}(?=[.)](?:\s|$)))(.)", re.IGNORECASE)
"""A link begins with `www.`, a list with `1. ` or `1) `."""

_REFERENCES = re.compile(r"(?<=[@#])(?=\w)|(?<=\bGH-)(?=\d)", re.IGNORECASE)
"""Where GitHub looks, after rendering, for a person, a team or an issue (`@name`, `#1`, `GH-1`)."""

_TICKED = re.compile(r"&#96;((?:(?!&#96;).)+)&#96;")

_ZERO_WIDTH_SPACE = "\u200b"

_SPACE = re.compile(r"\s+")
_INVISIBLE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters, marks that turn the reading direction, and halves of characters."""


def escape(value: object, longest: int = LONGEST) -> Markup:
    """Return the value's text for a table cell or a paragraph; what is Markdown already (Markup) stays as it is."""
    if hasattr(value, "__html__"):
        return Markup(value.__html__())  # noqa: S704  # this method says that the text is safe
    text = _REFERENCES.sub(_ZERO_WIDTH_SPACE, plain(str(value), longest))
    for pattern in (_PUNCTUATION, _UNDERSCORE, _START):
        text = pattern.sub(_entity, text)
    text = _DOT.sub(lambda found: f"{found[1]}&#{ord(found[2])};", text)
    return Markup(text)  # noqa: S704  # all that HTML or Markdown reads is encoded


def prose(value: object, longest: int = LONGEST) -> Markup:
    """Return the value's text as sentences: what stands between backticks as code, and a full stop at the end."""
    return Markup(ended(_TICKED.sub(r"<code>\1</code>", str(escape(str(value), longest)))))  # noqa: S704  # escaped first


def ended(text: str) -> str:
    """Return the text with a full stop at its end, unless it is empty or ends already."""
    text = text.rstrip()
    return text if not text or text.endswith((".", "!", "?", "…")) else f"{text}."


def code(value: object, longest: int = LONGEST) -> Markup:
    """Return the value's text as code; a `|` between backticks would end the cell, so the element is written out."""
    text = escape(str(value), longest)
    return Markup("<code>{}</code>").format(text) if text else text


def fence(value: object, longest: int = 4 * LONGEST, language: Literal["text", "diff"] = "text") -> Markup:
    """Return the value's text as a block of code with its lines kept; no run of backticks in it ends the block."""
    lines = verbatim(str(value), longest)
    marks = "`" * max(3, 1 + max((len(run) for line in lines for run in re.findall("`+", line)), default=0))
    return Markup("\n".join([f"{marks}{language}", *lines, marks]))  # noqa: S704  # nothing is read inside a fence


def verbatim(text: str, longest: int) -> list[str]:
    """Return the lines with their spaces, without control characters or marks that turn the reading direction."""
    return [_INVISIBLE.sub("\ufffd", line.expandtabs()).rstrip() for line in text[:longest].splitlines()]


def plain(text: str, longest: int = LONGEST) -> str:
    """Return the text on one line, without control characters or marks that turn the reading direction, and cut."""
    if len(text) > 4 * longest:  # before anything is done character by character
        text = text[: 2 * longest] + text[-2 * longest :]
    text = _INVISIBLE.sub("\ufffd", _SPACE.sub(" ", text))
    if len(text) <= longest:
        return text
    end = longest // 3
    return f"{text[: longest - end - 1]}…{text[-end:]}"


def _entity(found: re.Match[str]) -> str:
    return f"&#{ord(found[0])};"
