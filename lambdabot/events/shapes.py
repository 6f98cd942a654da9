"""Which trigger an event is of, told by its shape; and whether it is one that a certain source sends.

People shorten the events of their tests, so a shape is told by as few keys as no other trigger has.
"""

from collections.abc import Callable, Mapping
from enum import IntEnum
from typing import Any

from lambdabot.events import http
from lambdabot.events.services import COGNITO, letters
from lambdabot.model import EventSource, Trigger

_OF_SOURCE = {
    "aws:sqs": Trigger.SQS,
    "aws:sns": Trigger.SNS,
    "aws:s3": Trigger.S3,
    "aws:dynamodb": Trigger.DYNAMODB,
    "aws:kinesis": Trigger.KINESIS,
    "aws:kafka": Trigger.KAFKA,
    "SelfManagedKafka": Trigger.KAFKA,
    "aws:mq": Trigger.MQ,
    "aws:rmq": Trigger.MQ,
    "aws:docdb": Trigger.DOCUMENTDB,
}
"""By `eventSource`, of a record or of the event itself."""

_OF_RECORD = {
    "Sns": Trigger.SNS,
    "s3": Trigger.S3,
    "dynamodb": Trigger.DYNAMODB,
    "kinesis": Trigger.KINESIS,
    "cf": Trigger.EDGE,
    "body": Trigger.SQS,
}
"""By what a record holds, where it does not say its source."""

_OTHERS: Mapping[Trigger, Callable[[Mapping[str, Any]], bool]] = {
    Trigger.LOGS: lambda event: "awslogs" in event,
    Trigger.COGNITO: lambda event: "triggerSource" in event and "userPoolId" in event,
    Trigger.SCHEDULE: lambda event: event.get("detail-type") == "Scheduled Event",
    Trigger.EVENTBRIDGE: lambda event: event.get("detail-type", "Scheduled Event") != "Scheduled Event",
    Trigger.ALEXA: lambda event: (
        "directive" in event or bool(_at(event, "session", "application") or _at(event, "context", "System"))
    ),
}
"""What tells the events that are neither records nor requests."""

ANY_SHAPE = frozenset({Trigger.STEP_FUNCTIONS, Trigger.IOT})
"""Triggers that send whatever their own definition makes."""


class Fit(IntEnum):
    """How well an event fits a source."""

    NOT = 0
    UNSURE = 1  # another route's, or nothing is known of it and the source may send anything
    SHAPE = 2
    EXACT = 3  # its route, queue, bucket … as well


def triggers_of(event: Any) -> frozenset[Trigger]:  # noqa: ANN401  # any JSON value
    """Return the triggers that an event may be of: one, as a rule; none where its shape is nobody's."""
    if not isinstance(event, Mapping):
        return frozenset()
    record = _of_records(event)
    if record is not None:
        return frozenset({record})
    return _of_http(event) or frozenset(trigger for trigger, holds in _OTHERS.items() if holds(event))


def fit(event: Any, source: EventSource, shapes: frozenset[Trigger]) -> Fit:  # noqa: ANN401  # any JSON value
    """Tell whether an event of some shapes is one that a source sends, as far as the template and the event tell."""
    trigger = source.trigger
    takes_any = trigger is None or trigger in ANY_SHAPE or bool(source.sent.input) or source.sent.transformed
    if takes_any:
        return Fit.NOT if shapes - {Trigger.SCHEDULE, Trigger.EVENTBRIDGE} else Fit.UNSURE
    if trigger is Trigger.HTTP_API and source.sent.form == "1.0":
        trigger = Trigger.REST_API  # whose shape that format has
    if trigger is Trigger.SCHEDULE and Trigger.EVENTBRIDGE in shapes:
        return Fit.NOT
    if trigger not in shapes:
        return Fit.NOT
    return _closer(event, source)


