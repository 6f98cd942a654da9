"""Text from the user's world made harmless in GitHub's Markdown: the one place that does it.

A name, a log line or a requirement may hold anything. After `escape` it is one line of plain text: it ends no table
cell, opens no HTML, link, code or formula, calls nobody and mentions no issue.
"""

import re
import unicodedata

from markupsafe import Markup

LONGEST = 400
"""Characters of one text; what is longer is cut in the middle, where it is least missed."""

_PUNCTUATION = re.compile(r"[!\"#$&()*:<>@\[\\\]^`{|}~]")
_ZERO_WIDTH_SPACE = "&#8203;"

_REFERENCES = re.compile(r"(?<=[@#])(?=\w)|(?<=\bGH-)(?=\d)", re.IGNORECASE)
"""Where GitHub looks, after rendering, for a person, a team or an issue (`@name`, `#1`, `GH-1`)."""

_BIDIRECTIONAL = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def escape(value: object, longest: int = LONGEST) -> Markup:
    """Return the value's text for a table cell or a paragraph; what is Markdown already (Markup) stays as it is."""
    if hasattr(value, "__html__"):
        return Markup(value.__html__())  # noqa: S704  # this method says that the text is safe
    text = plain(str(value), longest)
    encoded = "".join(_encoded(character) for character in _REFERENCES.sub("\0", text))
    # A list, a rule or the underline of a heading begins with one of these.
    encoded = re.sub(r"^[-+=]", lambda found: f"&#{ord(found[0])};", encoded)
    # Between letters it is an underscore, elsewhere it can be emphasis.
    encoded = re.sub(r"(?<![^\W_])_|_(?![^\W_])", "&#95;", encoded)
    # `www.` begins a link, and `1.` at the start a list.
    encoded = re.sub(r"(?i)(\bwww|^\d{1,9}(?=\.(?:\s|$)))\.", r"\1&#46;", encoded)
    return Markup(encoded)  # noqa: S704  # every character that HTML or Markdown reads was encoded above


def code(value: object, longest: int = LONGEST) -> Markup:
    """Return the value's text as code; a `|` between backticks would end the cell, so the element is written out."""
    text = escape(str(value), longest)
    return Markup("<code>{}</code>").format(text) if text else text


def fence(value: object, longest: int = 4 * LONGEST) -> Markup:
    """Return the value's text as a block of code with its lines kept; no run of backticks in it ends the block."""
    lines = [plain(line, longest).rstrip() for line in str(value)[:longest].splitlines()]
    marks = "`" * max(3, 1 + max((len(run) for line in lines for run in re.findall("`+", line)), default=0))
    return Markup("\n".join([f"{marks}text", *lines, marks]))  # noqa: S704  # nothing is read inside a fence


def plain(text: str, longest: int = LONGEST) -> str:
    """Return the text on one line, without control characters or marks that turn the reading direction, and cut."""
    if len(text) > 4 * longest:  # before anything is done character by character
        text = text[: 2 * longest] + text[-2 * longest :]
    text = re.sub(r"\s+", " ", "".join(_visible(character) for character in text))
    if len(text) <= longest:
        return text
    end = longest // 3
    return f"{text[: longest - end - 1]}…{text[-end:]}"


def _encoded(character: str) -> str:
    if character == "\0":
        return _ZERO_WIDTH_SPACE
    return f"&#{ord(character)};" if _PUNCTUATION.match(character) else character


def _visible(character: str) -> str:
    if character.isspace():
        return " "
    if character in _BIDIRECTIONAL or unicodedata.category(character) in {"Cc", "Cs"}:
        return "\ufffd"
    return character
