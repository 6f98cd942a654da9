"""CloudWatch Logs' filter patterns for unstructured text ("Filter pattern syntax": terms, phrases, `?` and `-`)."""

import re
from collections.abc import Callable

from lambdabot.local.api_error import ApiError

_TERM = re.compile(r'(?P<sign>[?-]?)(?:"(?P<phrase>(?:[^"\\]|\\.)*)"|(?P<word>[^\s"]+))(?:\s+|$)')


def compile_pattern(pattern: str) -> Callable[[str], bool]:
    """Return a predicate over messages: every plain term, none of the `-` terms, and one of the `?` terms if any.

    InvalidParameterException for JSON, space-delimited and regular-expression patterns, which are not supported here.
    """
    text = pattern.strip()
    if text[:1] in {"{", "[", "%"}:
        raise ApiError(code="InvalidParameterException", message="Only filter patterns of terms are supported locally")
    terms: dict[str, list[str]] = {"": [], "?": [], "-": []}
    position = 0
    while position < len(text):
        found = _TERM.match(text, position)
        if found is None:
            raise ApiError(code="InvalidParameterException", message="Invalid filter pattern")
        phrase = found["phrase"]
        terms[found["sign"]].append(found["word"] if phrase is None else re.sub(r"\\(.)", r"\1", phrase))
        position = found.end()
    every, some, none = terms[""], terms["?"], terms["-"]

    def matches(message: str) -> bool:
        return (
            all(term in message for term in every)
            and not any(term in message for term in none)
            and (not some or any(term in message for term in some))
        )

    return matches
