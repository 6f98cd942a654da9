"""The event that a trigger sends, made as AWS makes it, where nobody wrote one."""

from collections.abc import Callable, Iterable, Mapping

from lambdabot.events import http, records, services
from lambdabot.events.fixed import Made
from lambdabot.model import EventSource, Trigger

MOST_EVENTS = 5
"""How many a function is invoked with: of a router with a hundred routes, the first."""

SHAPES: Mapping[Trigger, Callable[[EventSource], tuple[Made, ...]]] = {
    Trigger.REST_API: http.rest,
    Trigger.HTTP_API: http.http_api,
    Trigger.WEBSOCKET_API: http.websocket,
    Trigger.FUNCTION_URL: http.function_url,
    Trigger.LOAD_BALANCER: http.load_balancer,
    Trigger.AUTHORIZER: http.authorizer,
    Trigger.SQS: records.sqs,
    Trigger.SNS: records.sns,
    Trigger.S3: records.s3,
    Trigger.DYNAMODB: records.dynamodb,
    Trigger.KINESIS: records.kinesis,
    Trigger.KAFKA: records.kafka,
    Trigger.MQ: records.mq,
    Trigger.DOCUMENTDB: records.documentdb,
    Trigger.EVENTBRIDGE: services.eventbridge,
    Trigger.SCHEDULE: services.schedule,
    Trigger.COGNITO: services.cognito,
    Trigger.STEP_FUNCTIONS: services.step_functions,
    Trigger.LOGS: services.logs,
    Trigger.IOT: services.iot,
    Trigger.ALEXA: services.alexa,
}
"""What makes the events of a trigger; each names AWS's own page in the docstring of its module."""

NOT_MEASURED = {
    Trigger.EDGE: (
        "CloudFront runs it as Lambda@Edge, which has limits and prices of its own, and what is measured here is a "
        "function in one Region"
    )
}
"""Triggers whose functions are not measured without an event that somebody wrote, and why."""


def synthetic(source: EventSource) -> tuple[Made, ...]:
    """Return the events that a source sends, each of another kind; none where it is not known what they are."""
    make = SHAPES.get(source.trigger) if source.trigger is not None else None
    return () if make is None or source.sent.transformed else make(source)


def of_all(sources: Iterable[EventSource]) -> tuple[Made, ...]:
    """Return the events of a function's sources, each event once, those of another service first; MOST_EVENTS at most.

    So a function that a queue and forty routes invoke gets an event of the queue as well.
    """
    sources = tuple(sources)
    first = {one.trigger: one for one in reversed(sources)}
    turns = [*(one for one in sources if first[one.trigger] is one), *sources]
    made: list[Made] = []
    for each in (one for source in turns for one in synthetic(source)):
        if all(each.event != one.event for one in made):
            made.append(each)
    return tuple(made[:MOST_EVENTS])
