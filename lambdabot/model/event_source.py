"""What invokes a function, as a template declares it, and what it tells of the events that are sent."""

from dataclasses import dataclass

from lambdabot.model.place import Attribute, Place
from lambdabot.model.trigger import Trigger, trigger


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What a template tells of the events that a source sends; empty where it does not, or where there is no such."""

    method: str = ""  # of a route, in upper case; empty: any
    path: str = ""  # of a route, as its API writes it: `/items/{id}`; a WebSocket API's route key
    form: str = (
        ""  # 1.0 or 2.0 of an HTTP API, TOKEN or REQUEST of an authorizer, self-managed of Kafka, rabbitmq of MQ
    )
    origin: str = ""  # the name of the queue, stream, table, topic, bucket, rule, collection, log group or broker
    database: str = ""  # which a collection is in
    fifo: bool = False  # of a queue, or of a topic
    names: tuple[str, ...] = ()  # S3's event types, Cognito's triggers
    prefix: str = ""  # that keys of S3 begin with
    suffix: str = ""  # that they end with
    pattern: str = ""  # of an EventBridge rule, as JSON
    input: str = ""  # the constant that a rule or a schedule sends in place of the event, as JSON
    transformed: bool = False  # what is sent is made of the event (`InputPath`, `InputTransformer`), or is not known


@dataclass(frozen=True, slots=True, kw_only=True)
class EventSource:
    """What invokes a function; numbers are None where the template does not say them."""

    name: str
    kind: str  # as the template's format calls it, in lower case: sqs, kinesis, dynamodb, schedule, httpapi …
    place: Place
    batch_size: Attribute[int] = None
    window_seconds: Attribute[int] = None
    maximum_concurrency: Attribute[int] = None
    partial_failures: Attribute[bool] = None  # ReportBatchItemFailures
    sent: Sent = Sent()
    is_permission: bool = False  # it allows a service to invoke the function, and does not say what for

    @property
    def trigger(self) -> Trigger | None:
        """Return the service behind it; None where its kind does not tell."""
        return trigger(self.kind)


_ONE_PRINCIPAL = (
    frozenset({Trigger.REST_API, Trigger.HTTP_API, Trigger.WEBSOCKET_API, Trigger.AUTHORIZER}),
    frozenset({Trigger.EVENTBRIDGE, Trigger.SCHEDULE}),
)
"""Triggers for which Lambda has one principal."""


def explained(sources: "tuple[EventSource, ...]") -> "tuple[EventSource, ...]":
    """Return the sources without the permissions that belong to another one of them, which says more."""
    known = {one.trigger for one in sources if not one.is_permission and one.trigger is not None}
    for alike in _ONE_PRINCIPAL:
        known |= alike if known & alike else frozenset()
    return tuple(one for one in sources if not (one.is_permission and one.trigger in known))
