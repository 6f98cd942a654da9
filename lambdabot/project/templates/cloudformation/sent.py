"""What a CloudFormation template tells of the events that a source sends: routes, patterns, names, constants."""

import json
import re
from functools import partial
from typing import Any

import yaml

from lambdabot.model import Sent
from lambdabot.project.templates.cloudformation.intrinsics import called, scalar
from lambdabot.project.templates.cloudformation.stack import Stack
from lambdabot.project.templates.source_text import LONGEST_VALUE
from lambdabot.project.templates.yaml_nodes import Node

DEEPEST = 12
MOST_NODES = 2000
"""Of a pattern: EventBridge takes 2 kB of one."""

_ORIGINS = (
    "Queue",
    "Topic",
    "TopicArn",
    "Bucket",
    "Stream",
    "LogGroupName",
    "Topics",
    "Queues",
    "CollectionName",
    "EventSourceArn",
)
"""The properties that name what a source is of; an event source mapping to a broker names a topic or queue besides."""

_NAMES = ("QueueName", "TopicName", "BucketName", "TableName", "StreamName", "Name", "LogGroupName", "ScheduleName")
"""The property of a resource that is its own name."""

_VARIABLE = re.compile(r"\$\{([^${}]*)\}")

_FIFO = ("FifoQueue", "FifoTopic")


def sent(stack: Stack, kind: str, properties: Node | None) -> Sent:
    """Return what the properties of an event source tell, in SAM's words or in an event source mapping's."""

    def text(*keys: str) -> str:
        return _text(loose(stack, stack.document.get(properties, *keys)))

    at = next((node for key in _ORIGINS if (node := stack.document.get(properties, key)) is not None), None)
    documents = stack.document.get(properties, "DocumentDBEventSourceConfig") or properties
    fifo = any(_is_fifo(stack, name) for name in stack.mentioned(at))
    origin = origin_of(stack, at)
    names = loose(stack, stack.document.get(properties, "Trigger" if kind == "cognito" else "Events"))
    if kind in {"documentdb", "docdb"}:
        origin = _text(loose(stack, stack.document.get(documents, "CollectionName")))
    return Sent(
        method=text("Method").upper(),
        path=text("Path"),
        form=_form(stack, kind, properties) or text("PayloadFormatVersion"),
        origin=f"{origin}.fifo" if fifo and not origin.endswith(".fifo") else origin,
        database=_text(loose(stack, stack.document.get(documents, "DatabaseName"))),
        fifo=fifo or origin.endswith(".fifo"),
        names=listed(names),
        prefix=key_filter(stack, properties, "prefix"),
        suffix=key_filter(stack, properties, "suffix"),
        pattern=as_json(stack, stack.document.get(properties, "Pattern")),
        input=constant(stack, properties),
        transformed=is_transformed(stack, properties),
    )


def _form(stack: Stack, kind: str, properties: Node | None) -> str:
    if kind in {"selfmanagedkafka", "kafka"} and stack.document.get(properties, "EventSourceArn", "Stream") is None:
        own = kind == "selfmanagedkafka" or stack.document.get(properties, "SelfManagedEventSource") is not None
        return "self-managed" if own else ""
    if kind == "sqs" and stack.document.get(properties, "Topic") is not None:
        return "sns"
    if kind == "mq":
        broker = stack.document.get(properties, "Broker") or stack.document.get(properties, "EventSourceArn")
        engines = (
            stack.value(stack.document.get(stack.resources[name].properties, "EngineType"))
            for name in sorted(stack.mentioned(broker))
        )
        return "rabbitmq" if any(str(engine).lower() == "rabbitmq" for engine in engines) else ""
    return ""


def _is_fifo(stack: Stack, name: str) -> bool:
    properties = stack.resources[name].properties
    return any(stack.value(stack.document.get(properties, key)) in {True, "true"} for key in _FIFO)


