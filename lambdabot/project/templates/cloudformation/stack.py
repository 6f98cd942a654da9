"""A CloudFormation template's resources, and what in it refers to what."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from lambdabot.model import Undecided
from lambdabot.project.templates.cloudformation.intrinsics import Intrinsics, Result
from lambdabot.project.templates.yaml_nodes import Document, Entry, Node

SERVERLESS_FUNCTION = "AWS::Serverless::Function"

STACKS = {"AWS::CloudFormation::Stack": "TemplateURL", "AWS::Serverless::Application": "Location"}

QUALIFIERS = ("AWS::Lambda::Alias", "AWS::Lambda::Version")

_NAMES = re.compile(r"[A-Za-z0-9]+")
_REFERENCE = re.compile(
    r"(?:!Ref\s+|Ref[\"']?\s*:\s*|\$\{|FindInMap[\"']?\s*(?::\s*)?[\[-]\s*)[\"']?(?P<name>[A-Za-z0-9]+)"
)

Given = Mapping[str, Result]
"""What a parent stack passes as parameters."""


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource with its logical name, type and properties."""

    name: str
    kind: str
    entry: Entry
    properties: Node | None


class Stack:
    """One template with the parameters that it is given."""

    def __init__(self, document: Document, given: Given) -> None:
        """Read nothing yet."""
        self.document = document
        self.intrinsics = Intrinsics(document, given)
        self._parameters = "the parameters that the parent stack gives" if given else "the defaults of the parameters"

    @cached_property
    def resources(self) -> dict[str, Resource]:
        """Return the resources that exist: those whose condition is decided to be false do not."""
        return {resource.name: resource for resource in self._all() if self._false_condition(resource) is None}

    def left_out(self, *kinds: str) -> Iterator[Undecided]:
        """Yield why resources of some types do not exist."""
        for resource in self._all():
            condition = self._false_condition(resource) if resource.kind in kinds else None
            if condition is not None:
                reason = (
                    f"`{resource.name}` is left out: its condition `{condition.value}` is false with {self._parameters}"
                )
                yield Undecided(reason=reason, place=self.document.place(resource.entry.key))

    def _all(self) -> Iterator[Resource]:
        document = self.document
        for name, entry in document.entries(document.get(document.root, "Resources")).items():
            kind = document.get(entry.value, "Type")
            if isinstance(kind, yaml.ScalarNode):
                properties = document.get(entry.value, "Properties")
                yield Resource(name=name, kind=str(kind.value), entry=entry, properties=properties)

    def _false_condition(self, resource: Resource) -> yaml.ScalarNode | None:
        """Return the condition that keeps a resource from existing, or None."""
        condition = self.document.get(resource.entry.value, "Condition")
        if isinstance(condition, yaml.ScalarNode) and (
            self.intrinsics.condition(str(condition.value), condition) is False
        ):
            return condition
        return None

    def of_kind(self, *kinds: str) -> Iterator[Resource]:
        """Yield the resources of some types."""
        return (resource for resource in self.resources.values() if resource.kind in kinds)

    @cached_property
    def _function_globals(self) -> Mapping[str, Entry]:
        return self.document.entries(self.document.get(self.document.root, "Globals", "Function"))

    def globals_of(self, resource: Resource) -> Mapping[str, Entry]:
        """Return the properties that SAM gives to a function: those of `Globals` that it does not ignore."""
        ignored = self.document.get(resource.entry.value, "IgnoreGlobals")
        if ignored is None:
            return self._function_globals
        if isinstance(ignored, yaml.ScalarNode):  # SAM takes `"*"` and lists
            return {}
        names = {str(item.value) for item in ignored.value if isinstance(item, yaml.ScalarNode)}
        return {key: entry for key, entry in self._function_globals.items() if key not in names}

    @cached_property
    def references(self) -> Counter[str]:
        """Return how often parameters and mappings are referred to."""
        return references(self.document)

    @cached_property
    def heirs(self) -> dict[str, list[str]]:
        """Return for each global property the functions that have it from there, in the template's order."""
        heirs: dict[str, list[str]] = {key: [] for key in self._function_globals}
        for resource in self.of_kind(SERVERLESS_FUNCTION):
            for key in self.globals_of(resource).keys() - self.document.entries(resource.properties).keys():
                heirs[key].append(resource.name)
        return heirs

    def others(self, key: str, name: str) -> str:
        """Return who else has a global property, in words."""
        return in_words(
            [heir for heir in self.heirs.get(key, [])[:5] if heir != name], len(self.heirs.get(key, [])) - 1
        )

    def mentioned(self, node: Node | None) -> set[str]:
        """Return the names of resources that a value refers to."""
        return {name for name in _mentioned(node) if name in self.resources}

    def targets(self, node: Node | None) -> set[str]:
        """Return the functions that a value refers to, through their versions and aliases."""
        found: set[str] = set()
        for name in self.mentioned(node):
            resource = self.resources[name]
            if resource.kind in QUALIFIERS:
                found |= self.mentioned(self.document.get(resource.properties, "FunctionName"))
            else:
                found.add(name)
        return found

    def value(self, node: Node | None) -> Any:  # noqa: ANN401  # any value of a template
        """Return a decided value, or None."""
        found = None if node is None else self.intrinsics.evaluate(node)
        return None if found is None or isinstance(found, Undecided) else found.value


