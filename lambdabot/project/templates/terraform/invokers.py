"""Resources of a Terraform module that invoke functions, and what they tell of the events that they send."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from lambdabot.model import EventSource, Sent, Undecided
from lambdabot.project.templates.terraform.hcl import Attribute, Block, text
from lambdabot.project.templates.terraform.hcl_values import Found, Value
from lambdabot.project.templates.terraform.module import Instance, Module

FUNCTION = re.compile(r"\b(aws_lambda_function|module)\.([\w-]+)")
_REFERENCE = re.compile(r"\b(aws_\w+)\.([\w-]+)")

_DEEPEST = 20
"""Resources of a path, one below the other."""

_NAMES = ("name", "bucket", "function_name")
"""The attributes of a resource that are its own name."""

_ENCODED = "jsonencode"

Invoked = tuple[str, str, Sent]
"""The text that refers to the function, the kind of source, and what it sends."""


def invokers(module: Module) -> dict[str, list[EventSource]]:
    """Return what invokes each function, by the function's address in the module."""
    found: dict[str, list[EventSource]] = {}
    for block in module.blocks:
        read = _READERS.get(block.labels[0]) if block.kind == "resource" and len(block.labels) > 1 else None
        if read is None or not module.instances(block):
            continue
        for written, kind, sent in read(_Resource(Instance(module, block))):
            for address in dict.fromkeys(match[0] for match in FUNCTION.finditer(written)):
                source = EventSource(name=block.labels[-1], kind=kind, place=block.place, sent=sent)
                found.setdefault(address, []).append(source)
    return found


class _Resource:
    """A resource, or a block in one, with its attributes' values as far as the files decide them."""

    def __init__(self, instance: Instance, block: Block | None = None) -> None:
        self._instance = instance
        self._module = instance.module
        self.block = block or instance.block

    def written(self, key: str) -> str:
        """Return what is written for an attribute."""
        attribute = self.block.attributes.get(key)
        return "" if attribute is None else text(attribute.expression)

    def value(self, key: str) -> Any:  # noqa: ANN401  # any value of a template
        """Return an attribute's value; what only AWS knows stands as the name of what it refers to."""
        attribute = self.block.attributes.get(key)
        return None if attribute is None else self._loose(self._instance.value(attribute), attribute)

    def _loose(self, value: Value | None, attribute: Attribute) -> Any:  # noqa: ANN401  # see above
        if isinstance(value, Undecided):
            return self.named(text(attribute.expression))
        if value is None:
            return None
        if isinstance(value.value, dict):
            return {key: self._loose(one, attribute) for key, one in value.value.items()}
        if isinstance(value.value, list):
            return [self._loose(one, attribute) for one in value.value]
        return value.value

    def text(self, key: str) -> str:
        """Return an attribute's value as text; empty for a list or a mapping."""
        value = self.value(key)
        return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""

    def json(self, key: str) -> Any:  # noqa: ANN401  # see above
        """Return what an attribute's JSON holds, which is a text or what `jsonencode` is given; None for neither."""
        attribute = self.block.attributes.get(key)
        if attribute is None:
            return None
        call = next((one for one in attribute.expression.children if one.type == "function_call"), None)
        if call is not None and text(call).startswith(_ENCODED):
            arguments = next((one for one in call.children if one.type == "function_arguments"), None)
            given = next((one for one in (arguments.children if arguments else ()) if one.type == "expression"), None)
            return None if given is None else self._loose(self._instance.evaluate(given, attribute.file), attribute)
        try:
            return json.loads(self.text(key))
        except (ValueError, RecursionError):
            return None

    def named(self, written: str) -> str:
        """Return the name of what an expression refers to: the resource's own where it has one, or else its label."""
        for match in _REFERENCE.finditer(written):
            block = self._module.block("resource", match[1], match[2])
            if block is None:
                continue
            names = (Instance(self._module, block).get(key) for key in _NAMES)
            known = (one.value for one in names if isinstance(one, Found) and isinstance(one.value, str))
            return str(next(known, match[2]))
        return "value"

    def origin(self, key: str) -> str:
        """Return the name in an ARN, or that of what is referred to."""
        found = self.value(key)
        value = str(found[0] if isinstance(found, list) and found else found or "")
        if not value.startswith("arn:"):
            return value
        resource = value.split(":", 5)[-1]
        return resource.split("/")[1] if resource.startswith(("table/", "stream/")) else value.rpartition(":")[2]

    def referred(self, key: str, kind: str) -> "Iterator[_Resource]":
        """Yield the resources of a type that an attribute refers to."""
        for match in _REFERENCE.finditer(self.written(key)):
            block = self._module.block("resource", match[1], match[2]) if match[1] == kind else None
            if block is not None:
                yield _Resource(Instance(self._module, block))

    def blocks(self, kind: str) -> "Iterator[_Resource]":
        """Yield the blocks of a kind in this one."""
        return (_Resource(self._instance, one) for one in self.block.blocks(kind))


def sent_by(instance: Instance) -> Sent:
    """Return what an event source mapping tells of its events."""
    resource = _Resource(instance)
    queues = resource.referred("event_source_arn", "aws_sqs_queue")
    fifo = any(one.value("fifo_queue") in {True, "true"} for one in queues)
    origin = next((name for key in ("topics", "queues", "event_source_arn") if (name := resource.origin(key))), "")
    engines = [one.text("engine_type").lower() for one in resource.referred("event_source_arn", "aws_mq_broker")]
    form = "rabbitmq" if "rabbitmq" in engines else ""
    database = ""
    for one in resource.blocks("document_db_event_source_config"):
        origin, database = one.text("collection_name"), one.text("database_name")
    if any(resource.blocks("self_managed_event_source")):
        form = "self-managed"
    return Sent(
        origin=f"{origin}.fifo" if fifo and not origin.endswith(".fifo") else origin,
        fifo=fifo or origin.endswith(".fifo"),
        form=form,
        database=database,
    )


