"""CloudFormation's intrinsic functions, as far as the files decide them."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import yaml

from lambdabot.model import Attribute, Place, Undecided
from lambdabot.project.templates import attributes
from lambdabot.project.templates.source_text import LONGEST_VALUE
from lambdabot.project.templates.yaml_nodes import Document, Node

T = TypeVar("T")

DEEPEST = 50
"""Intrinsic functions inside one another."""

MOST_NODES = 10_000
"""What one value is made of at most: aliases of aliases may stand for billions."""

_SHORT = re.compile(r"!(Ref|Condition|[A-Z][A-Za-z0-9:]*)$")
_VARIABLE = re.compile(r"\$\{([^${}]*)\}")
_DYNAMIC = re.compile(r"\{\{resolve:([\w-]+):[^{}]*\}\}")

TOO_LONG = f"is longer than {LONGEST_VALUE} characters"

NO_VALUE = object()
"""`AWS::NoValue`: the property counts as not written."""


@dataclass(frozen=True, slots=True)
class Known:
    """A decided value, the node that it is written in, and the definitions that it came through."""

    value: Any
    node: Node
    document: Document
    via: tuple[str, ...] = ()  # names of parameters and mappings

    @property
    def place(self) -> Place:
        """Return where the value is written."""
        return self.document.place(self.node)


Result = Known | Undecided


class Intrinsics:
    """The parameters, mappings and conditions of one template."""

    def __init__(self, document: Document, given: "Mapping[str, Result]") -> None:
        """Take what a parent stack passes as parameters."""
        self._document = document
        self._given = given
        self._parameters = document.entries(document.get(document.root, "Parameters"))
        self._mappings = document.get(document.root, "Mappings")
        self._conditions = document.entries(document.get(document.root, "Conditions"))
        self._resources = document.entries(document.get(document.root, "Resources"))
        self._decided: dict[str, bool | Undecided] = {}
        self._nodes_left = MOST_NODES

    def evaluate(self, node: Node, depth: int = 0) -> Result:
        """Return what a node amounts to: a str, int, float, bool, None, list, dict or NO_VALUE."""
        self._nodes_left = MOST_NODES if depth == 0 else self._nodes_left - 1
        if depth > DEEPEST or self._nodes_left < 0:
            return self._undecided(node, "is nested too deeply, or through too many aliases")
        call = called(node)
        if call is not None:
            return self._call(*call, node, depth + 1)
        match node:
            case yaml.ScalarNode():
                return Known(scalar(node), node, self._document)
            case yaml.SequenceNode():
                return self._list(node, depth)
        values = {}
        for key, entry in self._document.entries(node).items():
            found = self.evaluate(entry.value, depth + 1)
            if isinstance(found, Undecided):
                return found
            if found.value is not NO_VALUE:
                values[key] = found.value
        return Known(values, node, self._document)

    def condition(self, name: str, node: Node, depth: int = 0) -> bool | Undecided:
        """Return a condition's value; each is worked out once."""
        if name not in self._decided:
            entry = self._conditions.get(name)
            self._decided[name] = self._undecided(node, f"the condition `{name}` needs itself")
            found = self._truth(entry.value, depth + 1) if entry else self._undecided(node, f"no condition `{name}`")
            self._decided[name] = found
        return self._decided[name]

    def _list(self, node: yaml.SequenceNode, depth: int) -> Result:
        values, written = [], node.value
        for item in written:
            found = self.evaluate(item, depth + 1)
            if isinstance(found, Undecided):
                return found
            if found.value is not NO_VALUE:
                values.append(found.value)
        return Known(values, node, self._document)

    def _call(self, name: str, argument: Node, node: Node, depth: int) -> Result:
        items = argument.value if isinstance(argument, yaml.SequenceNode) else []
        match name, items:
            case "Ref", _:
                return self._ref(str(argument.value), node)
            case "Sub", _:
                return self._sub(argument, node, depth)
            case "If", [condition, yes, no]:
                return self._if(str(condition.value), yes, no, node, depth)
            case "FindInMap", [_, _, _, *_]:
                return self._find_in_map(items, node, depth)
            case "Select", [index, choices]:
                return self._select(index, choices, node, depth)
            case "Join", [glue, parts]:
                found = self.evaluate(parts, depth)
                if isinstance(found, Known) and isinstance(found.value, list):
                    written = list(map(str, found.value))
                    if sum(map(len, written)) + len(written) * len(str(glue.value)) > LONGEST_VALUE:
                        return self._undecided(node, TOO_LONG)
                    return Known(str(glue.value).join(written), node, self._document, found.via)
                return found if isinstance(found, Undecided) else self._undecided(node, "`Join` has no list")
            case "Split", [glue, text]:
                found = self.evaluate(text, depth)
                if isinstance(found, Known) and glue.value:
                    return Known(str(found.value).split(str(glue.value)), node, self._document, found.via)
                return (
                    found if isinstance(found, Undecided) else self._undecided(node, "`Split` has nothing to split by")
                )
        return self._undecided(node, f"`{long_form(name)}` is known only when deployed")

    def _ref(self, name: str, node: Node) -> Result:
        if name == "AWS::NoValue":
            return Known(NO_VALUE, node, self._document)
        if name in self._parameters and self._is_secret(self._parameters[name].value):
            return self._undecided(node, f"the parameter `{name}` is a secret, as its `NoEcho` says")
        if name in self._given:
            given = self._given[name]
            if isinstance(given, Undecided):
                return Undecided(reason=f"the parent stack gives `{name}`: {given.reason}", place=given.place)
            return replace(given, via=(name, *given.via))
        if name not in self._parameters:
            what = "a pseudo parameter" if name.startswith("AWS::") else "a resource"
            if not name.startswith("AWS::") and name not in self._resources:
                return self._undecided(node, f"`{name}` is neither a parameter nor a resource of this template")
            return self._undecided(node, f"`{name}` is {what}, known only when deployed")
        parameter = self._parameters[name].value
        kind = self._document.get(parameter, "Type")
        kind_name = str(kind.value) if isinstance(kind, yaml.ScalarNode) else "String"
        if kind_name.startswith("AWS::SSM::"):
            return self._undecided(node, f"the parameter `{name}` is read from Systems Manager when deployed")
        default = self._document.get(parameter, "Default")
        if not isinstance(default, yaml.ScalarNode):
            return self._undecided(node, f"the parameter `{name}` has no default")
        value: Any = scalar(default)
        if kind_name.startswith("List<") or kind_name == "CommaDelimitedList":
            value = [part.strip() for part in str(value).split(",")]
        return Known(value, default, self._document, (name,))

    def _is_secret(self, parameter: Node) -> bool:
        marked = self._document.get(parameter, "NoEcho")
        return isinstance(marked, yaml.ScalarNode) and str(marked.value).lower() == "true"

    def _sub(self, argument: Node, node: Node, depth: int) -> Result:
        text, own = argument, {}
        if isinstance(argument, yaml.SequenceNode) and len(argument.value) == 2:  # noqa: PLR2004  # text, variables
            text = argument.value[0]
            own = dict(self._document.entries(argument.value[1]))
        if not isinstance(text, yaml.ScalarNode):
            return self._undecided(node, "`Fn::Sub` has no text")
        via: list[str] = []
        unknown: list[Undecided] = []
        length = len(str(text.value))

        def replaced(found: re.Match[str]) -> str:
            nonlocal length
            name = found[1].strip()
            if name.startswith("!"):
                return f"${{{name[1:]}}}"
            if name in own:
                value = self.evaluate(own[name].value, depth + 1)
            elif "." in name:
                value = self._undecided(node, f"`{name}` is an attribute of a resource, known only when deployed")
            else:
                value = self._ref(name, node)
            if isinstance(value, Undecided):
                unknown.append(value)
                return ""
            inserted = _text(value.value)
            length += len(inserted)
            if length > LONGEST_VALUE:
                unknown.append(self._undecided(node, TOO_LONG))
                return ""
            via.extend(value.via)
            return inserted

        result = _VARIABLE.sub(replaced, str(text.value))
        return unknown[0] if unknown else Known(result, node, self._document, tuple(via))

    def _if(self, name: str, yes: Node, no: Node, node: Node, depth: int) -> Result:
        decided = self.condition(name, node, depth)
        if not isinstance(decided, Undecided):
            return self.evaluate(yes if decided else no, depth)
        one, other = self.evaluate(yes, depth), self.evaluate(no, depth)
        if isinstance(one, Known) and isinstance(other, Known) and one.value == other.value:
            return replace(one, node=node, document=self._document)  # neither of the two is the value alone
        return Undecided(reason=f"the condition `{name}` is not decided: {decided.reason}", place=decided.place)

    def _find_in_map(self, items: list[Node], node: Node, depth: int) -> Result:
        keys = []
        for item in items[:3]:
            key = self.evaluate(item, depth)
            if isinstance(key, Undecided):
                return Undecided(reason=f"the key of `Fn::FindInMap` is not decided: {key.reason}", place=key.place)
            keys.append(_text(key.value))
        found = self._document.get(self._mappings, *keys)
        if found is None and len(items) > 3:  # noqa: PLR2004  # the language extension's default
            found = self._document.get(items[3], "DefaultValue")
        if found is None:
            return self._undecided(node, f"the mapping `{keys[0]}` has no `{keys[1]}` with `{keys[2]}`")
        value = self.evaluate(found, depth)
        return value if isinstance(value, Undecided) else Known(value.value, value.node, value.document, (keys[0],))

    def _select(self, index: Node, choices: Node, node: Node, depth: int) -> Result:
        position, values = self.evaluate(index, depth), self.evaluate(choices, depth)
        for one in (position, values):
            if isinstance(one, Undecided):
                return one
        try:
            if isinstance(position, Known) and isinstance(values, Known):
                return Known(values.value[int(position.value)], node, self._document, values.via)
        except (ValueError, TypeError, IndexError, KeyError):
            pass
        return self._undecided(node, "`Fn::Select` has no such item")

    def _truth(self, node: Node, depth: int) -> bool | Undecided:
        if depth > DEEPEST:
            return self._undecided(node, f"nests deeper than {DEEPEST}")
        call = called(node)
        if call is None:
            return self._undecided(node, "is no condition")
        name, argument = call
        if name == "Condition":
            return self.condition(str(argument.value), node, depth)
        items = argument.value if isinstance(argument, yaml.SequenceNode) else [argument]
        if name == "Equals" and len(items) == 2:  # noqa: PLR2004  # what is compared
            one, other = (self.evaluate(item, depth) for item in items)
            if isinstance(one, Undecided):
                return one
            return other if isinstance(other, Undecided) else _text(one.value) == _text(other.value)
        truths = [self._truth(item, depth + 1) for item in items]
        unknown = next((one for one in truths if isinstance(one, Undecided)), None)
        match name:
            case "Not":
                return unknown or not truths[0]
            case "And":
                return False if False in truths else unknown or True
            case "Or":
                return True if True in truths else unknown or False
        return self._undecided(node, f"`Fn::{name}` is no condition")

    def _undecided(self, node: Node, reason: str) -> Undecided:
        return Undecided(reason=reason, place=self._document.place(node))


