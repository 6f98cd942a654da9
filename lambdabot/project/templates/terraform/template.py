"""Lambda functions of Terraform's HCL: `aws_lambda_function` and the terraform-aws-lambda module."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from lambdabot.model import Architecture, Attribute, Declaration, DeclaredLayer, NoSlot, Place, Slot, Stated, Undecided
from lambdabot.model.event_source import explained
from lambdabot.model.selection import ALL
from lambdabot.project.templates import attributes
from lambdabot.project.templates.attributes import AWS_DEFAULT, Form
from lambdabot.project.templates.terraform import layers
from lambdabot.project.templates.terraform.archive import Contents, contents
from lambdabot.project.templates.terraform.events import Events, module_events
from lambdabot.project.templates.terraform.hcl import Attribute as Written
from lambdabot.project.templates.terraform.hcl import text
from lambdabot.project.templates.terraform.hcl_literals import truth
from lambdabot.project.templates.terraform.hcl_values import Found, Value
from lambdabot.project.templates.terraform.module import Instance, Module, is_archive
from lambdabot.project.templates.terraform.module_sources import of_sources
from lambdabot.project.templates.terraform.plan import named

T = TypeVar("T")

ARCHITECTURES = "architectures"

_LITERALS = {"numeric_lit", "string_lit", "template_literal", "quoted_template", "bool_lit"}

_CODE = re.compile(
    r"(?:(?<=^)|(?<=^\"))all(?=\W*$)"
    r"|\b(?:filename|source_code_hash|code_sha256|image_uri|s3_bucket|s3_key|s3_object_version)\b"
)
"""Changes of the code, as `ignore_changes` names them."""

_OF_OBJECT = ("s3_bucket", "s3_key", "s3_object_version", "s3_existing_package")


@dataclass(frozen=True, slots=True)
class Names:
    """What the attributes are called: in the resource, or in the module."""

    code: tuple[str, ...]
    reserved: str = "reserved_concurrent_executions"
    provisioned: str = ""
    storage: str = ""


RESOURCE = Names(code=("image_uri", "filename", "s3_bucket"))
MODULE = Names(
    code=("image_uri", "local_existing_package", "source_path", "s3_existing_package"),
    provisioned="provisioned_concurrent_executions",
    storage="ephemeral_storage_size",
)


def label_of(instance: Instance) -> str:
    """Return a block's label, with its key of a `for_each`."""
    label = instance.block.labels[-1]
    key = instance.key
    return f"{label}-{key.value}" if isinstance(key, Found) and isinstance(key.value, str) else label


