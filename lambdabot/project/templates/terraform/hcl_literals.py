"""Terraform's literals and operators as Python's."""

import math
import operator
from collections.abc import Callable, Mapping
from typing import Any

from tree_sitter import Node

from lambdabot.project.templates.terraform.hcl import text

MOST_DIGITS = 300
"""Of a number: Python refuses thousands of them, and has no float beyond 308."""


def literal(node: Node) -> Any:  # noqa: ANN401  # a scalar
    """Return the value of a literal's node. Raises LookupError for a number that is too long."""
    written = text(node)
    match node.type:
        case "numeric_lit":
            if len(written) > MOST_DIGITS:
                raise LookupError
            return int(written) if written.isdigit() else float(written)
        case "bool_lit":
            return written == "true"
        case "null_lit":
            return None
    return unescaped(written[1:-1])


def unescaped(written: str) -> str:
    """Return the characters that a quoted text stands for."""
    for escape, sign in (("\\n", "\n"), ("\\t", "\t"), ('\\"', '"'), ("\\\\", "\\"), ("$${", "${"), ("%%{", "%{")):
        written = written.replace(escape, sign)
    return written


def as_text(value: object) -> str:
    """Return a value as Terraform puts it into a text. Raises LookupError for null, lists and maps."""
    match value:
        case bool():
            return str(value).lower()
        case float() if value.is_integer():
            return str(int(value))
        case str() | int() | float():
            return str(value)
    raise LookupError


def truth(value: object) -> bool:
    """Return a condition's value: Terraform takes the word as well."""
    return value is True or value == "true"


def _same(one: object, other: object) -> bool:
    return one == other and (type(one) is type(other) or _both_numbers(one, other))


def _both_numbers(*values: object) -> bool:
    return all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)


def _of_numbers(operation: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def of(one: object, other: object) -> object:
        if not _both_numbers(one, other):
            raise TypeError
        result = operation(one, other)
        if not math.isfinite(result):  # or an OverflowError: products of products double
            raise OverflowError
        return result

    return of


def negative(value: object) -> object:
    """Return a number with the other sign. Raises TypeError for anything else."""
    return OPERATORS["-"](0, value)


OPERATORS: Mapping[str, Callable[[Any, Any], Any]] = {
    "==": _same,
    "!=": lambda one, other: not _same(one, other),
    "&&": lambda one, other: truth(one) and truth(other),
    "||": lambda one, other: truth(one) or truth(other),
    "<": _of_numbers(operator.lt),
    ">": _of_numbers(operator.gt),
    "<=": _of_numbers(operator.le),
    ">=": _of_numbers(operator.ge),
    "+": _of_numbers(operator.add),
    "-": _of_numbers(operator.sub),
    "*": _of_numbers(operator.mul),
    "/": _of_numbers(operator.truediv),
    "%": _of_numbers(operator.mod),
}
