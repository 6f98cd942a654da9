"""Which files the Serverless Framework packages (serverless 3, lib/plugins/package/lib/package-service.js)."""

from dataclasses import replace
from functools import cached_property

import yaml

from lambdabot.model import Place, Selection, Undecided
from lambdabot.project.templates.cloudformation.intrinsics import Known
from lambdabot.project.templates.serverless.node_modules import MODULES, TooManyError, of_development
from lambdabot.project.templates.serverless.variables import Variables
from lambdabot.project.templates.yaml_nodes import Document, Node
from lambdabot.workspace import Workspace

DEFAULT_EXCLUDES = (
    ".git/**",
    ".gitignore",
    ".DS_Store",
    "npm-debug.log",
    "yarn-*.log",
    ".serverless/**",
    ".serverless_plugins/**",
)

_ENV_FILES = ".env*"
"""What `useDotenv` reads, and leaves out."""

_INCLUDES = ("include", "patterns")
_DEVELOPMENT = "excludeDevDependencies"

Written = tuple[str, Place]


class Packaging:
    """What a service says of its package, and each function of its own."""

    def __init__(self, document: Document, variables: Variables, workspace: Workspace) -> None:
        """Read nothing yet."""
        self._document = document
        self._variables = variables
        self._workspace = workspace
        self._folder = document.text.path.parent

    def of(self, own: Node | None, document: Document) -> Selection:
        """Return which files are the package of a function, whose own `package` is a node of a document."""
        alone = own is not None and (self._is_true(own, "individually", document) or self._individually)
        return self._selection(own, document) if alone else self._of_service

    @cached_property
    def _of_service(self) -> Selection:
        return self._selection(None, self._document)

    @cached_property
    def _service(self) -> tuple[Node, Document] | None:
        node = self._document.get(self._document.root, "package")
        found = None if node is None else self._variables.resolve(node, self._document)
        return (found.node, found.document) if isinstance(found, Known) else None

    @cached_property
    def _individually(self) -> bool:
        return self._service is not None and self._is_true(self._service[0], "individually", self._service[1])

    def _selection(self, own: Node | None, document: Document) -> Selection:
        """Return the selection of a package: what is excluded first, then what is included, each pattern once."""
        notes: list[Undecided] = []

        def of_service(key: str) -> list[Written]:
            return [] if self._service is None else self._listed(self._service[0], key, self._service[1], notes)

        def of_function(key: str) -> list[Written]:
            return [] if own is None else self._listed(own, key, document, notes)

        excluded = _once([*self._excluded, *of_service("exclude"), *self._layers, *of_function("exclude")])
        included = [entry for part in (of_service, of_function) for key in _INCLUDES for entry in part(key)]
        patterns = [(one[1:] if one.startswith("!") else f"!{one}", place) for one, place in excluded]
        selection = Selection.of([*patterns, *_once(included)])
        apart, told = self._of_development
        notes += [*selection.notes, *told]
        return replace(selection, apart=apart, notes=tuple(notes))

    @cached_property
    def _excluded(self) -> list[Written]:
        """Return what is excluded by default."""
        names = [*DEFAULT_EXCLUDES, self._document.text.path.name]
        plugins = self._document.get(self._document.root, "plugins", "localPath")
        if isinstance(plugins, yaml.ScalarNode):
            names.append(str(plugins.value))
        if self._is_true(self._document.root, "useDotenv", self._document):
            names.append(_ENV_FILES)
        return [(name, Place(path=self._document.text.path, line=1)) for name in names]

    @cached_property
    def _layers(self) -> list[Written]:
        """Return the folders of the service's own layers."""
        document = self._document
        found: list[Written] = []
        for entry in document.entries(document.get(document.root, "layers")).values():
            path = document.get(entry.value, "path")
            value = None if path is None else self._variables.resolve(path, document)
            if isinstance(value, Known) and isinstance(value.value, str):
                found.append((f"{value.value}/**", value.place))
        return found

    def _listed(self, package: Node, key: str, document: Document, notes: list[Undecided]) -> list[Written]:
        """Return the patterns of a list, which may be another file's; one that is not decided becomes a note."""
        node = document.get(package, key)
        found = None if node is None else self._variables.resolve(node, document)
        if isinstance(found, Undecided):
            notes.append(
                Undecided(reason=f"the `{key}` of the package are not decided: {found.reason}", place=found.place)
            )
        if not isinstance(found, Known) or not isinstance(found.node, yaml.SequenceNode):
            return []
        written: list[Written] = []
        for item in found.node.value:
            value = self._variables.resolve(item, found.document)
            if isinstance(value, Known) and isinstance(value.node, yaml.ScalarNode):
                written.append((str(value.value), value.place))
            else:
                reason = value.reason if isinstance(value, Undecided) else "is no text"
                notes.append(
                    Undecided(reason=f"a pattern of `{key}` is not decided: {reason}", place=document.place(item))
                )
        return written

    def _is_true(self, mapping: Node, key: str, document: Document) -> bool:
        return self._value(mapping, key, document) is True

    def _value(self, mapping: Node, key: str, document: Document) -> object:
        node = document.get(mapping, key)
        found = None if node is None else self._variables.resolve(node, document)
        return found.value if isinstance(found, Known) else None

    @cached_property
    def _of_development(self) -> tuple[frozenset[str], tuple[Undecided, ...]]:
        """Return the packages of Node.js that are left out, and why that cannot be told."""
        kept = self._service is not None and self._value(self._service[0], _DEVELOPMENT, self._service[1]) is False
        if kept:
            return frozenset(), ()
        reason = ""
        if self._workspace.is_dir(self._folder / MODULES / ".pnpm"):
            reason = "pnpm's are not read"
        else:
            try:
                return of_development(self._folder, self._workspace), ()
            except TooManyError:
                reason = "there are too many"
        told = f"the packages that `{_DEVELOPMENT}` leaves out are in the package here: {reason}"
        return frozenset(), (Undecided(reason=told, place=Place(path=self._document.text.path, line=1)),)


def _once(patterns: list[Written]) -> list[Written]:
    """Return each pattern where it is first."""
    first: dict[str, Place] = {}
    for pattern, place in patterns:
        first.setdefault(pattern, place)
    return list(first.items())
