"""Lambda functions of a serverless.yml (Serverless Framework 3 and 4)."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TypeVar

import yaml

from lambdabot.model import (
    Architecture,
    Attribute,
    Declaration,
    DeclaredLayer,
    NoSlot,
    Selection,
    Slot,
    Stated,
    Undecided,
)
from lambdabot.model.selection import ALL
from lambdabot.project.builds.serverless import ServerlessBuild
from lambdabot.project.templates import attributes
from lambdabot.project.templates.attributes import FRAMEWORK_DEFAULT
from lambdabot.project.templates.cloudformation.intrinsics import Known, attribute, called, long_form
from lambdabot.project.templates.serverless.events import Events
from lambdabot.project.templates.serverless.service import Body, Service
from lambdabot.project.templates.unforeseen import guarded
from lambdabot.project.templates.yaml_nodes import Document, Entry, Node
from lambdabot.workspace import Workspace

T = TypeVar("T")

DEFAULT_MEMORY_MB = 1024
DEFAULT_TIMEOUT_SECONDS = 6
"""Serverless Framework, "Serverless.yml Reference"."""


def is_service(document: Document) -> bool:
    """Tell whether a document is a service's, on AWS as far as it says."""
    if not {"service", "provider"} <= document.entries(document.root).keys():
        return False
    provider = document.get(document.root, "provider")
    name = document.get(provider, "name") or provider
    return not isinstance(name, yaml.ScalarNode) or name.value == "aws" or "${" in str(name.value)


def functions(document: Document, workspace: Workspace) -> Iterator[Declaration | Undecided]:
    """Yield a service's functions, and what stands for functions that the files do not decide."""
    service = Service(document, workspace)
    build = ServerlessBuild(document.text.path.parent, workspace)
    bodies = service.functions()
    events = Events(service, [one for one in bodies if isinstance(one, Body)])
    for found in bodies:
        yield (
            found
            if isinstance(found, Undecided)
            else guarded(partial(_read, service, found, events, build), found.place)
        )


def _read(service: Service, body: Body, events: Events, build: ServerlessBuild) -> Declaration:
    return build.built(_Function(service, body, events).declaration(), body.name)


