"""A service of the Serverless Framework: its sections, its functions as they are written, and what they inherit."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial

import yaml

from lambdabot.model import Attribute, DeclaredLayer, Place, Stated, Undecided
from lambdabot.project.templates.cloudformation.intrinsics import Known
from lambdabot.project.templates.cloudformation.stack import in_words
from lambdabot.project.templates.serverless.layers import declared, logical_name
from lambdabot.project.templates.serverless.package import Packaging
from lambdabot.project.templates.serverless.variables import Variables
from lambdabot.project.templates.unforeseen import guarded
from lambdabot.project.templates.yaml_nodes import Document, Entry, Node
from lambdabot.workspace import Workspace

BUILDERS = {
    "serverless-esbuild",
    "serverless-webpack",
    "serverless-bundle",
    "serverless-plugin-typescript",
    "serverless-go-plugin",
    "serverless-rust",
}
"""Plugins that make the code of functions, and do not only add to it."""

_OWN_VALUE = re.compile(r"\bself:[\w.-]*\w")


@dataclass(frozen=True, slots=True)
class Section:
    """A mapping at the service's top, in whichever file it is written."""

    document: Document
    entries: Mapping[str, Entry]
    undecided: Undecided | None = None


@dataclass(frozen=True, slots=True)
class Body:
    """What is written of one function, in whichever file; `shared` by an alias with another one."""

    name: str
    document: Document
    node: Node
    place: Place
    shared: bool

    @property
    def own(self) -> Mapping[str, Entry]:
        """Return the function's own keys."""
        return self.document.entries(self.node)


class Service:
    """A service's sections, and what its functions have in common."""

    def __init__(self, document: Document, workspace: Workspace) -> None:
        """Resolve the sections that functions inherit from."""
        self.document = document
        self.variables = Variables(document, workspace)
        self.provider = self._section("provider")
        self.package = self._section("package")
        self.packaging = Packaging(document, self.variables, workspace)
        self._heirs: dict[str, list[str]] = {}

    def _section(self, key: str) -> Section:
        node = self.document.get(self.document.root, key)
        if node is None:
            return Section(self.document, {})
        found = self.variables.resolve(node, self.document)
        if isinstance(found, Undecided):
            reason = f"`{key}` is not decided: {found.reason}"
            return Section(self.document, {}, Undecided(reason=reason, place=found.place))
        return Section(found.document, found.document.entries(found.node))

    def functions(self) -> list[Body | Undecided]:
        """Return what is written of each function, and why another is not decided."""
        node = self.document.get(self.document.root, "functions")
        found = [] if node is None else list(self._functions(node, self.document))
        for one in found:
            if isinstance(one, Body):
                for key in self.provider.entries.keys() - one.own.keys():
                    self._heirs.setdefault(key, []).append(one.name)
        return found

    @cached_property
    def _layers(self) -> Section:
        return self._section("layers")

    def layer(self, reference: str, place: Place, inherited: str) -> Attribute[str | DeclaredLayer]:
        """Return the layer that a `Ref` at a place names: the service's own, or else by the reference itself."""
        section = self._layers
        name = next((one for one in section.entries if logical_name(one) == reference), None)
        if name is None:
            return section.undecided or Stated(value=reference, place=place, inherited=inherited)
        found = self.variables.resolve(section.entries[name].value, section.document)
        folder = self.document.text.path.parent
        layer = declared(name, found, self.variables, folder=folder, place=place)
        return replace(layer, inherited=inherited) if isinstance(layer, Stated) else layer

    def others(self, key: str, name: str) -> str:
        """Return the other functions that a value of `provider` serves, in words."""
        heirs = self._heirs.get(key, [])
        return in_words([heir for heir in heirs[:5] if heir != name], len(heirs) - 1)

    def serves_one(self, name: str) -> bool:
        """Tell whether `self:` and a value's whole address stand once in the file, and what it is a part of nowhere."""
        parts = name.split(".")
        return self._uses[name] == 1 == sum(self._uses[".".join(parts[: end + 1])] for end in range(len(parts)))

    @cached_property
    def builder(self) -> str:
        """Return the plugin that makes the functions' code, empty where the framework takes it as it lies there."""
        written = self.document.get(self.document.root, "plugins")
        found = None if written is None else self.variables.resolve(written, self.document)
        listed = found.node if isinstance(found, Known) else None
        if isinstance(found, Known) and isinstance(listed, yaml.MappingNode):
            listed = found.document.get(listed, "modules")
        names = [str(one.value) for one in listed.value] if isinstance(listed, yaml.SequenceNode) else []
        return next((name for name in names if name in BUILDERS), "")

    @cached_property
    def _uses(self) -> Counter[str]:
        return Counter(_OWN_VALUE.findall(self.document.text.content))

    def _functions(self, node: Node, document: Document, depth: int = 0) -> Iterator[Body | Undecided]:
        """Yield the functions of a mapping, or of a list of mappings, each of which may be another file's."""
        found = self.variables.resolve(node, document)
        if isinstance(found, Undecided):
            yield Undecided(reason=f"the functions are not decided: {found.reason}", place=found.place)
        elif isinstance(found.node, yaml.SequenceNode) and depth < 3:  # noqa: PLR2004  # lists of files of lists
            for item in found.node.value:
                yield from self._functions(item, found.document, depth + 1)
        else:
            document = found.document
            for name, entry in document.entries(found.node).items():
                yield guarded(partial(self._function, name, entry, document), document.place(entry.key))

    def _function(self, name: str, entry: Entry, document: Document) -> Body | Undecided:
        body = self.variables.resolve(entry.value, document)
        if isinstance(body, Undecided):
            return Undecided(reason=f"the function `{name}` is not decided: {body.reason}", place=body.place)
        place = document.place(entry.key)
        if not isinstance(body.node, yaml.MappingNode):
            return Undecided(reason=f"the function `{name}` is left out: it is no mapping", place=place)
        return Body(name, body.document, body.node, place, shared=document.is_alias(entry))
