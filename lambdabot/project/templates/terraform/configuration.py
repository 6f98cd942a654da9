"""A repository's Terraform files: root modules, the modules that they call, and the functions of all."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from lambdabot.model import Declaration, Place, Undecided
from lambdabot.project.templates.terraform.events import Events
from lambdabot.project.templates.terraform.hcl import Block, HclFile, text
from lambdabot.project.templates.terraform.hcl_values import Found, Value
from lambdabot.project.templates.terraform.module import DEEPEST, META_ARGUMENTS, Instance, Module
from lambdabot.project.templates.terraform.template import MODULE, RESOURCE, Names, TerraformFunction, label_of
from lambdabot.project.templates.unforeseen import told

LAMBDA_MODULE = re.compile(r"(?:^|[/:])terraform-aws-modules/(?:terraform-aws-)?lambda(?:/aws)?(?:\.git)?(?:\?|$)")
"""The module itself: those below it, as in `…/lambda/aws//modules/alias`, make no function."""

WRAPPERS = re.compile(r"terraform-aws-modules/(?:terraform-aws-)?lambda(?:/aws)?(?:\.git)?//wrappers(?:\?|$)")
"""What calls the module for each of its `items`."""

_WITHOUT_FUNCTION = re.compile(r"(?:^|[/:])terraform-aws-modules/")
"""The collection that the module above is of: none of its others makes a function."""

_LAMBDA = re.compile(r"lambda", re.IGNORECASE)

_OF_FUNCTION = {"handler", "runtime", "image_uri", "lambda_handler", "lambda_runtime"}
"""Arguments that none but a function's module takes."""

_PASSWORD = re.compile(r"//[^/@\s]*:[^/@\s]*@")

GIVE = "give its functions in lambdabot.yml"


class Configuration:
    """All Terraform files of a repository, read once, by folder."""

    def __init__(self, files: dict[Path, list[HclFile]]) -> None:
        """Take the files; variables' values (`*.tfvars`) are among them."""
        self.problems: list[Undecided] = []  # functions that are not read, once `functions` is through
        self._files = files

    def functions(self) -> Iterator[Declaration]:
        """Yield the functions of every root module: one that no other of the repository calls."""
        calls = [
            (target, block)
            for folder, files in self._files.items()
            for file in files
            for block in file.blocks()
            if block.kind == "module" and (target := _local_source(folder, block)) is not None
        ]
        targets = [target for target, _ in calls]
        self._often = {target for target, count in Counter(targets).items() if count > 1}
        for folder, files in self._files.items():
            if folder not in targets:
                yield from told(self._of_root(folder, files), Place(path=files[0].text.path, line=1), self.problems)

    def _of_root(self, folder: Path, files: list[HclFile]) -> Iterator[Declaration]:
        yield from self._of_module(Module(folder, _code(files), root=folder, given=_tfvars(files)), "", 0)

    def _of_module(self, module: Module, prefix: str, depth: int) -> Iterator[Declaration]:
        events = Events(module)
        for block in module.blocks:
            yield from told(self._of_block(module, block, prefix, events, depth), block.place, self.problems)

    def _of_block(self, module: Module, block: Block, prefix: str, events: Events, depth: int) -> Iterator[Declaration]:
        if block.kind == "resource" and block.labels[:1] == ("aws_lambda_function",):
            for instance in module.instances(block):
                yield from self._function(instance, RESOURCE, prefix, events)
        elif block.kind == "module" and block.labels:
            yield from self._of_call(module, block, prefix, events, depth)

    def _function(self, instance: Instance, names: Names, prefix: str, events: Events) -> Iterator[Declaration]:
        """Yield one function, or nothing where it cannot be read: others of the same `for_each` may be."""
        read = (TerraformFunction(one, names, prefix, events).declaration() for one in (instance,))
        yield from told(read, instance.block.place, self.problems)

    def _not_read(self, block: Block, reason: str) -> None:
        self.problems.append(Undecided(reason=reason, place=block.place))

    def _of_call(self, module: Module, block: Block, prefix: str, events: Events, depth: int) -> Iterator[Declaration]:
        target = _local_source(module.folder, block)
        name, source = block.labels[-1], _source(block)
        if target is None and LAMBDA_MODULE.search(source):
            for instance in module.instances(block):
                if _makes_a_function(instance):
                    yield from self._function(instance, MODULE, prefix, events)
        elif target is None and WRAPPERS.search(source):
            self._not_read(block, f"the `items` of `{name}` are not read: {GIVE}")
        elif target not in self._files:
            if _may_make_functions(block) and module.instances(block):
                where = f"the module `{name}` comes from {_shown(source)}: it is not read, {GIVE}"
                empty = f"no Terraform files are read in {source}, the folder of the module `{name}`"
                self._not_read(block, where if target is None else f"{empty}: check out submodules, or {GIVE}")
        elif depth >= DEEPEST:
            self._not_read(block, f"the module `{name}` is called more than {DEEPEST} deep: {GIVE}")
        else:
            for instance in module.instances(block):
                given = {
                    key: instance.evaluate(attribute.expression, attribute.file)
                    for key, attribute in block.attributes.items()
                    if key not in META_ARGUMENTS
                }
                child = Module(
                    target,
                    _code(self._files[target]),
                    root=module.root,
                    given=given,
                    call=instance,
                    shared=target in self._often or instance.shared,
                )
                yield from self._of_module(child, f"{prefix}{label_of(instance)}-", depth + 1)


def _may_make_functions(block: Block) -> bool:
    """Tell whether a module that is not read may make functions, by its label, its source or what it is given."""
    source = _source(block)
    if _WITHOUT_FUNCTION.search(source):
        return False
    return bool(_LAMBDA.search(f"{block.labels[-1]} {source}")) or not _OF_FUNCTION.isdisjoint(block.attributes)


def _shown(source: str) -> str:
    """Return a module's source for a message: without what may be a password, and in short."""
    source = _PASSWORD.sub("//", source)
    return source if len(source) <= 80 else f"{source[:77]}..."  # noqa: PLR2004  # a line of a message


def _makes_a_function(instance: Instance) -> bool:
    """Tell whether the module is asked for a function: it also makes layers, packages and aliases alone."""
    for key in ("create", "create_function"):
        found = instance.get(key)
        if isinstance(found, Found) and found.value is False:
            return False
    layer = instance.get("create_layer")
    return not (isinstance(layer, Found) and layer.value is True)


def _code(files: list[HclFile]) -> list[HclFile]:
    return [file for file in files if file.text.path.suffix == ".tf"]


def _tfvars(files: list[HclFile]) -> dict[str, Value]:
    """Return the values that Terraform loads by itself: terraform.tfvars, then *.auto.tfvars in their order."""
    loaded = [
        file
        for file in sorted(files, key=lambda one: (one.text.path.name != "terraform.tfvars", one.text.path.name))
        if file.text.path.name == "terraform.tfvars" or file.text.path.name.endswith(".auto.tfvars")
    ]
    given: dict[str, Value] = {}
    for file in loaded:
        empty = Module(file.text.path.parent, [], root=file.text.path.parent)
        for top in file.top_level():
            instance = Instance(empty, top)
            given.update({key: instance.evaluate(one.expression, file) for key, one in top.attributes.items()})
    return given


def _source(block: Block) -> str:
    written = block.attributes.get("source")
    return text(written.expression).strip('"') if written else ""


def _local_source(folder: Path, block: Block) -> Path | None:
    source = _source(block)
    return (folder / source).resolve() if source.startswith(("./", "../")) and "\0" not in source else None
