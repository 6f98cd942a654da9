"""One resource's properties: each value with its place, and with the slot where another value would be written."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import yaml

from lambdabot.model import Attribute, NoSlot, Slot, Stated, Undecided
from lambdabot.project.templates import attributes
from lambdabot.project.templates.attributes import AWS_DEFAULT, Form
from lambdabot.project.templates.cloudformation.intrinsics import NO_VALUE, Known, Result, attribute
from lambdabot.project.templates.cloudformation.stack import SERVERLESS_FUNCTION, Resource, Stack, references
from lambdabot.project.templates.hints import GENERATED
from lambdabot.project.templates.yaml_nodes import Entry, Node

T = TypeVar("T")


def _only(node: Node) -> Node | None:
    """Return the item of a list that has one."""
    is_list = isinstance(node, yaml.SequenceNode) and not node.tag.startswith("!")
    return node.value[0] if is_list and len(node.value) == 1 else None


class Properties:
    """A resource's own properties, and those that it has from `Globals`."""

    def __init__(self, stack: Stack, resource: Resource) -> None:
        """Read nothing yet."""
        self._stack = stack
        self._document = stack.document
        self._resource = resource
        self._own = stack.document.entries(resource.properties)
        self._sam = resource.kind == SERVERLESS_FUNCTION
        self._globals = stack.globals_of(resource) if self._sam else {}
        self._place = stack.document.place(resource.entry.key)
        self._folder = stack.document.text.path.parent

    @property
    def _generated(self) -> bool:
        return GENERATED in self._document.text.path.parts

    def _metadata(self, key: str) -> str | None:
        node = self._document.get(self._resource.entry.value, "Metadata", key)
        return str(node.value) if isinstance(node, yaml.ScalarNode) else None

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
