"""Resources of a CloudFormation template that invoke functions, event source mappings aside: APIs, rules, buckets."""

from collections.abc import Callable, Iterator, Mapping

import yaml

from lambdabot.model import EventSource, Sent
from lambdabot.project.templates.cloudformation.sent import (
    as_json,
    constant,
    is_transformed,
    key_filter,
    listed,
    loose,
    origin_of,
)
from lambdabot.project.templates.cloudformation.stack import Resource, Stack
from lambdabot.project.templates.yaml_nodes import Node

Invoked = tuple[Node | None, str, Sent]
"""What refers to the function, the kind of source, and what it sends."""

_DEEPEST = 20
"""Resources of a path, one below the other."""


def invokers(stack: Stack) -> Iterator[tuple[str, EventSource]]:
    """Yield each function, by its logical name, with what invokes it."""
    for resource in stack.of_kind(*_READERS):
        for target, kind, sent in _READERS[resource.kind](stack, resource):
            for name in sorted(stack.targets(target)):
                place = stack.document.place(resource.entry.key)
                yield name, EventSource(name=resource.name, kind=kind, place=place, sent=sent)


def _method(stack: Stack, resource: Resource) -> Iterator[Invoked]:
    path, at = "", stack.document.get(resource.properties, "ResourceId")
    for _ in range(_DEEPEST):
        above = [
            one for name in stack.mentioned(at) if (one := stack.resources[name]).kind == "AWS::ApiGateway::Resource"
        ]
        if not above:
            break
        path = f"/{_text(stack, above[0].properties, 'PathPart')}{path}"
        at = stack.document.get(above[0].properties, "ParentId")
    sent = Sent(method=_text(stack, resource.properties, "HttpMethod").upper(), path=path or "/")
    yield stack.document.get(resource.properties, "Integration", "Uri"), "api", sent


def _route(stack: Stack, resource: Resource) -> Iterator[Invoked]:
    key = _text(stack, resource.properties, "RouteKey")
    method, _, path = key.rpartition(" ")
    apis = stack.mentioned(stack.document.get(resource.properties, "ApiId"))
    protocols = [_text(stack, stack.resources[name].properties, "ProtocolType") for name in apis]
    for name in sorted(stack.mentioned(stack.document.get(resource.properties, "Target"))):
        integration = stack.resources[name]
        if integration.kind == "AWS::ApiGatewayV2::Integration":
            form = _text(stack, integration.properties, "PayloadFormatVersion")
            uri = stack.document.get(integration.properties, "IntegrationUri")
            if "WEBSOCKET" in protocols:
                yield uri, "websocket", Sent(path=key)
            else:
                yield uri, "httpapi", Sent(method=method.upper(), path=path, form=form or "2.0")


def _authorizer(stack: Stack, resource: Resource) -> Iterator[Invoked]:
    form = _text(stack, resource.properties, "Type")
    yield stack.document.get(resource.properties, "AuthorizerUri"), "authorizer", Sent(form=form)


def _http_authorizer(stack: Stack, resource: Resource) -> Iterator[Invoked]:
    form = _text(stack, resource.properties, "AuthorizerPayloadFormatVersion")
    yield stack.document.get(resource.properties, "AuthorizerUri"), "authorizer", Sent(form=form or "1.0")


def _sam_authorizers(stack: Stack, resource: Resource) -> Iterator[Invoked]:
    authorizers = stack.document.get(resource.properties, "Auth", "Authorizers")
    key, default = "FunctionPayloadType", "TOKEN"
    if resource.kind == "AWS::Serverless::HttpApi":
        key, default = "AuthorizerPayloadFormatVersion", "2.0"
    for entry in stack.document.entries(authorizers).values():
        form = _text(stack, entry.value, key)
        yield stack.document.get(entry.value, "FunctionArn"), "authorizer", Sent(form=form or default)


def _rule(stack: Stack, resource: Resource) -> Iterator[Invoked]:
    schedule = stack.document.get(resource.properties, "ScheduleExpression") is not None
    pattern = stack.document.get(resource.properties, "EventPattern")
    for target in _items(stack.document.get(resource.properties, "Targets")):
        yield (
            stack.document.get(target, "Arn"),
            "schedule" if schedule and pattern is None else "eventbridgerule",
            Sent(
                origin=origin_of(stack, stack.document.get(resource.properties, "Name")) or resource.name,
                pattern=as_json(stack, pattern),
                input=constant(stack, target),
                transformed=is_transformed(stack, target),
            ),
        )


def _schedule(stack: Stack, resource: Resource) -> Iterator[Invoked]:
    target = stack.document.get(resource.properties, "Target")
    name = _text(stack, resource.properties, "Name") or resource.name
    sent = Sent(origin=name, input=constant(stack, target), transformed=is_transformed(stack, target))
    yield stack.document.get(target, "Arn"), "scheduler", sent


def _subscription(stack: Stack, resource: Resource) -> Iterator[Invoked]:
    if _text(stack, resource.properties, "Protocol") == "lambda":
        topic = origin_of(stack, stack.document.get(resource.properties, "TopicArn"))
        yield stack.document.get(resource.properties, "Endpoint"), "sns", Sent(origin=topic)


def _topic(stack: Stack, resource: Resource) -> Iterator[Invoked]:
    name = _text(stack, resource.properties, "TopicName") or resource.name
    for one in _items(stack.document.get(resource.properties, "Subscription")):
        if _text(stack, one, "Protocol") == "lambda":
            yield stack.document.get(one, "Endpoint"), "sns", Sent(origin=name)