def origin_of(stack: Stack, node: Node | None) -> str:
    """Return the name of a resource: the last part of its ARN, its own name, or else its logical name."""
    value = loose(stack, node)
    found = _text(value[0] if isinstance(value, list) and value else value)
    for name in sorted(stack.mentioned(node)):
        properties = stack.resources[name].properties
        given = (stack.value(stack.document.get(properties, key)) for key in _NAMES)
        return next((str(one) for one in given if isinstance(one, str)), name)
    _, slash, rest = found.rpartition(":")[2].partition("/")
    return rest.partition("/")[0] if slash and found.startswith("arn:") else found.rpartition(":")[2]


def key_filter(stack: Stack, notification: Node | None, name: str) -> str:
    """Return the prefix or the suffix that keys of S3 must have for a notification."""
    rules = loose(stack, stack.document.get(notification, "Filter", "S3Key", "Rules"))
    values = (
        _text(rule.get("Value"))
        for rule in (rules if isinstance(rules, list) else ())
        if isinstance(rule, dict) and str(rule.get("Name", "")).lower() == name
    )
    return next(values, "")


def is_transformed(stack: Stack, target: Node | None) -> bool:
    """Tell whether a target gets something that is made of the event, or a constant that is known when deployed."""
    unknown = stack.document.get(target, "Input") is not None and not constant(stack, target)
    return unknown or any(stack.document.get(target, key) is not None for key in ("InputPath", "InputTransformer"))


def constant(stack: Stack, target: Node | None) -> str:
    """Return a target's constant input; nothing where it has none, or where that is no JSON."""
    text = _text(loose(stack, stack.document.get(target, "Input")))
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return ""
    return text


def as_json(stack: Stack, node: Node | None) -> str:
    """Return a mapping as JSON; nothing for what is none."""
    value = loose(stack, node)
    return json.dumps(value) if isinstance(value, dict) else ""


def listed(value: Any) -> tuple[str, ...]:  # noqa: ANN401  # any value of a template
    """Return the texts of a list, or of the one that stands for it."""
    return tuple(str(one) for one in (value if isinstance(value, list) else [value]) if isinstance(one, str) and one)


def loose(stack: Stack, node: Node | None) -> Any:  # noqa: ANN401  # any value of a template
    """Return a value in which what is known only when deployed stands as the name of what it refers to.

    An event is made with it, and any name does: a rule's pattern that names a bucket of the template is matched by it.
    """
    return _Loose(stack).value(node, 0)


class _Loose:
    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._left = MOST_NODES

    def value(self, node: Node | None, depth: int) -> Any:  # noqa: ANN401  # see above
        self._left -= 1
        if node is None or depth > DEEPEST or self._left < 0:
            return None
        call = called(node)
        if call is not None:
            known = self._stack.value(node)
            if isinstance(known, str | int | list | dict):
                return known
            is_text = call[0] == "Sub" and isinstance(call[1], yaml.ScalarNode)
            return _VARIABLE.sub(partial(self._variable, node), str(call[1].value)) if is_text else self._named(node)
        match node:
            case yaml.ScalarNode():
                return scalar(node)
            case yaml.SequenceNode():
                return [self.value(one, depth + 1) for one in node.value]
        entries = self._stack.document.entries(node).items()
        return {key: self.value(entry.value, depth + 1) for key, entry in entries}

    def _variable(self, node: Node, found: re.Match[str]) -> str:
        """Return what stands in `Fn::Sub` for a name: its value, or the name itself."""
        reference = yaml.ScalarNode("!Ref", found[1], node.start_mark, node.end_mark)
        known = self._stack.value(reference) if "." not in found[1] else None
        return str(known) if isinstance(known, str | int) else found[1].partition(".")[0].rpartition(":")[2].lower()

    def _named(self, node: Node) -> str:
        return next(iter(sorted(self._stack.mentioned(node))), "value").lower()


def _text(value: Any) -> str:  # noqa: ANN401  # any value of a template
    return str(value)[:LONGEST_VALUE] if isinstance(value, str | int) and not isinstance(value, bool) else ""
