"""What `sam build` has left: a folder for each function, named in a template of its own (AWS SAM CLI, "sam build")."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from lambdabot.model import Attribute, Declaration, DeclaredLayer, Stated, Undecided
from lambdabot.project.builds.built import Outputs
from lambdabot.project.templates.cloudformation import template
from lambdabot.project.templates.cloudformation.stack import STACKS, Stack, is_template
from lambdabot.project.templates.source_text import SourceText, TemplateError
from lambdabot.project.templates.yaml_nodes import documents
from lambdabot.workspace import Workspace

BUILD = Path(".aws-sam", "build", "template.yaml")

Layers = tuple[Attribute[str | DeclaredLayer], ...]

DEEPEST = 3
"""Stacks in stacks whose builds are looked for."""


class SamBuilds:
    """The builds of a repository's stacks, each read once."""

    def __init__(self, workspace: Workspace) -> None:
        """Read nothing yet."""
        self._workspace = workspace
        self._known: dict[Path, Stack | None] = {}  # by the built template
        self._outputs = Outputs(workspace)

    def of(self, stacks: Sequence[Stack]) -> Mapping[Path, Stack]:
        """Return the built template of each template that has one, by the template's real path; nested ones as well."""
        found: dict[Path, Stack] = {}
        for stack in stacks:
            if (built := self._next_to(stack)) is not None:
                self._pair(stack, built, found, {one.document.text.path.resolve(): one for one in stacks}, DEEPEST)
        return found

    def built(
        self, functions: Iterator[Declaration | Undecided], build: Stack | None
    ) -> Iterator[Declaration | Undecided]:
        """Yield a template's functions, with what a build of it has for them, and what is told of others."""
        folders, layers = (_folders(build), _layers(build)) if build is not None else ({}, {})
        for one in functions:
            if build is None or isinstance(one, Undecided):
                yield one
                continue
            layered = _with_layers(one, layers.get(one.name, ()), self._workspace)
            if one.name in folders:
                yield self._outputs.given(layered, folders[one.name], made=build.document.text.path)
            else:
                yield layered

    def _pair(
        self, stack: Stack, built: Stack, found: dict[Path, Stack], all_: Mapping[Path, Stack], depth: int
    ) -> None:
        found[stack.document.text.path.resolve()] = built
        if depth == 0:
            return
        theirs = dict(_nested(built))
        for name, path in _nested(stack):
            inner, inner_built = all_.get(path), self._read(theirs[name]) if name in theirs else None
            if inner is not None and inner_built is not None:
                self._pair(inner, inner_built, found, all_, depth - 1)

    def _next_to(self, stack: Stack) -> Stack | None:
        """Return the build beside a template, or one further up that has all its functions: `sam build --template`."""
        path = stack.document.text.path
        for folder in path.parents:
            if not self._workspace.holds(folder):
                return None
            built = self._read(folder / BUILD) if folder / BUILD != path else None
            if built is not None and (folder == path.parent or _names(stack) <= _names(built)):
                return built
        return None

    def _read(self, path: Path) -> Stack | None:
        if path not in self._known:
            self._known[path] = self._stack(path) if self._workspace.is_file(path) else None
        return self._known[path]

    def _stack(self, path: Path) -> Stack | None:
        try:
            read = [Stack(one, {}) for one in documents(SourceText.read(path, self._workspace)) if is_template(one)]
        except TemplateError:
            return None
        return read[0] if read else None


def _folders(build: Stack) -> dict[str, Path]:
    """Return the folders of a build by function; code that a template itself holds is not built."""
    read = [one for one in template.functions(build) if isinstance(one, Declaration) and not one.selection.texts]
    return {
        one.name: code.value for one in read if isinstance(code := one.code, Stated) and isinstance(code.value, Path)
    }


def _layers(build: Stack) -> dict[str, Layers]:
    return {one.name: one.layers for one in template.functions(build) if isinstance(one, Declaration)}


def _with_layers(one: Declaration, built: Layers, workspace: Workspace) -> Declaration:
    """Return a function with the layers that the build made, where it has them; they stand in the same order."""
    if len(built) != len(one.layers):
        return one
    kept = (
        replace(its, place=own.place)
        if own is not None
        and isinstance(its, Stated)
        and isinstance(its.value, DeclaredLayer)
        and workspace.is_dir(its.value.source)
        else own
        for own, its in zip(one.layers, built, strict=True)
    )
    return replace(one, layers=tuple(kept))


def _names(stack: Stack) -> set[str]:
    return {one.name for one in stack.of_kind(*template.FUNCTIONS)}


def _nested(stack: Stack) -> Iterator[tuple[str, Path]]:
    for resource in stack.of_kind(*STACKS):
        location = stack.value(stack.document.get(resource.properties, STACKS[resource.kind]))
        if isinstance(location, str) and "://" not in location and "\0" not in location:
            yield resource.name, (stack.document.text.path.parent / location).resolve()
