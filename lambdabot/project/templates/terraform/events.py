"""What invokes the functions of a Terraform module."""

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property

from lambdabot.model import Attribute, EventSource, Place, Stated, Undecided
from lambdabot.project.templates import attributes
from lambdabot.project.templates.terraform.hcl import Block, text
from lambdabot.project.templates.terraform.hcl_values import Found, Value
from lambdabot.project.templates.terraform.invokers import FUNCTION, invokers, sent_by
from lambdabot.project.templates.terraform.module import Instance, Module

_INVOKES = ("aws_lambda_event_source_mapping", "aws_lambda_permission", "aws_lambda_function_url")
_SOURCE = re.compile(r"\b(?:module\.)?(?:aws_)?(sqs|kinesis|dynamodb|msk|mq|docdb)\w*|arn:[\w-]+:([\w-]+):")


class Events:
    """The event source mappings, permissions and provisioned concurrency of one module, read for each function."""

    def __init__(self, module: Module) -> None:
        """Look through the module's resources once, and read nothing of them yet."""
        self._module = module
        self._about: dict[str, list[Block]] = {}
        for block in module.blocks:
            if block.kind != "resource" or "function_name" not in block.attributes:
                continue
            target = FUNCTION.search(text(block.attributes["function_name"].expression))
            if target is not None:
                self._about.setdefault(target[0], []).append(block)

    def of(self, address: str) -> list[EventSource]:
        """Return what invokes a function, by its address in the module."""
        own = [_mapping(one) for one in self._applied(address, *_INVOKES)]
        return [*own, *self._elsewhere.get(address, ())]

    @cached_property
    def _elsewhere(self) -> dict[str, list[EventSource]]:
        return invokers(self._module)

    def provisioned(self, address: str) -> Attribute[int]:
        """Return a function's provisioned concurrency."""
        found = [
            _whole(one.get("provisioned_concurrent_executions"))
            for one in self._applied(address, "aws_lambda_provisioned_concurrency_config")
        ]
        return found[-1] if found else None

    def _applied(self, address: str, *kinds: str) -> Iterator[Instance]:
        """Yield the resources about a function, each once; not those that their `count` or `for_each` leaves out."""
        for block in self._about.get(address, ()):
            if block.labels[0] in kinds and self._module.instances(block):
                yield Instance(self._module, block)


def module_events(instance: Instance) -> Iterator[EventSource]:
    """Yield the event sources that are arguments of the terraform-aws-lambda module."""
    for argument in ("event_source_mapping", "allowed_triggers"):
        found = instance.get(argument)
        for name, one in found.value.items() if isinstance(found, Found) and isinstance(found.value, dict) else ():
            if isinstance(one, Found) and isinstance(one.value, dict):
                yield _entry(name, one)


def _entry(name: str, one: Found) -> EventSource:
    principal = one.value.get("service") or one.value.get("principal")
    kind = _principal(principal) if principal else _kind(text(one.node)) or name.lower()
    return replace(_source(name, kind, one.place, one.value), is_permission=bool(principal))


def _mapping(instance: Instance) -> EventSource:
    block = instance.block
    written = block.attributes.get("event_source_arn")
    kind = {"aws_lambda_permission": "permission", "aws_lambda_function_url": "url"}.get(block.labels[0], "")
    if kind == "permission":
        kind = _principal(instance.get("principal"))
    scaling = next(block.blocks("scaling_config"), None)
    values = {key: instance.get(key) for key in block.attributes}
    if scaling is not None:
        values["maximum_concurrency"] = instance.value(scaling.attributes.get("maximum_concurrency"))
    arn = _kind(text(written.expression)) if written else ""
    if any(block.blocks("document_db_event_source_config")):
        arn = "documentdb"
    elif any(block.blocks("self_managed_event_source")):
        arn = "kafka"
    return replace(
        _source(block.labels[-1], kind or arn or "event source mapping", block.place, values),
        sent=sent_by(instance),
        is_permission=block.labels[0] == "aws_lambda_permission",
    )


def _source(name: str, kind: str, place: Place, values: "dict[str, Value | None]") -> EventSource:
    types = values.get("function_response_types")
    partial = (
        Stated(value="ReportBatchItemFailures" in text(types.node), place=types.place)
        if isinstance(types, Found)
        else None
    )
    return EventSource(
        name=name,
        kind=kind,
        place=place,
        batch_size=_whole(values.get("batch_size")),
        window_seconds=_whole(values.get("maximum_batching_window_in_seconds")),
        maximum_concurrency=_whole(values.get("maximum_concurrency")),
        partial_failures=partial,
    )


def _whole(value: Value | None) -> Attribute[int]:
    if value is None:
        return None
    if isinstance(value, Undecided):
        return value
    number = attributes.number(value.value, value.place)
    return None if isinstance(number, Stated) and number.value < 0 else number  # -1: none


def _principal(value: Value | None) -> str:
    return str(value.value).partition(".")[0] if isinstance(value, Found) else "permission"


def _kind(written: str) -> str:
    found = _SOURCE.search(written)
    return (found[1] or found[2]) if found else ""