class TerraformFunction:
    """One block on its way to a Declaration."""

    def __init__(self, instance: Instance, names: Names, prefix: str, events: Events) -> None:
        """Read nothing yet; `prefix` is the name of the modules around it."""
        self._instance = instance
        self._module = instance.module
        self._block = instance.block
        self._names = names
        self._events = events
        self._name = named(prefix, label_of(instance))
        self._place = instance.block.place

    def declaration(self) -> Declaration:
        """Return what the block says of the function."""
        environment, undecided = self._environment()
        code, selection = self._contents()
        address = ("module." if self._names is MODULE else "aws_lambda_function.") + self._block.labels[-1]
        provisioned = self._concurrency(self._names.provisioned)
        return Declaration(
            name=self._name,
            family="terraform",
            place=self._place,
            root_module=self._module.root,
            function_name=self._get("function_name", attributes.text),
            runtime=self._get("runtime", attributes.text),
            handler=self._get("handler", attributes.text),
            code=code,
            selection=selection,
            memory_mb=self._get("memory_size", attributes.number, default=128),
            architecture=self._get(ARCHITECTURES, attributes.architecture, default=Architecture.X86_64.value),
            timeout_seconds=self._get("timeout", attributes.number, default=3),
            environment=environment,
            environment_undecided=undecided,
            layers=self._layers(),
            events=explained((*module_events(self._instance), *self._events.of(address))),
            reserved_concurrency=self._concurrency(self._names.reserved),
            provisioned_concurrency=provisioned or self._events.provisioned(address),
            ephemeral_storage_mb=self._storage(),
        )

    def _attribute(self, found: Value | None, convert: Callable[..., Attribute[T]]) -> Attribute[T]:
        if found is None:
            return None
        if isinstance(found, Undecided):
            return found
        return convert(found.value, found.place, attributes.named(found.via[0]) if found.via else "")

    def _get(self, key: str, convert: Callable[..., Attribute[T]], default: object = None) -> Attribute[T]:
        """Return an attribute with the slot of its value; AWS's default where none is given."""
        form = Form(is_list=key == ARCHITECTURES, quote="" if convert == attributes.number else '"')
        written = self._block.attributes.get(key)
        value = self._value(written, convert, form)
        if value is not None or default is None:
            return value
        if written is None:
            slot = self._block.addition(key, form.before, form.after, self._shared_note())
        else:  # null: a value that is known, and says that AWS's default holds
            slot = self._null(key, written, form)
        return attributes.editable(convert(default, self._place, AWS_DEFAULT), slot)

    def _value(self, written: Written | None, convert: Callable[..., Attribute[T]], form: Form) -> Attribute[T]:
        """Return an attribute's value as it is written, with its slot; None where it is absent or null."""
        found = self._instance.value(written)
        if form.is_list and isinstance(found, Found) and isinstance(found.value, list) and len(found.value) == 1:
            item = found.value[0]
            found = replace(item, via=(*item.via, *found.via)) if isinstance(item, Found) else item
        value = self._attribute(found, convert)
        if written is None or not isinstance(found, Found) or not isinstance(value, Stated):
            return value
        return replace(value, slot=self._slot(written, found, form))

    def _concurrency(self, key: str) -> Attribute[int]:
        found = self._get(key, attributes.number)
        return None if isinstance(found, Stated) and found.value < 0 else found  # -1: none

    def _slot(self, written: Written, found: Found, form: Form) -> Slot | NoSlot:
        """Return where the value is changed: in its literal when that serves this function alone."""
        key = text(written.node.children[0])
        literal = self._is_literal(found)
        names = [name for name in found.via if name.startswith(("var.", "local."))]
        simple = len(names) == len(found.via)
        if literal and simple and not names:
            return self._literal(found, self._shared_note())
        if literal and simple and self._alone(names):
            return self._given(found, names[-1], form) or self._literal(found, self._uncounted_note())
        source = attributes.named(found.via[0]) if found.via else ""
        if self._instance.shared:
            each = f", each by {source}" if source else ""
            return NoSlot(reason=f"`{key}` at {self._place} serves several functions{each}")
        place = f"{found.place.path.name}:{found.place.line}"
        note = f"until now the value came from {source} ({place})" if source else ""
        return self._replaced(written, form, note)

    def _given(self, found: Found, origin: str, form: Form) -> Slot | NoSlot | None:
        """Return where the call of a module gives a variable whose default holds; None where it is no such default."""
        module = self._module.holder(found.file.text.path)
        default = module.default(origin) if module is not None else None
        if module is None or module.call is None or default is None:
            return None
        written = text(default.expression)
        is_list = written.startswith("[")
        if written.strip('[", \n]') != text(found.node).strip('"'):  # a part of a map, or one of several items
            return None
        whole = replace(form, is_list=is_list)
        note = f"the default at {found.place.path.name}:{found.place.line} serves the module's other uses"
        if uncounted := self._uncounted_note():
            note = f"{note}; {uncounted}"
        return module.call.block.addition(origin.removeprefix("var."), whole.before, whole.after, note)

    def _null(self, key: str, written: Written, form: Form) -> Slot | NoSlot:
        """Return where a value goes that is null until now: to the module's call, where a variable of it is null."""
        expression = text(written.expression)
        variable = expression.removeprefix("var.")
        call = self._module.call
        alone = expression.startswith("var.") and self._alone([expression])
        if call is not None and alone and not self._module.is_given(variable):
            return call.block.addition(variable, form.before, form.after, self._uncounted_note())
        if self._instance.shared:
            return NoSlot(reason=f"`{key}` at {self._place} serves several functions")
        return self._replaced(written, form, "until now it was null")

    def _alone(self, names: list[str]) -> bool:
        """Tell whether each of the names is used in one place, in whichever of the calling modules it belongs to."""
        module: Module | None = self._module
        uses = dict.fromkeys(names, 0)
        while module is not None:
            for name in uses:
                uses[name] += module.references[name]
            module = module.call.module if module.call else None
        return all(count == names.count(name) for name, count in uses.items())

    def _is_literal(self, found: Found) -> bool:
        """Tell whether another value can stand in a node: nothing is put into it, and it is no key of a `for_each`."""
        node = found.node
        made = any(one.type == "template_interpolation" for one in node.children)
        return node.type in _LITERALS and not made and node not in self._instance.keys

    def _shared_note(self) -> str:
        return "the block serves several functions" if self._instance.shared else ""

    def _uncounted_note(self) -> str:
        return self._shared_note() if self._instance.uncounted else ""

    def _literal(self, found: Found, note: str) -> Slot | NoSlot:
        start, end = found.file.start(found.node), found.file.end(found.node)
        if found.node.type in {"string_lit", "quoted_template"}:
            start, end = start + 1, end - 1
        return found.file.text.slot(start, end, note=note)

    def _replaced(self, written: Written, form: Form, note: str) -> Slot | NoSlot:
        expression, file = written.expression, written.file
        start, end = file.start(expression), file.end(expression)
        return file.text.slot(start, end, prefix=form.before, suffix=form.after, note=note)

    def _storage(self) -> Attribute[int]:
        if self._names.storage:
            return self._get(self._names.storage, attributes.number)
        for block in self._block.blocks("ephemeral_storage"):
            return self._value(block.attributes.get("size"), attributes.number, Form())
        return None

    def _environment(self) -> tuple[dict[str, Attribute[str]], Undecided | None]:
        if self._names is MODULE:
            found = self._instance.get("environment_variables")
        else:
            block = next(self._block.blocks("environment"), None)
            dynamic = next((one for one in self._block.blocks("dynamic") if one.labels == ("environment",)), None)
            if dynamic is not None:
                return {}, Undecided(reason="the variables are made by a `dynamic` block", place=dynamic.place)
            found = self._instance.value(block.attributes.get("variables")) if block else None
        if isinstance(found, Undecided):
            return {}, found
        if found is None or not isinstance(found.value, dict):
            return {}, None
        said = {
            key: value for key, value in found.value.items() if isinstance(value, Undecided) or value.value is not None
        }
        return {key: self._attribute(value, attributes.text) for key, value in said.items()}, None

    def _layers(self) -> tuple[Attribute[str | DeclaredLayer], ...]:
        found = self._instance.get("layers")
        if found is None:
            return ()
        if isinstance(found, Found) and isinstance(found.value, list):
            return tuple(map(self._layer, found.value))
        return (self._attribute(found, attributes.text),)

    def _layer(self, item: Value) -> Attribute[str | DeclaredLayer]:
        """Return a layer's ARN, or the contents, or else the address, of what it is: here or in a calling module."""
        module = self._module.holder(item.place.path)
        if isinstance(item, Undecided) and module is not None:
            address = re.match(r"[\w.-]+(?:\[[^\]]*\][\w.-]*)*", module.written(item.place))
            if address and "." in address[0]:
                layer = layers.referred(module, address[0])
                if layer is None:
                    return Stated(value=address[0], place=item.place)
                names = MODULE if layer.block.kind == "module" else RESOURCE
                its, selection = TerraformFunction(layer, names, "", self._events).contents()
                return layers.declared(layer, its, item.place, whole=selection == ALL)
        return self._attribute(item, attributes.text)

    def contents(self) -> Contents:
        """Return where the contents of a block lie that is a layer, and which of them are."""
        return self._contents()

    def _contents(self) -> Contents:
        elsewhere = self._deployed_elsewhere()
        if elsewhere is not None:
            return elsewhere, ALL
        for key in self._names.code:
            found = self._instance.get(key)
            archive = self._archive(self._block.attributes.get(key), found) if key == "filename" else None
            if archive is not None:
                return archive
            if found is None:
                continue
            if key.startswith("s3_"):
                reason = "the code lies in S3: give its folder as `source`"
                return self._uploaded() or (Undecided(reason=reason, place=found.place), ALL)
            if isinstance(found, Found) and isinstance(found.value, list | dict) and found.value != []:
                sources = found.value if isinstance(found.value, list) else [found]
                return of_sources(sources, partial(self._attribute, convert=self._path))
            return self._attribute(found, self._path), ALL
        return Undecided(reason="no code is given", place=self._place), ALL

    def _deployed_elsewhere(self) -> Undecided | None:
        """Return why the code that is written here is a placeholder: Terraform is told to ignore its changes."""
        found = self._instance.get("ignore_source_code_hash") if self._names is MODULE else None
        if isinstance(found, Found) and truth(found.value):
            return self._placeholder("ignore_source_code_hash = true", found.place)
        for block in self._block.blocks("lifecycle"):
            ignored = block.attributes.get("ignore_changes")
            names = _CODE.findall(text(ignored.expression)) if ignored is not None else []
            if ignored is not None and names:
                shown = "all" if names == ["all"] else f"[{', '.join(names)}]"
                return self._placeholder(f"lifecycle ignore_changes = {shown}", ignored.file.place(ignored.node))
        return None

    def _placeholder(self, why: str, place: Place) -> Undecided:
        what = "image" if "image_uri" in self._block.attributes else "folder"
        return Undecided(
            reason=f"the code is deployed by something else ({why}): give its {what} as `source`",
            place=place,
            elsewhere=True,
        )

    def _uploaded(self) -> Contents | None:
        """Return the code that an object of S3 gets, when the same files upload it."""
        given = (self._block.attributes.get(key) for key in _OF_OBJECT)
        written = " ".join(text(one.expression) for one in given if one is not None)
        package = self._instance.get("s3_existing_package")
        values = package.value if isinstance(package, Found) and isinstance(package.value, dict) else {}
        bucket = values.get("bucket", self._instance.get("s3_bucket"))
        for block in self._module.objects(written, bucket, values.get("key", self._instance.get("s3_key"))):
            instance = Instance(self._module, block, self._instance.key, self._instance.item)
            source = instance.get("source")
            if source is not None:
                archive = self._archive(block.attributes.get("source"), source)
                return archive or (self._attribute(source, self._path), ALL)
        return None

    def _path(self, value: object, place: Place, _: str) -> Attribute[Path | str]:
        return attributes.code(value, self._module.root, place)

    def _archive(self, attribute: Written | None, found: Value | None) -> Contents | None:
        """Return what an `archive_file` zips, when that is the file that an attribute names."""
        if attribute is None:
            return None
        written = text(attribute.expression)
        for block in self._module.archives(written, found, keyed=self._instance.key is not None):
            instance = Instance(self._module, block, self._instance.key, self._instance.item)
            output = instance.get("output_path")
            same = isinstance(output, Found) and isinstance(found, Found) and output.value == found.value
            if not (same or is_archive(block, written)):
                continue
            zipped = contents(instance, partial(self._attribute, convert=self._path))
            if zipped is not None:
                return zipped
        return None