class _Function:
    """One function on its way to a Declaration."""

    def __init__(self, service: Service, body: Body, events: Events) -> None:
        self.name = body.name
        self.own = body.own
        self._service = service
        self._body = body
        self._events = events
        self._document = body.document
        self._node = body.node
        self.place = body.place
        self._shared = body.shared
        self._folder = service.document.text.path.parent

    def declaration(self) -> Declaration:
        """Return what the service says of the function."""
        environment, undecided = self._environment()
        return Declaration(
            name=self.name,
            family="serverless",
            place=self.place,
            function_name=self._get("name", attributes.text, provider=False),
            runtime=self._get("runtime", attributes.text) or self._no_runtime(),
            handler=self._handler(),
            code=self._code(),
            selection=self._selection(),
            builder=self._service.builder,
            memory_mb=self._get("memorySize", attributes.number, default=DEFAULT_MEMORY_MB),
            architecture=self._get("architecture", attributes.architecture, default=Architecture.X86_64.value),
            timeout_seconds=self._get("timeout", attributes.number, default=DEFAULT_TIMEOUT_SECONDS),
            environment=environment,
            environment_undecided=undecided,
            layers=self._layers(),
            events=tuple(self._events.of(self._body)),
            reserved_concurrency=self._get("reservedConcurrency", attributes.number, provider=False),
            provisioned_concurrency=self._get("provisionedConcurrency", attributes.number, provider=False),
            ephemeral_storage_mb=self._get("ephemeralStorageSize", attributes.number, provider=False),
        )

    def _found(self, key: str, *, provider: bool = True) -> tuple[Entry, Document, str] | None:
        """Return where a key is written: in the function, or in `provider`."""
        if key in self.own:
            entry = self.own[key]
            return entry, self._document, "an anchor" if entry.merged else ""
        inherited = self._service.provider
        if provider and key in inherited.entries:
            return inherited.entries[key], inherited.document, "provider"
        return None

    def _get(
        self, key: str, convert: Callable[..., Attribute[T]], *, provider: bool = True, default: object = None
    ) -> Attribute[T]:
        """Return a key's value with its slot; the framework's default where none is given."""
        found = self._found(key, provider=provider)
        undecided = self._service.provider.undecided
        if found is None and provider and undecided is not None:
            return undecided
        quote = '"' if self._document.text.path.suffix == ".json" and convert != attributes.number else ""
        if found is None:
            if default is None:
                return None
            return attributes.editable(
                convert(default, self.place, FRAMEWORK_DEFAULT), self._addition(key, quote, note="")
            )
        entry, document, inherited = found
        value = self._attribute(entry.value, document, convert, inherited)
        if not isinstance(value, Stated):
            return value
        if not inherited:
            return replace(value, slot=self._written(entry, document))
        others = self._service.others(key, self.name) if inherited == "provider" else ""
        note = f"`{key}` of {inherited} at {value.place.path.name}:{value.place.line}"
        note += f" also serves {others}" if others else ""
        return replace(value, slot=self._addition(key, quote, note=note))

    def _attribute(
        self, node: Node, document: Document, convert: Callable[..., Attribute[T]], inherited: str = ""
    ) -> Attribute[T]:
        result = self._service.variables.resolve(node, document)
        if isinstance(result, Known) and (call := called(result.node)):
            reason = f"`{long_form(call[0])}` is known only when deployed"
            return Undecided(reason=reason, place=result.place)
        return attribute(result, convert, inherited)

    def _written(self, entry: Entry, document: Document) -> Slot | NoSlot:
        """Return the slot of a function's own value: its literal, or the variable that stands there."""
        result = self._service.variables.resolve(entry.value, document)
        if not isinstance(result, Known):
            return NoSlot(reason=result.reason)
        plain = isinstance(result.node, yaml.ScalarNode) and "${" not in str(result.node.value)
        if plain and not result.via and not document.is_alias(entry):
            return document.literal(result.node)
        own = len(result.via) == 1 and result.via[0].startswith("self:custom") and result.document is document
        if plain and own and self._service.serves_one(result.via[0]):
            return document.literal(result.node)
        note = f"until now the value came from {attributes.named(result.via[0])}" if result.via else ""
        if result.via and isinstance(entry.value, yaml.ScalarNode) and not document.is_alias(entry):
            return document.literal(entry.value, note=note)
        return document.expression(entry, note=note)

    def _addition(self, key: str, quote: str, *, note: str) -> Slot | NoSlot:
        if self._shared:
            return NoSlot(reason=f"the function at {self.place} is another one's, by an alias")
        return self._document.addition(self._node, key, quote, quote, note=note)

    def _no_runtime(self) -> Undecided | None:
        reason = "no runtime is given, and the framework's default, a Node.js, is another in each of its versions"
        return None if "image" in self.own else Undecided(reason=reason, place=self.place)

    def _handler(self) -> Attribute[str]:
        handler = self._get("handler", attributes.text, provider=False)
        module = self._module()
        if isinstance(handler, Stated) and module and handler.value.startswith(f"{module}/"):
            return Stated(value=handler.value.removeprefix(f"{module}/"), place=handler.place)
        return handler

    def _module(self) -> str:
        """Return the folder that serverless-python-requirements packages a function from."""
        module = self._get("module", attributes.text, provider=False)
        return module.value.strip("/") if isinstance(module, Stated) else ""

    def _code(self) -> Attribute[Path | str]:
        image = self.own.get("image")
        if image is not None:
            return self._image(image)
        artifact = self._artifact()
        if artifact is not None:
            return artifact
        if self._service.package.undecided is not None:
            return self._service.package.undecided
        return attributes.code(self._module() or ".", self._folder, self.place)

    def _artifact(self) -> Attribute[Path | str]:
        """Return the zip that the user builds, where the function or the service names one."""
        own, shared = self._document.entries(self._value(self.own.get("package"))), self._service.package
        for package, document in ((own, self._document), (shared.entries, shared.document)):
            if "artifact" in package:
                return self._attribute(
                    package["artifact"].value,
                    document,
                    lambda value, place, _: attributes.code(value, self._folder, place),
                )
        return None

    def _selection(self) -> Selection:
        """Return which files of the service's folder are the package."""
        if "image" in self.own or self._artifact() is not None:
            return ALL
        own = self.own.get("package")
        found = None if own is None else self._service.variables.resolve(own.value, self._document)
        node, document = (found.node, found.document) if isinstance(found, Known) else (None, self._document)
        return self._service.packaging.of(node, document).below(PurePosixPath(self._module()))

    def _image(self, image: Entry) -> Attribute[Path | str]:
        node = self._value(image)
        entries = self._document.entries(node)
        written = entries.get("uri") or entries.get("name") or image
        name = self._attribute(written.value, self._document, attributes.text)
        if not isinstance(name, Stated):
            return name
        ecr = self._service.provider.entries.get("ecr")
        images = self._document.get(ecr.value, "images", name.value) if ecr else None
        if isinstance(images, yaml.MappingNode) and "uri" in self._document.entries(images):
            name = self._attribute(self._document.entries(images)["uri"].value, self._document, attributes.text)
        elif images is not None:
            reason = f"the image `{name.value}` is built from a Dockerfile: give the image as `source`"
            return Undecided(reason=reason, place=name.place)
        return attributes.code(name.value, self._folder, name.place) if isinstance(name, Stated) else name

    def _value(self, entry: Entry | None) -> Node | None:
        found = None if entry is None else self._service.variables.resolve(entry.value, self._document)
        return found.node if isinstance(found, Known) else None

    def _environment(self) -> tuple[dict[str, Attribute[str]], Undecided | None]:
        variables: dict[str, Attribute[str]] = {}
        undecided = self._service.provider.undecided
        for entries, document, inherited in (
            (self._service.provider.entries, self._service.provider.document, "provider"),
            (self.own, self._document, ""),
        ):
            entry = entries.get("environment")
            if entry is None:
                continue
            found = self._service.variables.resolve(entry.value, document)
            if isinstance(found, Undecided):
                undecided = found
                continue
            for key, variable in found.document.entries(found.node).items():
                variables[key] = self._attribute(variable.value, found.document, attributes.text, inherited)
        return variables, undecided

    def _layers(self) -> tuple[Attribute[str | DeclaredLayer], ...]:
        found = self._found("layers")
        if found is None:
            return ()
        result = self._service.variables.resolve(found[0].value, found[1])
        if isinstance(result, Undecided):
            return (result,)
        if not isinstance(result.node, yaml.SequenceNode):
            return (Undecided(reason="the layers are no list", place=result.place),)
        return tuple(self._layer(item, result.document, found[2]) for item in result.node.value)

    def _layer(self, node: Node, document: Document, inherited: str) -> Attribute[str | DeclaredLayer]:
        """Return a layer's ARN, or the contents of the service's own that `Ref` names."""
        ref = node if node.tag == "!Ref" else document.get(node, "Ref")
        if isinstance(ref, yaml.ScalarNode):
            return self._service.layer(str(ref.value), document.place(node), inherited)
        return self._attribute(node, document, attributes.text, inherited)
