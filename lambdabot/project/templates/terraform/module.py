"""A Terraform module: its files, what its names mean, and the modules that it calls."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from tree_sitter import Node

from lambdabot.model import Place, Undecided
from lambdabot.project.templates.source_text import SourceText
from lambdabot.project.templates.terraform.hcl import Attribute, Block, HclFile, text
from lambdabot.project.templates.terraform.hcl_types import completed
from lambdabot.project.templates.terraform.hcl_values import Evaluation, Found, Value

DEEPEST = 5
"""Modules that call modules."""

META_ARGUMENTS = {"source", "version", "providers", "count", "for_each", "depends_on"}

_NAME = re.compile(r"\b((?:var|local)\.[\w-]+)")
_OBJECTS = {("resource", "aws_s3_object"), ("resource", "aws_s3_bucket_object")}
_OBJECT = re.compile(r"(?<!data\.)\baws_s3_(?:bucket_)?object\.([\w-]+)")
_ARCHIVE = re.compile(r"\barchive_file\.([\w-]+)")

_MOST_BY_KEY = 100
"""How many `archive_file`s of a module may depend on a key: each is evaluated for every function that has one."""


def is_archive(block: Block, written: str) -> bool:
    """Tell whether an expression names an `archive_file`."""
    return block.labels[-1] in _ARCHIVE.findall(written)


@dataclass(frozen=True, slots=True)
class Instance:
    """A block as it is applied: with one key of its `for_each`, where it has one."""

    module: "Module"
    block: Block
    key: Value | None = None
    item: Value | None = None

    def value(self, attribute: Attribute | None) -> Value | None:
        """Return an attribute's value; None when it is absent or null."""
        if attribute is None:
            return None
        found = self.evaluate(attribute.expression, attribute.file)
        return None if isinstance(found, Found) and found.value is None else found

    def get(self, key: str) -> Value | None:
        """Return the value of one of the block's attributes."""
        return self.value(self.block.attributes.get(key))

    def evaluate(self, node: Node, file: HclFile) -> Value:
        """Return what an expression of the block amounts to."""
        return Evaluation(self).value(node, file)

    def name(self, path: Sequence[str], file: HclFile, node: Node) -> tuple[Value, int] | None:
        """Return what a name means inside the block."""
        match path:
            case ["each", "key", *_] if self.key is not None:
                return self.key, 2
            case ["each", "value", *_] if self.item is not None:
                return self.item, 2
            case ["count", "index", *_]:
                return Found(0, file, node, ("count.index",)), 2
        return self.module.name(path, file, node)

    @property
    def shared(self) -> bool:
        """Tell whether the block's text stands for several functions."""
        return self.key is not None or self.module.shared

    @property
    def keys(self) -> list[Node]:
        """Return where the keys are written that it has of its own `for_each` and of those of the calls around it."""
        around = self.module.call.keys if self.module.call else []
        return [self.key.node, *around] if isinstance(self.key, Found) else around

    @property
    def uncounted(self) -> bool:
        """Tell whether this one stands for all keys of a `for_each` that is not decided, its own or a call's."""
        return isinstance(self.key, Undecided) or (self.module.call is not None and self.module.call.uncounted)


