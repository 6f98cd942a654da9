"""Those of Terraform's functions that names, paths and settings of Lambda functions are made with."""

import posixpath
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from lambdabot.project.templates.terraform.hcl_literals import as_text

_WIDE = re.compile(r"%[^%a-zA-Z]*(?:\*|\d{3})")


def _format(pattern: str, *values: object) -> str:
    if _WIDE.search(pattern):
        raise ValueError  # blanks by the thousand
    return pattern.replace("%v", "%s") % tuple(map(_verb, values))


def _verb(value: object) -> object:
    """Return a value as Python's `%` takes it: numbers as they are, all others as Terraform writes them."""
    match value:
        case bool():
            return as_text(value)
        case float() if value.is_integer():
            return int(value)
        case int() | float():
            return value
    return as_text(value)


def _replace(text: str, old: str, new: str) -> str:
    if old.startswith("/") and old.endswith("/") and len(old) > 1:
        raise ValueError  # a regular expression of Go's
    return text.replace(old, new)


def _concat(*lists: list[Any]) -> list[Any]:
    return [item for one in lists for item in one]


def _element(items: list[Any], index: int) -> object:
    return items[index % len(items)]


def _join(glue: str, items: Iterable[object]) -> str:
    return glue.join(map(as_text, items))


def _keys(value: Mapping[str, Any]) -> list[str]:
    return sorted(value)


def _values(value: Mapping[str, Any]) -> list[Any]:
    return [value[key] for key in sorted(value)]


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "abspath": posixpath.normpath,
    "basename": posixpath.basename,
    "compact": lambda items: [item for item in items if item],
    "concat": _concat,
    "contains": lambda items, item: item in items,
    "dirname": posixpath.dirname,
    "distinct": lambda items: list(dict.fromkeys(items)),
    "element": _element,
    "format": _format,
    "join": _join,
    "keys": _keys,
    "length": len,
    "lower": str.lower,
    "max": max,
    "min": min,
    "replace": _replace,
    "split": lambda glue, text: text.split(glue),
    "substr": lambda text, start, length: text[start:] if length < 0 else text[start : start + length],
    "title": str.title,
    "trimspace": str.strip,
    "trimprefix": str.removeprefix,
    "trimsuffix": str.removesuffix,
    "upper": str.upper,
    "values": _values,
}