def _route(resource: _Resource) -> Iterator[Invoked]:
    key = resource.text("route_key")
    method, _, path = key.rpartition(" ")
    websocket = any(
        one.text("protocol_type") == "WEBSOCKET" for one in resource.referred("api_id", "aws_apigatewayv2_api")
    )
    for integration in resource.referred("target", "aws_apigatewayv2_integration"):
        form = integration.text("payload_format_version") or "1.0"
        sent = Sent(path=key) if websocket else Sent(method=method.upper(), path=path, form=form)
        yield integration.written("integration_uri"), "websocket" if websocket else "httpapi", sent


def _integration(resource: _Resource) -> Iterator[Invoked]:
    path, at = "", resource
    key = "resource_id"
    for _ in range(_DEEPEST):
        above = next(at.referred(key, "aws_api_gateway_resource"), None)
        if above is None:
            break
        path, at, key = f"/{above.text('path_part')}{path}", above, "parent_id"
    method = resource.text("http_method").upper()
    yield resource.written("uri"), "api", Sent(method=method, path=path or "/")


def _authorizer(resource: _Resource) -> Iterator[Invoked]:
    yield resource.written("authorizer_uri"), "authorizer", Sent(form=resource.text("type") or "TOKEN")


def _http_authorizer(resource: _Resource) -> Iterator[Invoked]:
    form = resource.text("authorizer_payload_format_version") or "1.0"
    yield resource.written("authorizer_uri"), "authorizer", Sent(form=form)


def _target(resource: _Resource) -> Iterator[Invoked]:
    rule = next(resource.referred("rule", "aws_cloudwatch_event_rule"), None)
    pattern = rule.json("event_pattern") if rule else None
    scheduled = rule is not None and bool(rule.written("schedule_expression")) and not pattern
    given = resource.json("input")
    sent = Sent(
        origin=resource.named(resource.written("rule")),
        pattern=json.dumps(pattern) if isinstance(pattern, dict) else "",
        input="" if given is None else json.dumps(given),
        transformed=bool(resource.written("input_path"))
        or any(resource.blocks("input_transformer"))
        or (given is None and bool(resource.written("input"))),
    )
    yield resource.written("arn"), "schedule" if scheduled else "eventbridgerule", sent


def _schedule(resource: _Resource) -> Iterator[Invoked]:
    for target in resource.blocks("target"):
        given = target.json("input")
        unknown = given is None and bool(target.written("input"))
        sent = Sent(origin=resource.text("name"), input="" if given is None else json.dumps(given), transformed=unknown)
        yield target.written("arn"), "scheduler", sent


def _notification(resource: _Resource) -> Iterator[Invoked]:
    for one in resource.blocks("lambda_function"):
        names = one.value("events")
        sent = Sent(
            origin=resource.origin("bucket"),
            names=tuple(str(name) for name in names) if isinstance(names, list) else (),
            prefix=one.text("filter_prefix"),
            suffix=one.text("filter_suffix"),
        )
        yield one.written("lambda_function_arn"), "s3", sent


def _subscription(resource: _Resource) -> Iterator[Invoked]:
    if resource.text("protocol") == "lambda":
        yield resource.written("endpoint"), "sns", Sent(origin=resource.origin("topic_arn"))


def _log_filter(resource: _Resource) -> Iterator[Invoked]:
    yield resource.written("destination_arn"), "cloudwatchlogs", Sent(origin=resource.origin("log_group_name"))


def _user_pool(resource: _Resource) -> Iterator[Invoked]:
    for config in resource.blocks("lambda_config"):
        for name, attribute in config.block.attributes.items():
            yield text(attribute.expression), "cognito", Sent(names=(name,))
        for inner in ("custom_email_sender", "custom_sms_sender", "pre_token_generation_config"):
            for one in config.blocks(inner):
                yield one.written("lambda_arn"), "cognito", Sent(names=(inner,))


def _topic_rule(resource: _Resource) -> Iterator[Invoked]:
    for one in resource.blocks("lambda"):
        yield one.written("function_arn"), "iotrule", Sent(origin=resource.text("name"))


def _state_machine(resource: _Resource) -> Iterator[Invoked]:
    yield resource.written("definition"), "states", Sent()


def _attachment(resource: _Resource) -> Iterator[Invoked]:
    yield resource.written("target_id"), "alb", Sent()


def _distribution(resource: _Resource) -> Iterator[Invoked]:
    for kind in ("default_cache_behavior", "ordered_cache_behavior"):
        for behaviour in resource.blocks(kind):
            for one in behaviour.blocks("lambda_function_association"):
                yield one.written("lambda_arn"), "cloudfront", Sent()


_READERS: Mapping[str, Callable[[_Resource], Iterator[Invoked]]] = {
    "aws_apigatewayv2_route": _route,
    "aws_api_gateway_integration": _integration,
    "aws_api_gateway_authorizer": _authorizer,
    "aws_apigatewayv2_authorizer": _http_authorizer,
    "aws_cloudwatch_event_target": _target,
    "aws_scheduler_schedule": _schedule,
    "aws_s3_bucket_notification": _notification,
    "aws_sns_topic_subscription": _subscription,
    "aws_cloudwatch_log_subscription_filter": _log_filter,
    "aws_cognito_user_pool": _user_pool,
    "aws_iot_topic_rule": _topic_rule,
    "aws_sfn_state_machine": _state_machine,
    "aws_lb_target_group_attachment": _attachment,
    "aws_alb_target_group_attachment": _attachment,
    "aws_cloudfront_distribution": _distribution,
}
