"""Lambda functions of an AWS SAM or CloudFormation template, synthesized ones included."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

import yaml

from lambdabot.model import (
    Architecture,
    Attribute,
    Declaration,
    DeclaredLayer,
    EventSource,
    NoSlot,
    Selection,
    Slot,
    Stated,
    Undecided,
)
from lambdabot.model.selection import NOTHING
from lambdabot.project.templates import attributes
from lambdabot.project.templates.attributes import AWS_DEFAULT, Form
from lambdabot.project.templates.cloudformation import inline, layers
from lambdabot.project.templates.cloudformation.events import events_of_resources, sam_events
from lambdabot.project.templates.cloudformation.intrinsics import NO_VALUE, Known, Result, attribute, called
from lambdabot.project.templates.cloudformation.stack import (
    QUALIFIERS,
    SERVERLESS_FUNCTION,
    Resource,
    Stack,
    references,
)
from lambdabot.project.templates.hints import GENERATED
from lambdabot.project.templates.unforeseen import guarded
from lambdabot.project.templates.yaml_nodes import Entry, Node

T = TypeVar("T")

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


def _only(node: Node) -> Node | None:
    """Return the item of a list that has one."""
    is_list = isinstance(node, yaml.SequenceNode) and not node.tag.startswith("!")
    return node.value[0] if is_list and len(node.value) == 1 else None


class _Function:
    """One resource on its way to a Declaration."""

    def __init__(self, stack: Stack, resource: Resource) -> None:
        self._stack = stack
        self._document = stack.document
        self._resource = resource
        self._own = stack.document.entries(resource.properties)
        self._sam = resource.kind == SERVERLESS_FUNCTION
        self._globals = stack.globals_of(resource) if self._sam else {}
        self._place = stack.document.place(resource.entry.key)
        self._folder = stack.document.text.path.parent

    def declaration(self, events: tuple[EventSource, ...], provisioned: Attribute[int]) -> Declaration:
        """Return what the template says of the function."""
        own_events = sam_events(self._stack, self._document.get(self._resource.properties, "Events"))
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
            events=(*own_events, *events),
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

    @property
    def _generated(self) -> bool:
        return GENERATED in self._document.text.path.parts

    def _metadata(self, key: str) -> str | None:
        node = self._document.get(self._resource.entry.value, "Metadata", key)
        return str(node.value) if isinstance(node, yaml.ScalarNode) else None

    def _name(self) -> str:
        """Return the logical name; of the CDK's the construct's, without the stack and the hash."""
        path = (self._metadata("aws:cdk:path") or "").split("/")
        if len(path) > 2 and path[-1] == "Resource":  # noqa: PLR2004  # stack, construct, Resource
            return "-".join(part for part in path[1:-1] if part != "Default")
        return self._resource.name

    def _entry(self, key: str) -> tuple[Entry | None, bool]:
        """Return where a property is written, and whether that is in `Globals`."""
        own = self._own.get(key)
        if own is not None:
            found = self._stack.intrinsics.evaluate(own.value)
            if isinstance(found, Undecided) or found.value is not NO_VALUE:
                return own, False
        inherited = self._globals.get(key)
        return (inherited, inherited is not None)

    def _get(self, key: str, convert: Callable[..., Attribute[T]], *below: str, default: object = None) -> Attribute[T]:
        """Return a property, or what stands below it, with the slot of its value; AWS's default where none is given."""
        form = Form(is_list=key == "Architectures", quote='"' if convert != attributes.number and self._is_json else "")
        for entries, in_globals in ((self._own, False), (self._globals, True)):
            outer = entries.get(key)
            entry = self._document.inner(outer, *below)
            if outer is None or entry is None:
                continue
            found = self._stack.intrinsics.evaluate(entry.value)
            if isinstance(found, Undecided) or found.value is not NO_VALUE:
                value = self._value(key, entry, found, convert, form, in_globals=in_globals)
                if below and (in_globals or self._anchored(outer)):
                    reason = f"`{key}` at {self._document.place(outer.key)} is not the function's alone"
                    return attributes.editable(value, NoSlot(reason=reason))
                return value
        if default is None:
            return None
        if key in self._own:  # an `Fn::If` that gives `AWS::NoValue`
            slot = self._replaced(self._own[key], form, "until now an intrinsic function left it out")
        else:
            slot = self._addition(key, form, "")
        return attributes.editable(convert(default, self._place, AWS_DEFAULT), self._generated_or(slot))

    def _anchored(self, entry: Entry) -> bool:
        return entry.merged or self._document.is_alias(entry)

    def _joined(self, key: str) -> bool:
        """Tell whether a property is a list in both places."""
        both = (self._own.get(key), self._globals.get(key))
        return all(
            one is not None and isinstance(one.value, yaml.SequenceNode) and not one.value.tag.startswith("!")
            for one in both
        )

    def _value(
        self,
        key: str,
        entry: Entry,
        found: Result,
        convert: Callable[..., Attribute[T]],
        form: Form,
        *,
        in_globals: bool,
    ) -> Attribute[T]:
        """Return a property as it is written, with its slot."""
        node = entry.value
        if form.is_list and not in_globals and self._joined(key):
            reason = f"SAM joins the `{key}` of `Globals` to the function's own, and takes one architecture only"
            return Undecided(reason=reason, place=self._document.place(node))
        if form.is_list and (item := _only(node)) is not None:
            found = self._stack.intrinsics.evaluate(item)
        value = attribute(found, convert, "Globals" if in_globals else "an anchor" if self._anchored(entry) else "")
        if not isinstance(found, Known) or not isinstance(value, Stated):
            return value
        return replace(value, slot=self._generated_or(self._slot(key, entry, found, form, in_globals=in_globals)))

    def _slot(self, key: str, entry: Entry, found: Known, form: Form, *, in_globals: bool) -> Slot | NoSlot:
        if not in_globals:
            return (
                self._addition(key, form, "") if entry.merged else self._literal_or_expression(entry, found, form, "")
            )
        others = self._stack.others(key, self._resource.name)
        note = f"`{key}` of `Globals` at {found.place.path.name}:{found.place.line}"
        note += f" also serves {others}" if others else ""
        if form.is_list and isinstance(entry.value, yaml.SequenceNode):
            # A list of the function's own would be joined to this one, and two architectures are refused.
            return self._literal_or_expression(entry, found, form, note)
        own = self._own.get(key)
        if own is not None and not own.merged:  # an `Fn::If` that gives `AWS::NoValue`, and so what `Globals` says
            return self._replaced(own, form, note)
        return self._addition(key, form, note)

    def _addition(self, key: str, form: Form, note: str) -> Slot | NoSlot:
        shared = self._document.entries(self._resource.entry.value).get("Properties")
        if shared is not None and (shared.merged or self._document.is_alias(shared)):
            return NoSlot(reason=f"the properties at {self._place} are another resource's, by an alias")
        return self._document.addition(self._resource.properties, key, form.before, form.after, note=note)

    def _generated_or(self, slot: Slot | NoSlot) -> Slot | NoSlot:
        if self._generated:
            construct = self._metadata("aws:cdk:path") or self._resource.name
            return NoSlot(reason=f"the template is synthesized: change the construct `{construct}`")
        return slot

    @property
    def _is_json(self) -> bool:
        return self._document.text.content.lstrip().startswith("{")

    def _literal_or_expression(self, entry: Entry, result: Known, form: Form, note: str) -> Slot | NoSlot:
        plain = isinstance(result.node, yaml.ScalarNode) and not result.node.tag.startswith("!")
        if plain and not result.via and not self._document.is_alias(entry):
            return self._document.literal(result.node, note=note)
        if not result.via:
            return self._replaced(entry, form, note)
        name = result.via[0]
        if plain and self._alone(result):
            limits = self._limits(name)
            return NoSlot(reason=limits) if limits else result.document.literal(result.node, note=note)
        where = f"{result.place.path.name}:{result.place.line}"
        note = note or f"until now the value came from `{name}` ({where}), which stays as it is for its other uses"
        return self._replaced(entry, form, note)

    def _alone(self, result: Known) -> bool:
        """Tell whether the parameters that a value comes through, a parent stack's included, serve nothing else."""
        names = result.via
        if self._stack.references[names[0]] != 1:
            return False
        return len(names) == 1 or (len(names) == 2 and references(result.document)[names[1]] == 1)  # noqa: PLR2004  # one parent

    def _replaced(self, entry: Entry, form: Form, note: str) -> Slot | NoSlot:
        item = _only(entry.value) if form.is_list else None
        if item is not None:
            start, end = item.start_mark.index, item.end_mark.index
            return self._document.text.slot(start, end, prefix=form.quote, suffix=form.quote, note=note)
        return self._document.expression(entry, prefix=form.before, suffix=form.after, note=note)

    def _limits(self, name: str) -> str:
        """Return why a parameter does not take any value, or nothing."""
        parameter = self._document.get(self._document.root, "Parameters", name)
        for key in ("AllowedValues", "AllowedPattern", "MinValue", "MaxValue"):
            node = self._document.get(parameter, key)
            if node is not None:
                return f"`{name}` is limited by its `{key}` at {self._document.place(node)}"
        return ""

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
