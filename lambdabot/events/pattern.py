"""An event that an EventBridge rule's own pattern lets through.

Source: Amazon EventBridge User Guide, "Comparison operators for use in event patterns in Amazon EventBridge".
"""

from collections.abc import Mapping
from typing import Any

_ABSENT = object()
_LISTS = frozenset({"resources"})
"""Fields of an event that hold a list, of which one element must match."""


def matching(pattern: Mapping[str, Any], event: Mapping[str, Any]) -> dict[str, Any]:
    """Return an event with what a pattern asks for in place of what does not match; the first that it allows."""
    made = dict(event)
    for key, asked in pattern.items():
        if key == "$or":
            first = asked[0] if isinstance(asked, list) and asked else {}
            made = matching(first, made) if isinstance(first, Mapping) else made
        elif isinstance(asked, Mapping):
            inner = made.get(key)
            made[key] = matching(asked, inner if isinstance(inner, Mapping) else {})
        elif isinstance(asked, list) and asked:
            value = _value(asked[0])
            if value is _ABSENT:
                made.pop(key, None)
            else:
                made[key] = [value] if key in _LISTS else value
    return made


def _value(asked: Any) -> Any:  # noqa: ANN401, PLR0911  # any JSON value; a return for each operator
    """Return a value that one element of a pattern's list lets through."""
    if not isinstance(asked, Mapping):
        return asked
    operator, operand = next(iter(asked.items()), ("", None))
    match operator:
        case "exists":
            return "value" if operand else _ABSENT
        case "prefix" | "suffix" | "equals-ignore-case":
            return _value(operand) if isinstance(operand, Mapping) else operand
        case "wildcard":
            return str(operand).replace("*", "")
        case "cidr":
            return str(operand).partition("/")[0]
        case "numeric" if isinstance(operand, list):
            return _number(operand)
        case "anything-but":
            return _other(operand)
    return "value"


def _number(bounds: list[Any]) -> float | int:
    """Return a number within bounds such as `[">", 0, "<=", 5]`."""
    low: float | None = None
    high: float | None = None
    for operator, bound in zip(bounds[::2], bounds[1::2], strict=False):
        if not isinstance(bound, int | float):
            continue
        if operator == "=":
            return bound
        if operator in {">", ">="}:
            low = bound
        else:
            high = bound
    if low is not None and high is not None:
        middle = (low + high) / 2
        return int(middle) if middle.is_integer() else middle
    return low + 1 if low is not None else high - 1 if high is not None else 0


def _other(operand: Any) -> Any:  # noqa: ANN401  # any JSON value
    """Return a value that is none of those that are refused, of their type, and begins and ends as none does."""
    refused = operand.values() if isinstance(operand, Mapping) else [operand]
    every = [one for each in refused for one in (each if isinstance(each, list) else [each])]
    numbers = [one for one in every if isinstance(one, int | float)]
    if numbers:
        return max(numbers) + 1
    texts = tuple(map(str, every))
    longer = f"~{max(texts, key=len, default='')}~"
    return next(one for one in ("value", "other", longer) if one == longer or not _touches(one, texts))


def _touches(text: str, others: tuple[str, ...]) -> bool:
    return text.startswith(others) or text.endswith(others)