def _closer(event: Mapping[str, Any], source: EventSource) -> Fit:
    """Compare what else the template and an event of the right shape say."""
    sent, trigger = source.sent, source.trigger
    match trigger:
        case Trigger.REST_API | Trigger.HTTP_API | Trigger.FUNCTION_URL | Trigger.LOAD_BALANCER:
            return _request(event, source)
        case Trigger.WEBSOCKET_API:
            key = event["requestContext"].get("routeKey")
            return Fit.SHAPE if not sent.path else Fit.EXACT if key == sent.path else Fit.NOT
        case Trigger.AUTHORIZER:
            form = event.get("version", event.get("type"))
            return Fit.EXACT if form == (sent.form or "TOKEN") else Fit.NOT
        case Trigger.COGNITO:
            wanted = {COGNITO[name][0].partition("_")[0] for each in sent.names if (name := letters(each)) in COGNITO}
            its = str(event["triggerSource"]).partition("_")[0]
            return Fit.SHAPE if not wanted else Fit.EXACT if its in wanted else Fit.NOT
        case Trigger.S3:
            removed = "ObjectRemoved" in str(_first(event).get("eventName", ""))
            if sent.names and not any(("Removed" in name) == removed for name in sent.names):
                return Fit.NOT
    return Fit.EXACT if sent.origin and sent.origin in _origins(event) else Fit.SHAPE


def _request(event: Mapping[str, Any], source: EventSource) -> Fit:
    """Compare a request's method and path with a route; another one is a request of a neighbour, as a rule."""
    route, resource = source.sent.path, event.get("resource")
    path = event.get("path") or event.get("rawPath") or resource
    if not route.startswith("/") or "*" in route or not path:
        return Fit.SHAPE
    asked = str(_at(event, "requestContext", "http", "method") or event.get("httpMethod") or "").upper()
    if asked and not http.takes_any(source.sent) and asked != http.method_of(source.sent):
        return Fit.UNSURE
    if resource == route:
        return Fit.EXACT
    if not http.fits(str(path), route):
        return Fit.UNSURE
    return Fit.SHAPE if "+}" in route else Fit.EXACT


def _of_records(event: Mapping[str, Any]) -> Trigger | None:
    own = _OF_SOURCE.get(str(event.get("eventSource")))
    if own is not None:
        return own
    record = _first(event)
    said = _OF_SOURCE.get(str(record.get("eventSource", record.get("EventSource"))))
    return said or next((trigger for key, trigger in _OF_RECORD.items() if key in record), None)


def _of_http(event: Mapping[str, Any]) -> frozenset[Trigger]:
    context = event.get("requestContext")
    context = context if isinstance(context, Mapping) else {}
    found: set[Trigger]
    if event.get("type") in {"TOKEN", "REQUEST"} and ("methodArn" in event or "routeArn" in event):
        found = {Trigger.AUTHORIZER}
    elif "elb" in context:
        found = {Trigger.LOAD_BALANCER}
    elif "connectionId" in context:
        found = {Trigger.WEBSOCKET_API}
    elif event.get("version") == "2.0" or "rawPath" in event or "http" in context:
        by_url = ".lambda-url." in str(context.get("domainName", ""))
        found = {Trigger.FUNCTION_URL} if by_url else {Trigger.HTTP_API, Trigger.FUNCTION_URL}
    elif "httpMethod" in event:
        found = {Trigger.REST_API} if context else {Trigger.REST_API, Trigger.LOAD_BALANCER}
    elif "pathParameters" in event or "queryStringParameters" in event:  # what a short one still has
        found = {Trigger.REST_API, Trigger.HTTP_API, Trigger.FUNCTION_URL, Trigger.LOAD_BALANCER}
    else:
        return frozenset()
    return frozenset(found)


def _origins(event: Mapping[str, Any]) -> set[str]:
    """Return the names of what an event comes from: the parts of its ARNs, its bucket, its topics."""
    record = _first(event)
    arns = [record.get("eventSourceARN"), record.get("EventSubscriptionArn"), _at(record, "Sns", "TopicArn")]
    names = {part for one in [*arns, *_list(event.get("resources"))] for part in str(one).replace("/", ":").split(":")}
    names.add(str(_at(record, "s3", "bucket", "name")))
    records = event.get("records")
    names |= {str(key).rpartition("-")[0] for key in records} if isinstance(records, Mapping) else set()
    return names


def _first(event: Mapping[str, Any]) -> Mapping[str, Any]:
    found = next(iter(_list(event.get("Records"))), None)
    return found if isinstance(found, Mapping) else {}


def _list(value: Any) -> list[Any]:  # noqa: ANN401  # any JSON value
    return value if isinstance(value, list) else []


def _at(value: Any, *keys: str) -> Any:  # noqa: ANN401  # any JSON value
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value
