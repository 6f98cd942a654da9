"""What invokes the functions of a CloudFormation template."""

from collections.abc import Iterator

import yaml

from lambdabot.model import Attribute, EventSource, Place, Stated
from lambdabot.project.templates import attributes
from lambdabot.project.templates.cloudformation.intrinsics import attribute
from lambdabot.project.templates.cloudformation.invokers import invokers
from lambdabot.project.templates.cloudformation.sent import sent
from lambdabot.project.templates.cloudformation.stack import Resource, Stack
from lambdabot.project.templates.yaml_nodes import Node

SOURCES = {
    "AWS::SQS::Queue": "sqs",
    "AWS::Kinesis::Stream": "kinesis",
    "AWS::DynamoDB::Table": "dynamodb",
    "AWS::DynamoDB::GlobalTable": "dynamodb",
    "AWS::MSK::Cluster": "msk",
    "AWS::AmazonMQ::Broker": "mq",
    "AWS::DocDB::DBCluster": "documentdb",
}


def sam_events(stack: Stack, events: Node | None) -> tuple[EventSource, ...]:
    """Return the event sources under a SAM function's `Events`."""
    found = []
    for name, entry in stack.document.entries(events).items():
        kind = stack.document.get(entry.value, "Type")
        if isinstance(kind, yaml.ScalarNode):
            properties = stack.document.get(entry.value, "Properties")
            found.append(
                _source(stack, name, _sam_kind(stack, kind, properties), properties, stack.document.place(entry.key))
            )
    return tuple(found)


def _sam_kind(stack: Stack, kind: yaml.ScalarNode, properties: Node | None) -> str:
    """Return the kind of a SAM event; a topic's that comes by way of a queue is the queue's."""
    by_queue = kind.value == "SNS" and stack.value(stack.document.get(properties, "SqsSubscription"))
    return "sqs" if by_queue else str(kind.value).lower()


def events_of_resources(stack: Stack) -> dict[str, list[EventSource]]:
    """Return by function what invokes it and is a resource of its own."""
    found: dict[str, list[EventSource]] = {}
    for resource in stack.of_kind("AWS::Lambda::EventSourceMapping", "AWS::Lambda::Permission", "AWS::Lambda::Url"):
        key = "TargetFunctionArn" if resource.kind == "AWS::Lambda::Url" else "FunctionName"
        target = stack.document.get(resource.properties, key)
        for name in stack.targets(target):
            found.setdefault(name, []).append(
                _source(
                    stack,
                    resource.name,
                    _kind(stack, resource),
                    resource.properties,
                    stack.document.place(resource.entry.key),
                )
            )
    for name, source in invokers(stack):
        found.setdefault(name, []).append(source)
    return found


def _kind(stack: Stack, resource: Resource) -> str:
    if resource.kind == "AWS::Lambda::Url":
        return "url"
    if resource.kind == "AWS::Lambda::Permission":
        principal = str(stack.value(stack.document.get(resource.properties, "Principal")) or "")
        return principal.partition(".")[0] or "permission"
    source = stack.document.get(resource.properties, "EventSourceArn")
    if stack.document.get(resource.properties, "DocumentDBEventSourceConfig") is not None:
        return "documentdb"
    kinds = [SOURCES[kind] for name in stack.mentioned(source) if (kind := stack.resources[name].kind) in SOURCES]
    if kinds:
        return kinds[0]
    arn = str(stack.value(source) or "").split(":")
    if len(arn) > 2:  # noqa: PLR2004  # arn:partition:service
        return arn[2]
    return "kafka" if stack.document.get(resource.properties, "SelfManagedEventSource") else "event source mapping"


def _source(stack: Stack, name: str, kind: str, properties: Node | None, place: Place) -> EventSource:
    def whole(*keys: str) -> Attribute[int]:
        node = stack.document.get(properties, *keys)
        return None if node is None else attribute(stack.intrinsics.evaluate(node), attributes.number)

    types = stack.document.get(properties, "FunctionResponseTypes")
    return EventSource(
        name=name,
        kind=kind,
        place=place,
        batch_size=whole("BatchSize"),
        window_seconds=whole("MaximumBatchingWindowInSeconds"),
        maximum_concurrency=whole("ScalingConfig", "MaximumConcurrency"),
        partial_failures=None
        if types is None
        else Stated(value="ReportBatchItemFailures" in _texts(types), place=stack.document.place(types)),
        sent=sent(stack, kind, properties),
        is_permission=kind == "permission" or stack.document.get(properties, "Principal") is not None,
    )


def _texts(node: Node) -> Iterator[str]:
    items = node.value if isinstance(node, yaml.SequenceNode) else [node]
    yield from (str(item.value) for item in items)