def called(node: Node) -> tuple[str, Node] | None:
    """Return an intrinsic function's name and argument, of either form, or None."""
    if node.tag.startswith("!") and (found := _SHORT.match(node.tag)):
        return found[1], node
    if isinstance(node, yaml.MappingNode) and len(node.value) == 1:
        key, value = node.value[0]
        name = str(key.value)
        if name in {"Ref", "Condition"} or name.startswith("Fn::"):
            return name.removeprefix("Fn::"), value
    return None


def long_form(name: str) -> str:
    """Return an intrinsic function's name as JSON writes it."""
    return name if name in {"Ref", "Condition"} else f"Fn::{name}"


def attribute(result: Result, convert: Callable[..., Attribute[T]], inherited: str = "") -> Attribute[T]:
    """Return what a result says of a function; None for `AWS::NoValue`.

    A dynamic reference, as in `{{resolve:ssm:/table}}`, is no value: CloudFormation puts one in its place.
    """
    if isinstance(result, Undecided):
        return result
    if result.value is NO_VALUE:
        return None
    if isinstance(result.value, str) and (dynamic := _DYNAMIC.search(result.value)):
        reason = f"`{{{{resolve:{dynamic[1]}:…}}}}` is known only when deployed"
        return Undecided(reason=reason, place=result.place)
    return convert(result.value, result.place, attributes.named(result.via[0]) if result.via else inherited)


def scalar(node: yaml.ScalarNode) -> str | int | bool | None:
    """Return a scalar as YAML 1.1 types it, but for floats: a version such as 1.10 must stay text."""
    match node.tag:
        case "tag:yaml.org,2002:int":
            try:
                return int(node.value.replace("_", ""), 0)
            except ValueError:
                return str(node.value)
        case "tag:yaml.org,2002:bool":
            return str(node.value).lower() in {"true", "yes", "on"}
        case "tag:yaml.org,2002:null":
            return None
    return str(node.value)


def _text(value: object) -> str:
    """Return a value as CloudFormation compares and inserts it."""
    return str(value).lower() if isinstance(value, bool) else str(value)
