"""Type constraints of variables: the defaults that `optional()` gives to attributes of objects."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from tree_sitter import Node

from lambdabot.project.templates.terraform.hcl import HclFile, text
from lambdabot.project.templates.terraform.hcl_values import Found, Value

_COLLECTIONS = {"list", "map", "set"}


def completed(value: Value, constraint: Node, file: HclFile, evaluate: Callable[[Node, HclFile], Value]) -> Value:
    """Return a value with what its type gives to attributes that are absent or null: a default, or null."""
    name, arguments = _call(constraint)
    if not isinstance(value, Found) or not arguments:
        return value

    def of(item: Value, inner: Node) -> Value:
        return completed(item, inner, file, evaluate)

    match value.value:
        case dict() as items if name == "object":
            return replace(value, value=items | dict(_attributes(value, arguments[0], file, evaluate)))
        case dict() as items if name in _COLLECTIONS:
            return replace(value, value={key: of(item, arguments[0]) for key, item in items.items()})
        case list() as items if name in _COLLECTIONS:
            return replace(value, value=[of(item, arguments[0]) for item in items])
    return value


def _attributes(
    value: Found, members: Node, file: HclFile, evaluate: Callable[[Node, HclFile], Value]
) -> Iterator[tuple[str, Value]]:
    for key, constraint in _members(members):
        found: Value | None = value.value.get(key)
        name, arguments = _call(constraint)
        if name == "optional" and arguments:
            constraint, *default = arguments  # noqa: PLW2901  # what the attribute is, given or not
            if found is None or (isinstance(found, Found) and found.value is None):
                found = evaluate(default[0], file) if default else Found(None, file, constraint)
        if found is not None:
            yield key, completed(found, constraint, file, evaluate)


def _call(constraint: Node) -> tuple[str, list[Node]]:
    """Return what a constraint such as `list(string)` is called, and what stands in its brackets."""
    call = constraint.children[0] if len(constraint.children) == 1 else constraint
    if call.type != "function_call":
        return "", []
    arguments = next((one for one in call.children if one.type == "function_arguments"), None)
    return text(call.children[0]), _expressions(arguments) if arguments else []


def _members(node: Node) -> Iterator[tuple[str, Node]]:
    """Yield the attributes of an object's type."""
    collection = node.children[0].children[0] if node.children and node.children[0].children else node
    for element in collection.children:
        if element.type == "object_elem":
            key, constraint = _expressions(element)
            yield text(key).strip('"'), constraint


def _expressions(node: Node) -> list[Node]:
    return [one for one in node.children if one.type == "expression"]