class Module:
    """One folder of files with the variables that it is given; `call` is the block that calls it."""

    def __init__(
        self,
        folder: Path,
        files: Sequence[HclFile],
        *,
        root: Path,
        given: Mapping[str, Value] | None = None,
        call: Instance | None = None,
        shared: bool = False,
    ) -> None:
        """Read nothing yet. `root` is the folder where Terraform runs; `shared` when it is called more than once."""
        self.folder = folder
        self.root = root
        self.call = call
        self.shared = shared
        self._files = files
        self._given = given or {}
        self._values: dict[str, Value] = {}

    @cached_property
    def blocks(self) -> list[Block]:
        """Return the blocks of all its files."""
        return [block for file in self._files for block in file.blocks()]

    @cached_property
    def _variables(self) -> dict[str, Block]:
        return {block.labels[0]: block for block in self.blocks if block.kind == "variable" and block.labels}

    @cached_property
    def _locals(self) -> dict[str, Attribute]:
        return {
            name: attribute
            for block in self.blocks
            if block.kind == "locals"
            for name, attribute in block.attributes.items()
        }

    @cached_property
    def _resources(self) -> dict[tuple[str, str, str], Block]:
        return {
            (block.kind, *block.labels): block
            for block in self.blocks
            if block.kind in {"resource", "data"} and len(block.labels) == 2  # noqa: PLR2004  # its type and its name
        }

    def block(self, kind: str, *labels: str) -> Block | None:
        """Return the block of a kind with these labels."""
        return self._labelled.get((kind, *labels))

    @cached_property
    def _labelled(self) -> dict[tuple[str, ...], Block]:
        return {(block.kind, *block.labels): block for block in self.blocks}

    @cached_property
    def references(self) -> Counter[str]:
        """Return how often `var.x` and `local.x` are used."""
        return Counter(name for file in self._files for name in _NAME.findall(file.text.content))

    def holder(self, path: Path) -> "Module | None":
        """Return the module that a file is of: this one, or one of those that call it."""
        if path in self._texts:
            return self
        return self.call.module.holder(path) if self.call else None

    def written(self, place: Place) -> str:
        """Return the rest of a line from a place on, in one of its files."""
        return self._texts[place.path].line_text(place.line - 1)[place.column - 1 :]

    @cached_property
    def _texts(self) -> dict[Path, SourceText]:
        return {file.text.path: file.text for file in self._files}

    def archives(self, written: str, output: Value | None, *, keyed: bool) -> list[Block]:
        """Return the `archive_file`s that may be meant by a function's `filename`, by its text or by its value.

        They are looked up, not tried one by one: a file may hold thousands of them, and of functions.
        """
        everyone, by_output, by_key = self._archives
        value = output.value if isinstance(output, Found) and isinstance(output.value, str) else None
        named = [everyone[label] for label in _ARCHIVE.findall(written) if label in everyone]
        found = [*named, *by_output.get(value or "", ()), *(by_key if keyed else ())]
        return list({id(block): block for block in found}.values())

    def objects(self, written: str, bucket: Value | None, key: Value | None) -> list[Block]:
        """Return the objects of S3 that are meant by a function's bucket and key, by their text or by their values."""
        by_name, by_key = self._objects
        named = [by_name[label] for label in _OBJECT.findall(written) if label in by_name]
        value = key.value if isinstance(key, Found) and isinstance(key.value, str) else ""
        return named or [
            block for block in by_key.get(value, ()) if _may_be(Instance(self, block).get("bucket"), bucket)
        ]

    @cached_property
    def _objects(self) -> tuple[dict[str, Block], dict[str, list[Block]]]:
        """Return the objects that are uploaded to S3 by name, and by their key."""
        by_name = {name: block for (way, kind, name), block in self._resources.items() if (way, kind) in _OBJECTS}
        by_key: dict[str, list[Block]] = {}
        for block in by_name.values():
            key = Instance(self, block).get("key")
            if isinstance(key, Found) and isinstance(key.value, str):
                by_key.setdefault(key.value, []).append(block)
        return by_name, by_key

    @cached_property
    def _archives(self) -> tuple[dict[str, Block], dict[str, list[Block]], list[Block]]:
        """Return the `archive_file`s by name, by what they write, and the first that write something for each key."""
        everyone = {key[-1]: block for key, block in self._resources.items() if key[1] == "archive_file"}
        by_output: dict[str, list[Block]] = {}
        by_key: list[Block] = []
        for block in everyone.values():
            output = Instance(self, block).get("output_path")
            if isinstance(output, Found) and isinstance(output.value, str):
                by_output.setdefault(output.value, []).append(block)
            elif len(by_key) < _MOST_BY_KEY:
                by_key.append(block)
        return everyone, by_output, by_key

    def name(self, path: Sequence[str], file: HclFile, node: Node) -> tuple[Value, int] | None:
        """Return what a dotted path begins with, and how many of its parts that is; None when it is not known."""
        match path:
            case ["var" | "local" as kind, name, *_]:
                return self._named(kind, name, file, node), 2
            case ["path", "module" | "root" | "cwd" as which, *_]:
                return Found(str(self.folder if which == "module" else self.root), file, node, (f"path.{which}",)), 2
            case ["terraform", "workspace", *_]:
                return Found("default", file, node, ("terraform.workspace",)), 2
            case ["data", kind, name, attribute, *_]:
                return self._argument(("data", kind, name), attribute, 4)
            case [kind, name, attribute, *_]:
                return self._argument(("resource", kind, name), attribute, 3)
        return None

    def _named(self, kind: str, name: str, file: HclFile, node: Node) -> Value:
        full = f"{kind}.{name}"
        if full not in self._values:
            if kind == "var" and name not in self._given and name not in self._variables:
                return Undecided(reason=f"there is no variable `{name}`", place=file.place(node))
            if kind == "local" and name not in self._locals:
                return Undecided(reason=f"there is no local value `{name}`", place=file.place(node))
            self._values[full] = Undecided(reason=f"`{full}` needs itself", place=file.place(node))
            found = self._variable(name) if kind == "var" else self._local(name)
            self._values[full] = replace(found, via=(full, *found.via)) if isinstance(found, Found) else found
        return self._values[full]

    def _variable(self, name: str) -> Value:
        """Return what a variable is given, or its default, completed by its type."""
        block = self._variables.get(name)
        if block is None:
            return self._given[name]
        instance = Instance(self, block)
        marked = block.attributes.get("sensitive")
        if marked is not None and text(marked.expression) == "true":
            return Undecided(reason=f"the variable `{name}` is a secret, as its `sensitive` says", place=block.place)
        default, constraint = block.attributes.get("default"), block.attributes.get("type")
        found = self._given.get(name)
        if default is not None and (found is None or _refused(found, instance)):
            found = instance.evaluate(default.expression, default.file)
        if found is None:
            return Undecided(reason=f"the variable `{name}` has no default", place=block.place)
        if constraint is None:
            return found
        return completed(found, constraint.expression, constraint.file, instance.evaluate)

    def _local(self, name: str) -> Value:
        attribute = self._locals[name]
        return Evaluation(self).value(attribute.expression, attribute.file)

    def _argument(self, key: tuple[str, str, str], attribute: str, used: int) -> tuple[Value, int] | None:
        """Return an attribute of a resource that the files themselves write."""
        block = self._resources.get(key)
        written = block.attributes.get(attribute) if block else None
        if block is None or written is None:
            return None
        return Instance(self, block).evaluate(written.expression, written.file), used

    def default(self, name: str) -> Attribute | None:
        """Return the default of `var.x` where that holds, as nothing else is given."""
        kind, _, variable = name.partition(".")
        block = self._variables.get(variable) if kind == "var" and not self.is_given(variable) else None
        return block.attributes.get("default") if block else None

    def is_given(self, variable: str) -> bool:
        """Tell whether a variable's value comes from outside the module's own files."""
        return variable in self._given

    def instances(self, block: Block) -> list[Instance]:
        """Return what a block is applied as: nothing for `count = 0`, one for each key of a decided `for_each`.

        One stands for all keys of a `for_each` that is not decided.
        """
        single = Instance(self, block)
        count, each = single.get("count"), single.get("for_each")
        if isinstance(count, Found) and count.value in {0, "0"}:
            return []
        if isinstance(each, Found) and isinstance(each.value, dict):
            return [
                Instance(self, block, Found(key, each.file, each.node), _with_each(item, each.via))
                for key, item in each.value.items()
            ]
        if isinstance(each, Found) and isinstance(each.value, list):
            return [Instance(self, block, item, item) for item in each.value]
        if isinstance(each, Undecided):
            unknown = Undecided(reason=f"`for_each` is not decided: {each.reason}", place=each.place)
            return [Instance(self, block, unknown, unknown)]
        return [single]


def _may_be(one: Value | None, other: Value | None) -> bool:
    return not (isinstance(one, Found) and isinstance(other, Found) and one.value != other.value)


def _refused(found: Value, variable: Instance) -> bool:
    """Tell whether what a variable is given counts as nothing: null, where it is not `nullable`."""
    nullable = variable.get("nullable")
    return isinstance(found, Found) and found.value is None and isinstance(nullable, Found) and nullable.value is False


def _with_each(item: Value, via: tuple[str, ...]) -> Value:
    return replace(item, via=(*item.via, *via)) if isinstance(item, Found) else item
