"""Lambda functions of an AWS SAM or CloudFormation template, synthesized ones included."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import yaml

from lambdabot.model import (
    Architecture,
    Attribute,
    Declaration,
    DeclaredLayer,
    EventSource,
    Selection,
    Stated,
    Undecided,
)
from lambdabot.model.event_source import explained
from lambdabot.model.selection import NOTHING
from lambdabot.project.templates import attributes
from lambdabot.project.templates.cloudformation import inline, layers
from lambdabot.project.templates.cloudformation.events import events_of_resources, sam_events
from lambdabot.project.templates.cloudformation.intrinsics import NO_VALUE, Known, attribute, called
from lambdabot.project.templates.cloudformation.properties import Properties
from lambdabot.project.templates.cloudformation.stack import (
    QUALIFIERS,
    SERVERLESS_FUNCTION,
    Resource,
    Stack,
)
from lambdabot.project.templates.unforeseen import guarded
from lambdabot.project.templates.yaml_nodes import Entry, Node

FUNCTIONS = (SERVERLESS_FUNCTION, "AWS::Lambda::Function")


def functions(stack: Stack) -> Iterator[Declaration | Undecided]:
    """Yield the functions of one template, and what an error that nobody foresaw costs."""
    top = stack.document.place(stack.document.root)
    events = guarded(lambda: events_of_resources(stack), top)
    provisioned = guarded(lambda: _provisioned(stack), top)
    yield from (one for one in (events, provisioned) if isinstance(one, Undecided))
    for resource in stack.of_kind(*FUNCTIONS):
        read = partial(
            _declaration,
            stack,
            resource,
            () if isinstance(events, Undecided) else tuple(events.get(resource.name, ())),
            None if isinstance(provisioned, Undecided) else provisioned.get(resource.name),
        )
        yield guarded(read, stack.document.place(resource.entry.key))


def _declaration(
    stack: Stack, resource: Resource, events: tuple[EventSource, ...], provisioned: Attribute[int]
) -> Declaration:
    return _Function(stack, resource).declaration(events, provisioned)


def _provisioned(stack: Stack) -> dict[str, Attribute[int]]:
    """Return by function what its versions and aliases have provisioned."""
    found: dict[str, Attribute[int]] = {}
    for resource in stack.of_kind(*QUALIFIERS):
        node = stack.document.get(
            resource.properties, "ProvisionedConcurrencyConfig", "ProvisionedConcurrentExecutions"
        )
        if node is None:
            continue
        for name in stack.targets(stack.document.get(resource.properties, "FunctionName")):
            found[name] = attribute(stack.intrinsics.evaluate(node), attributes.number)
    return found


class _Function(Properties):
    """One resource on its way to a Declaration."""

    def declaration(self, events: tuple[EventSource, ...], provisioned: Attribute[int]) -> Declaration:
        """Return what the template says of the function."""
        own_events = sam_events(self._stack, self._document.get(self._resource.properties, "Events"))
        url = self._own.get("FunctionUrlConfig") or self._globals.get("FunctionUrlConfig")
        if url is not None and self._sam:
            place = self._document.place(url.key)
            own_events += (EventSource(name="FunctionUrlConfig", kind="url", place=place),)
        environment, undecided = self._environment()
        return Declaration(
            name=self._name(),
            family=self._family(),
            place=self._place,
            function_name=self._get("FunctionName", attributes.text),
            runtime=self._get("Runtime", attributes.text),
            handler=self._get("Handler", attributes.text),
            code=self._code(),
            selection=self._selection(),
            memory_mb=self._get("MemorySize", attributes.number, default=128),
            architecture=self._get("Architectures", attributes.architecture, default=Architecture.X86_64.value),
            timeout_seconds=self._get("Timeout", attributes.number, default=3),
            environment=environment,
            environment_undecided=undecided,
            layers=self._layers(),
            events=explained((*own_events, *events)),
            reserved_concurrency=self._get("ReservedConcurrentExecutions", attributes.number),
            provisioned_concurrency=self._get(
                "ProvisionedConcurrencyConfig", attributes.number, "ProvisionedConcurrentExecutions"
            )
            or provisioned,
            ephemeral_storage_mb=self._get("EphemeralStorage", attributes.number, "Size"),
        )

    def _family(self) -> str:
        if self._metadata("aws:cdk:path") is not None or self._generated:
            return "cdk"
        return "sam" if self._sam else "cloudformation"

    def _name(self) -> str:
        """Return the logical name; of the CDK's the construct's, without the stack and the hash."""
        path = (self._metadata("aws:cdk:path") or "").split("/")
        if len(path) > 2 and path[-1] == "Resource":  # noqa: PLR2004  # stack, construct, Resource
            return "-".join(part for part in path[1:-1] if part != "Default")
        return self._resource.name

    def _environment(self) -> tuple[dict[str, Attribute[str]], Undecided | None]:
        variables: dict[str, Attribute[str]] = {}
        undecided = None
        for entries, inherited in ((self._globals, "Globals"), (self._own, "")):
            entry = entries.get("Environment")
            if entry is None:
                continue
            node = self._document.get(entry.value, "Variables") or entry.value
            if called(node) is not None:
                found = self._stack.intrinsics.evaluate(node)
                reason = found.reason if isinstance(found, Undecided) else "is made by an intrinsic function"
                undecided = Undecided(reason=reason, place=self._document.place(node))
                continue
            for key, variable in self._document.entries(node).items():
                result = self._stack.intrinsics.evaluate(variable.value)
                variables[key] = attribute(result, attributes.text, inherited)
        return {key: value for key, value in variables.items() if value is not None}, undecided

    def _layers(self) -> tuple[Attribute[str | DeclaredLayer], ...]:
        found: list[Attribute[str | DeclaredLayer]] = []
        for entries, inherited in ((self._globals, "Globals"), (self._own, "")):
            entry = entries.get("Layers")
            if entry is None:
                continue
            if not isinstance(entry.value, yaml.SequenceNode) or entry.value.tag.startswith("!"):
                found.append(Undecided(reason="the layers are no list", place=self._document.place(entry.value)))
                continue
            found += [self._layer(item, inherited) for item in entry.value.value]
        return tuple(layer for layer in found if layer is not None)

    def _layer(self, node: Node, inherited: str) -> Attribute[str | DeclaredLayer]:
        """Return a layer's ARN, or the contents of the resource that it is."""
        resource = layers.referred(self._stack, node)
        if resource is not None:
            contents = _Function(self._stack, resource).contents()
            found = layers.declared(self._stack, resource, contents, self._document.place(node))
            return replace(found, inherited=inherited) if isinstance(found, Stated) else found
        return attribute(self._stack.intrinsics.evaluate(node), attributes.text, inherited)

    def contents(self) -> Attribute[Path | str]:
        """Return where the contents of a resource lie that is a layer."""
        asset = self._metadata("aws:asset:path")
        if asset is not None:
            return attributes.code(asset, self._folder, self._place)
        found = (self._own.get(key) for key in layers.CONTENTS)
        entry = next((one for one in found if one is not None), None)
        return None if entry is None else self._code_of(entry)

    def _code(self) -> Attribute[Path | str]:
        asset = self._metadata("aws:asset:path")
        if asset is not None:
            return attributes.code(asset, self._folder, self._place)
        if self._metadata("Dockerfile") or self._metadata("DockerContext"):
            return Undecided(
                reason="its image is built from a Dockerfile: give the image as `source`", place=self._place
            )
        is_image = self._is_image()
        for key in self._code_keys(is_image=is_image):
            entry, _ = self._entry(key)
            if entry is not None and not self._is_empty(entry):
                return self._code_of(entry)
        if is_image:
            return Undecided(reason="no image is given", place=self._place)
        return attributes.code(".", self._folder, self._place)  # as SAM CLI and `aws cloudformation package` have it

    def _is_image(self) -> bool:
        found = self._get("PackageType", attributes.text)
        return isinstance(found, Stated) and found.value == "Image"

    def _code_keys(self, *, is_image: bool) -> tuple[str, ...]:
        """Return the properties that may hold the code; `Globals` may give a `CodeUri` to what has another of them."""
        if not self._sam:
            return ("Code",)
        return ("ImageUri",) if is_image else ("InlineCode", "CodeUri", "ImageUri")

    def _is_empty(self, entry: Entry) -> bool:
        """Tell whether a property is written without a value, or left out by `AWS::NoValue`."""
        found = self._stack.intrinsics.evaluate(entry.value)
        return isinstance(found, Known) and found.value in (None, NO_VALUE)

    def _code_of(self, entry: Entry) -> Attribute[Path | str]:
        place = self._document.place(entry.value)
        if self._inline() is not None:
            read = self._inline_file()
            return read if isinstance(read, Undecided) else Stated(value=self._folder, place=place)
        properties = self._document.entries(entry.value)
        if "ImageUri" in properties:
            entry = properties["ImageUri"]
        elif {"S3Bucket", "S3Key", "Bucket", "Key"} & properties.keys():
            return self._asset(properties.get("S3Key")) or Undecided(
                reason="the code lies in S3: give its folder as `source`", place=place
            )
        found = self._stack.intrinsics.evaluate(entry.value)
        return attribute(found, lambda value, at, _: attributes.code(value, self._folder, at))

    def _inline(self) -> Entry | None:
        """Return where the code itself is written in the template, or None."""
        entry, _ = self._entry("InlineCode" if self._sam else "Code")
        if entry is None or self._sam:
            return None if entry is None or self._is_empty(entry) or self._is_image() else entry
        return self._document.entries(entry.value).get("ZipFile")

    def _inline_file(self) -> tuple[str, Stated[str]] | Undecided:
        """Return the one file of inline code with its name, or why that cannot be told."""
        entry = self._inline()
        found = None if entry is None else attribute(self._stack.intrinsics.evaluate(entry.value), attributes.text)
        return inline.file(found, self._get("Runtime", attributes.text), self._place)

    def _selection(self) -> Selection:
        """Return what of the template's folder is the package: nothing, where the code is inline."""
        read = None if self._inline() is None else self._inline_file()
        return Selection(patterns=NOTHING, texts=(read,)) if isinstance(read, tuple) else Selection()

    def _asset(self, key: Entry | None) -> Attribute[Path | str]:
        """Return the CDK's asset: the folder or zip beside the template that the key's hash names."""
        name = self._stack.value(key.value) if key and self._generated else None
        if not isinstance(name, str):
            return None
        stem = name.removesuffix(".zip")
        for candidate in (f"asset.{stem}", f"asset.{name}"):
            if (self._folder / candidate).exists():
                return attributes.code(candidate, self._folder, self._place)
        return Undecided(
            reason=f"the asset {stem[:12]} is not in {self._folder.name}: run `cdk synth`", place=self._place
        )
