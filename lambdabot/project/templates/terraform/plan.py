"""Lambda functions of a Terraform plan, as `terraform show -json` prints it."""

import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TypeVar

import yaml

from lambdabot.model import Architecture, Attribute, Declaration, NoSlot, Stated, Undecided
from lambdabot.project.templates import attributes
from lambdabot.project.templates.attributes import AWS_DEFAULT
from lambdabot.project.templates.cloudformation.intrinsics import scalar
from lambdabot.project.templates.unforeseen import guarded
from lambdabot.project.templates.yaml_nodes import Document, Entry, Node

T = TypeVar("T")

DEEPEST = 20
"""Modules inside one another."""

GENERATED = NoSlot(reason="a plan is generated: change Terraform's own files")

_STEP = re.compile(r"(?:module\.)?([\w-]+)(?:\[\"?([^\]\"]*)\"?\])?")

GENERIC_LABELS = {"this", "main", "default", "lambda", "function", "lambda_function"}


def named(prefix: str, label: str) -> str:
    """Return a function's name: of a module that makes one thing, by custom called `this`, the module's."""
    return prefix.removesuffix("-") if prefix and label in GENERIC_LABELS else prefix + label


def is_plan(document: Document) -> bool:
    """Tell whether a document is a plan or a state that `terraform show -json` printed."""
    return document.get(document.root, "planned_values", "root_module") is not None


def functions(document: Document) -> Iterator[Declaration | Undecided]:
    """Yield the functions of a plan, and what an error that nobody foresaw costs."""
    module = document.get(document.root, "planned_values", "root_module")
    for resource in _resources(document, module, 0):
        kind = document.get(resource, "type")
        if isinstance(kind, yaml.ScalarNode) and kind.value == "aws_lambda_function":
            yield guarded(partial(_declaration, document, resource), document.place(resource))


def _declaration(document: Document, resource: Node) -> Declaration:
    return _Function(document, resource).declaration()


def _resources(document: Document, module: Node | None, depth: int) -> Iterator[Node]:
    yield from _items(document.get(module, "resources"))
    for child in _items(document.get(module, "child_modules")) if depth < DEEPEST else ():
        yield from _resources(document, child, depth + 1)


def _items(node: Node | None) -> list[Node]:
    return node.value if isinstance(node, yaml.SequenceNode) else []


def name_of(address: str) -> str:
    """Return what lambdabot calls the function at an address, as it does in Terraform's own files."""
    steps = address.replace("aws_lambda_function.", "").split(".module.")
    if steps[0].startswith("module."):
        first, _, rest = steps[-1].rpartition(".")
        steps[-1:] = [first, rest] if first else [rest]
    names = ["-".join(part for part in found.groups() if part) for step in steps if (found := _STEP.match(step))]
    names = [name.removesuffix("-0") for name in names]
    return named("".join(f"{name}-" for name in names[:-1]), names[-1]) if names else address


class _Function:
    def __init__(self, document: Document, resource: Node) -> None:
        self._document = document
        self._values = document.entries(document.get(resource, "values"))
        self._place = document.place(resource)
        address = document.get(resource, "address")
        self._address = str(address.value) if isinstance(address, yaml.ScalarNode) else "function"

    def declaration(self) -> Declaration:
        memory = self._get("memory_size", attributes.number)
        architecture = self._get("architectures", attributes.architecture)
        timeout = self._get("timeout", attributes.number)
        return Declaration(
            name=name_of(self._address),
            family="terraform plan",
            place=self._place,
            function_name=self._get("function_name", attributes.text),
            runtime=self._get("runtime", attributes.text),
            handler=self._get("handler", attributes.text),
            code=self._code(),
            memory_mb=memory or self._default(128),
            architecture=architecture or self._default(Architecture.X86_64),
            timeout_seconds=timeout or self._default(3),
            environment={
                key: self._attribute(entry.value, attributes.text)
                for key, entry in self._document.entries(
                    self._document.get(self._first("environment"), "variables")
                ).items()
            },
            layers=tuple(self._attribute(item, attributes.text) for item in self._list("layers")),
            reserved_concurrency=self._reserved(),
            ephemeral_storage_mb=self._attribute(
                self._document.get(self._first("ephemeral_storage"), "size"), attributes.number
            ),
        )

    def _default(self, value: T) -> Stated[T]:
        return Stated(value=value, place=self._place, inherited=AWS_DEFAULT, slot=GENERATED)

    def _get(self, key: str, convert: Callable[..., Attribute[T]]) -> Attribute[T]:
        entry: Entry | None = self._values.get(key)
        return self._attribute(entry.value if entry else None, convert)

    def _attribute(self, node: Node | None, convert: Callable[..., Attribute[T]]) -> Attribute[T]:
        if isinstance(node, yaml.SequenceNode) and len(node.value) == 1:
            node = node.value[0]
        if not isinstance(node, yaml.ScalarNode) or node.tag.endswith(":null"):
            return None
        return attributes.editable(convert(scalar(node), self._document.place(node)), GENERATED)

    def _list(self, key: str) -> list[Node]:
        entry = self._values.get(key)
        return _items(entry.value) if entry else []

    def _first(self, key: str) -> Node | None:
        return next(iter(self._list(key)), None)

    def _reserved(self) -> Attribute[int]:
        found = self._get("reserved_concurrent_executions", attributes.number)
        return None if isinstance(found, Stated) and found.value < 0 else found  # -1: none

    def _code(self) -> Attribute[Path | str]:
        for key in ("image_uri", "filename"):
            found = self._get(key, lambda value, place: attributes.code(value, self._document.text.path.parent, place))
            if found is not None:
                return found
        return Undecided(reason="the code lies in S3, or is known only when it is applied", place=self._place)