def is_template(document: Document) -> bool:
    """Tell whether a document is a template of CloudFormation."""
    kinds = (
        document.get(entry.value, "Type")
        for entry in document.entries(document.get(document.root, "Resources")).values()
    )
    return any(isinstance(kind, yaml.ScalarNode) and str(kind.value).startswith("AWS::") for kind in kinds)


def unreadable(document: Document) -> Iterator[Undecided]:
    """Yield what may declare functions and is not read: loops of the language extensions."""
    for name, entry in document.entries(document.get(document.root, "Resources")).items():
        if name.startswith("Fn::ForEach::"):
            reason = f"`{name}` is a loop, which is not unrolled: give its functions in lambdabot.yml"
            yield Undecided(reason=reason, place=document.place(entry.key))


def nested(stack: Stack) -> Iterator[tuple[Path, Given]]:
    """Yield the templates in the repository that a template has as stacks, with the parameters that they get."""
    document = stack.document
    for resource in stack.of_kind(*STACKS):
        location = stack.value(document.get(resource.properties, STACKS[resource.kind]))
        if not isinstance(location, str) or "://" in location or "\0" in location:
            continue
        given = {
            key: stack.intrinsics.evaluate(entry.value)
            for key, entry in document.entries(document.get(resource.properties, "Parameters")).items()
        }
        yield (document.text.path.parent / location).resolve(), given


def references(document: Document) -> Counter[str]:
    """Return how often a template refers to each name by `Ref`, `Fn::Sub` and `Fn::FindInMap`."""
    return Counter(found["name"] for found in _REFERENCE.finditer(document.text.content))


MOST_NAMED = 4
"""Functions that a message names; it counts the others."""


def in_words(names: list[str], count: int) -> str:
    """Return `a, b and 7 more`."""
    shown = names[:MOST_NAMED]
    more = count - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")


def _mentioned(node: Node | None, depth: int = 0) -> Iterator[str]:
    match node:
        case yaml.ScalarNode():
            yield from _NAMES.findall(str(node.value))
        case yaml.SequenceNode() if depth < 8:  # noqa: PLR2004  # `Fn::Sub` in `Fn::Join` in …
            for item in node.value:
                yield from _mentioned(item, depth + 1)
        case yaml.MappingNode() if depth < 8:  # noqa: PLR2004  # see above
            for _, value in node.value:
                yield from _mentioned(value, depth + 1)