def _bucket(stack: Stack, resource: Resource) -> Iterator[Invoked]:
    name = _text(stack, resource.properties, "BucketName") or resource.name.lower()
    for one in _items(stack.document.get(resource.properties, "NotificationConfiguration", "LambdaConfigurations")):
        prefix, suffix = (key_filter(stack, one, key) for key in ("prefix", "suffix"))
        sent = Sent(origin=name, names=listed(_text(stack, one, "Event")), prefix=prefix, suffix=suffix)
        yield stack.document.get(one, "Function"), "s3", sent


def _log_filter(stack: Stack, resource: Resource) -> Iterator[Invoked]:
    group = origin_of(stack, stack.document.get(resource.properties, "LogGroupName"))
    yield stack.document.get(resource.properties, "DestinationArn"), "cloudwatchlogs", Sent(origin=group)


def _user_pool(stack: Stack, resource: Resource) -> Iterator[Invoked]:
    for name, entry in stack.document.entries(stack.document.get(resource.properties, "LambdaConfig")).items():
        target = stack.document.get(entry.value, "LambdaArn") or entry.value
        yield target, "cognito", Sent(names=(name,))


def _topic_rule(stack: Stack, resource: Resource) -> Iterator[Invoked]:
    for action in _items(stack.document.get(resource.properties, "TopicRulePayload", "Actions")):
        yield stack.document.get(action, "Lambda", "FunctionArn"), "iotrule", Sent(origin=resource.name)


def _state_machine(stack: Stack, resource: Resource) -> Iterator[Invoked]:
    for key in ("DefinitionSubstitutions", "DefinitionString", "Definition"):
        yield stack.document.get(resource.properties, key), "states", Sent()


def _listener_rule(stack: Stack, resource: Resource) -> Iterator[Invoked]:
    conditions = {"path-pattern": "", "http-request-method": ""}
    for one in _items(stack.document.get(resource.properties, "Conditions")):
        field = _text(stack, one, "Field")
        values = next(
            (
                value
                for keys in (("Values",), ("PathPatternConfig", "Values"), ("HttpRequestMethodConfig", "Values"))
                if isinstance(value := loose(stack, stack.document.get(one, *keys)), list) and value
            ),
            [""],
        )
        if field in conditions:
            conditions[field] = str(values[0])
    sent = Sent(method=conditions["http-request-method"].upper(), path=conditions["path-pattern"])
    for name in sorted(stack.mentioned(stack.document.get(resource.properties, "Actions"))):
        yield from _targets(stack, stack.resources[name], sent)


def _target_group(stack: Stack, resource: Resource) -> Iterator[Invoked]:
    rules = stack.of_kind("AWS::ElasticLoadBalancingV2::ListenerRule")
    if not any(resource.name in stack.mentioned(stack.document.get(one.properties, "Actions")) for one in rules):
        yield from _targets(stack, resource, Sent())


def _targets(stack: Stack, group: Resource, sent: Sent) -> Iterator[Invoked]:
    if group.kind == "AWS::ElasticLoadBalancingV2::TargetGroup":
        for one in _items(stack.document.get(group.properties, "Targets")):
            yield stack.document.get(one, "Id"), "alb", sent


def _distribution(stack: Stack, resource: Resource) -> Iterator[Invoked]:
    config = stack.document.get(resource.properties, "DistributionConfig")
    default = stack.document.get(config, "DefaultCacheBehavior")
    for behaviour in filter(None, [default, *_items(stack.document.get(config, "CacheBehaviors"))]):
        for one in _items(stack.document.get(behaviour, "LambdaFunctionAssociations")):
            yield stack.document.get(one, "LambdaFunctionARN"), "cloudfront", Sent()


_READERS: Mapping[str, Callable[[Stack, Resource], Iterator[Invoked]]] = {
    "AWS::ApiGateway::Method": _method,
    "AWS::ApiGatewayV2::Route": _route,
    "AWS::ApiGateway::Authorizer": _authorizer,
    "AWS::ApiGatewayV2::Authorizer": _http_authorizer,
    "AWS::Serverless::Api": _sam_authorizers,
    "AWS::Serverless::HttpApi": _sam_authorizers,
    "AWS::Events::Rule": _rule,
    "AWS::Scheduler::Schedule": _schedule,
    "AWS::SNS::Subscription": _subscription,
    "AWS::SNS::Topic": _topic,
    "AWS::S3::Bucket": _bucket,
    "AWS::Logs::SubscriptionFilter": _log_filter,
    "AWS::Cognito::UserPool": _user_pool,
    "AWS::IoT::TopicRule": _topic_rule,
    "AWS::StepFunctions::StateMachine": _state_machine,
    "AWS::Serverless::StateMachine": _state_machine,
    "AWS::ElasticLoadBalancingV2::ListenerRule": _listener_rule,
    "AWS::ElasticLoadBalancingV2::TargetGroup": _target_group,
    "AWS::CloudFront::Distribution": _distribution,
}


def _items(node: Node | None) -> list[Node]:
    return node.value if isinstance(node, yaml.SequenceNode) else []


def _text(stack: Stack, node: Node | None, key: str) -> str:
    value = loose(stack, stack.document.get(node, key))
    return str(value) if isinstance(value, str | int) else ""
