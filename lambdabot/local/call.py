"""One call of an operation: what every operation of the endpoint takes and gives."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lambdabot.local.api_error import invalid


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """An operation's checked parameters, by the model's member names."""

    parameters: Mapping[str, Any] = field(repr=False)
    request_id: str


Operation = Callable[[Call], Mapping[str, Any]]


def page(
    items: Sequence[Mapping[str, Any]], *, marker: str | None, size: int | None, largest: int
) -> tuple[Sequence[Mapping[str, Any]], str | None]:
    """Return the items from a marker on, and the marker of the next page; None at the end."""
    if marker is not None and not (marker.isascii() and marker.isdigit()):
        raise invalid(message="Invalid Marker")
    first = int(marker or 0)
    last = first + min(size or largest, largest)
    return items[first:last], str(last) if last < len(items) else None
