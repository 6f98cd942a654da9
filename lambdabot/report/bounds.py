"""The bounds of report.json: how large any figure, text, list or moment in it may be, far above what a run gives.

A second stage reads what a pull request's own workflow wrote, and whatever passes here can be shown.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, FailFast, Field

LARGEST = 1e15
"""The largest figure: a reader, and a float's 53 bits, can still tell it from its neighbour."""

LONGEST = 16_384
"""Characters of a text: a stack trace with the lines to paste has a few thousand."""

MOST = 10_000
"""Entries of a list."""

MOST_FUNCTIONS = 1000
"""Functions in a report that was made elsewhere; each takes some milliseconds to show."""

DEEPEST = 64
"""Levels to which objects and lists may be nested."""

CUT = "…"

FIRST_YEAR, LAST_YEAR = 1970, 2999
"""The years of a moment: beyond them a time zone leads out of what `datetime` can hold."""


def _moment(text: str) -> str:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None or not FIRST_YEAR <= moment.year <= LAST_YEAR:
        message = f"has no time zone, or lies outside of {FIRST_YEAR} to {LAST_YEAR}"
        raise ValueError(message)
    return text


Number = Annotated[float, Field(allow_inf_nan=False, ge=-LARGEST, le=LARGEST)]
Amount = Annotated[float, Field(allow_inf_nan=False, ge=0, le=LARGEST)]
Share = Annotated[float, Field(allow_inf_nan=False, ge=0, le=1)]
Factor = Annotated[float, Field(allow_inf_nan=False, ge=1e-9, le=1e9)]
Count = Annotated[int, Field(ge=0, le=int(LARGEST))]
MemoryMb = Annotated[int, Field(ge=1, le=1_000_000)]
Text = Annotated[str, Field(max_length=LONGEST)]
Moment = Annotated[str, Field(max_length=40), AfterValidator(_moment)]
"""ISO 8601, with its time zone."""

Item = TypeVar("Item")
Many = Annotated[list[Item], Field(max_length=MOST), FailFast()]
"""A list; its first mistake is enough, as a million of them in a report that is none would fill the memory."""


def fitted(value: Any, clean: Callable[[str], str], depth: int = 0) -> Any:  # noqa: ANN401  # any JSON value
    """Return our own value within the bounds: texts are cleaned and cut, lists are cut, what lies too deep is replaced.

    A long error must not cost the report.
    """
    match value:
        case str():
            text = clean(value)
            return text if len(text) <= LONGEST else text[: LONGEST - len(CUT)] + CUT
        case Mapping() | list() | tuple() if depth == DEEPEST:
            return CUT
        case Mapping():
            return {clean(key): fitted(item, clean, depth + 1) for key, item in value.items()}
        case list() | tuple():
            return [fitted(item, clean, depth + 1) for item in value[:MOST]]
    return value


def is_deep(value: object) -> bool:
    """Tell whether objects and lists are nested deeper than `DEEPEST`, without recursion."""
    layer = [value]
    for _ in range(DEEPEST + 1):
        inner = [
            (list(one.values()) if isinstance(one, dict) else one) for one in layer if isinstance(one, dict | list)
        ]
        layer = [item for items in inner for item in items]
        if not layer:
            return False
    return True
