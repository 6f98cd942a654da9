"""What invokes the functions of a serverless.yml."""

import json
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

import yaml

from lambdabot.model import Attribute, EventSource, Sent, Stated
from lambdabot.project.templates import attributes
from lambdabot.project.templates.cloudformation.intrinsics import Known, attribute, called
from lambdabot.project.templates.serverless.service import Body, Service
from lambdabot.project.templates.source_text import LONGEST_VALUE
from lambdabot.project.templates.yaml_nodes import Document, Entry, Node

DEEPEST = 12
MOST_NODES = 2000
"""Of a pattern: EventBridge takes 2 kB of one."""

_ORIGINS = (
    "queueName",
    "queue",
    "topicName",
    "topic",
    "bucket",
    "logGroup",
    "collectionName",
    "arn",
    "pool",
    "name",
)
"""The keys that name what an event is of, the nearest first."""


class Events:
    """The events of one service's functions; what other sections say of a function is looked through once."""

    def __init__(self, service: Service, bodies: Sequence[Body]) -> None:
        """Read nothing yet."""
        self._service = service
        self._bodies = bodies

    def of(self, body: Body) -> Iterator[EventSource]:
        """Yield what invokes a function: its own events, its URL, and what names it elsewhere."""
        node, document = self._resolved(body.own.get("events"), body.document)
        for item in node.value if isinstance(node, yaml.SequenceNode) else ():
            if isinstance(item, yaml.ScalarNode):
                kind = str(item.value)
                yield EventSource(name=kind, kind=kind.lower(), place=document.place(item))
            for kind, entry in document.entries(item).items():
                yield self._event(kind, entry, document)
        url = body.own.get("url")
        if url is not None and str(getattr(url.value, "value", True)).lower() != "false":
            yield EventSource(name="url", kind="url", place=body.document.place(url.key))
        yield from self._elsewhere.get(body.name, ())

    def _resolved(self, entry: Entry | None, document: Document) -> tuple[Node | None, Document]:
        found = None if entry is None else self._service.variables.resolve(entry.value, document)
        return (found.node, found.document) if isinstance(found, Known) else (None, document)

    def _event(self, kind: str, entry: Entry, document: Document) -> EventSource:
        node, its = self._resolved(entry, document)
        entries = its.entries(node)

        def whole(key: str) -> Attribute[int]:
            if key not in entries:
                return None
            return attribute(self._service.variables.resolve(entries[key].value, its), attributes.number)

        partial = entries.get("functionResponseType")
        sent = self._sent(kind, node, its)
        return EventSource(
            name=kind,
            kind=self._kind(kind, node, its),
            place=document.place(entry.key),
            batch_size=whole("batchSize"),
            window_seconds=whole("maximumBatchingWindow") or whole("batchWindow"),
            maximum_concurrency=whole("maximumConcurrency"),
            partial_failures=Stated(
                value=str(partial.value.value) == "ReportBatchItemFailures", place=its.place(partial.value)
            )
            if partial
            else None,
            sent=sent,
        )

    def _kind(self, kind: str, node: Node | None, document: Document) -> str:
        """Return the service behind an event: of a stream its type, of a rule that has a schedule the schedule."""
        value = self._loose(node, document)
        if kind == "stream":
            written = value.get("type") if isinstance(value, dict) else None
            arn = str(value.get("arn") if isinstance(value, dict) else value).split(":")
            return str(written or (arn[2] if len(arn) > 2 else kind))  # noqa: PLR2004  # arn:partition:service
        if kind in {"eventBridge", "cloudwatchEvent"} and isinstance(value, dict):
            return "schedule" if "schedule" in value and "pattern" not in value else kind.lower()
        return "schedulev2" if kind == "schedule" and _is(value, "method", "scheduler") else kind.lower()

    def _sent(self, kind: str, node: Node | None, document: Document) -> Sent:
        value = self._loose(node, document)
        if kind in {"http", "httpApi", "alb", "websocket"}:
            return _request(kind, value)
        if not isinstance(value, dict):
            origin = _origin(str(value)) if isinstance(value, str) and kind != "schedule" else ""
            return Sent(origin=origin, fifo=origin.endswith(".fifo"))
        origin = next((_origin(str(value[key])) for key in _ORIGINS if isinstance(value.get(key), str)), "")
        rules = [one for one in value.get("rules") or () if isinstance(one, dict)]
        names = value.get("trigger" if kind == "cognitoUserPool" else "event")
        form = {"kafka": "self-managed", "rabbitmq": "rabbitmq"}.get(kind, "")
        pattern = value.get("pattern") if kind == "eventBridge" else value.get("event")
        given = value.get("input")
        return Sent(
            form=form,
            origin=origin,
            database=str(value.get("databaseName") or value.get("database") or ""),
            fifo=origin.endswith(".fifo"),
            names=tuple(str(one) for one in (names if isinstance(names, list) else [names]) if isinstance(one, str)),
            prefix=next((str(one["prefix"]) for one in rules if "prefix" in one), ""),
            suffix=next((str(one["suffix"]) for one in rules if "suffix" in one), ""),
            pattern=json.dumps(pattern) if isinstance(pattern, dict) else "",
            input=_constant(given),
            transformed=bool({"inputPath", "inputTransformer"} & value.keys())
            or (given is not None and not _constant(given)),
        )

    def _loose(self, node: Node | None, document: Document) -> Any:  # noqa: ANN401  # any value of a template
        """Return a value in which what only the cloud knows stands as the name that it is known by."""
        left = MOST_NODES

        def value(node: Node | None, document: Document, depth: int) -> Any:  # noqa: ANN401  # see above
            nonlocal left
            left -= 1
            if node is None or depth > DEEPEST or left < 0:
                return None
            found = self._service.variables.resolve(node, document)
            if not isinstance(found, Known):
                return "value"
            if called(found.node) is not None:
                return _referred(found.node)
            match found.node:
                case yaml.SequenceNode():
                    return [value(one, found.document, depth + 1) for one in found.node.value]
                case yaml.MappingNode():
                    entries = found.document.entries(found.node).items()
                    return {key: value(entry.value, found.document, depth + 1) for key, entry in entries}
            return found.value

        return value(node, document, 0)

    @cached_property
    def _elsewhere(self) -> dict[str, list[EventSource]]:
        """Return what invokes functions that says so in another place: authorizers, and tasks of state machines."""
        found: dict[str, list[EventSource]] = {}
        for body in self._bodies:
            node, document = self._resolved(body.own.get("events"), body.document)
            for item in node.value if isinstance(node, yaml.SequenceNode) else ():
                http = document.entries(item).get("http")
                self._authorizer(document.entries(http.value if http else None).get("authorizer"), document, found)
        document = self._service.provider.document
        shared = self._service.provider.entries.get("httpApi")
        authorizers = document.get(shared.value, "authorizers") if shared is not None else None
        for entry in document.entries(authorizers).values():
            value = self._loose(entry.value, document)
            if isinstance(value, dict) and isinstance(value.get("functionName"), str):
                form = str(value.get("payloadVersion") or "2.0")
                source = EventSource(
                    name="authorizer", kind="authorizer", place=document.place(entry.key), sent=Sent(form=form)
                )
                found.setdefault(value["functionName"], []).append(source)
        return found | self._tasks(found)

    def _authorizer(self, entry: Entry | None, document: Document, found: dict[str, list[EventSource]]) -> None:
        value = None if entry is None else self._loose(entry.value, document)
        name = value.get("name") if isinstance(value, dict) else value
        if entry is None or not isinstance(name, str) or any(one.name == "authorizer" for one in found.get(name, ())):
            return
        form = "REQUEST" if isinstance(value, dict) and str(value.get("type")).upper() == "REQUEST" else "TOKEN"
        source = EventSource(
            name="authorizer", kind="authorizer", place=document.place(entry.key), sent=Sent(form=form)
        )
        found.setdefault(name, []).append(source)

    def _tasks(self, found: dict[str, list[EventSource]]) -> dict[str, list[EventSource]]:
        document = self._service.document
        node = document.get(document.root, "stepFunctions")
        if node is None:
            return {}
        place = document.place(node)
        words = set(_words(self._loose(node, document)))
        names = [body.name for body in self._bodies if body.name in words]
        task = EventSource(name="stepFunctions", kind="states", place=place)
        return {name: [*found.get(name, ()), task] for name in names}


def _request(kind: str, value: Any) -> Sent:  # noqa: ANN401  # any value of a template
    """Return a route: `GET /items`, its mapping, a WebSocket's key, or the conditions of a load balancer's rule."""
    form = "2.0" if kind == "httpApi" else ""
    if isinstance(value, str):
        if kind == "websocket":
            return Sent(path=value)
        method, _, path = value.rpartition(" ")
        return Sent(form=form) if value == "*" else Sent(method=method.upper(), path=_rooted(path), form=form)
    if not isinstance(value, dict):
        return Sent(form=form)
    if kind == "websocket":
        return Sent(path=str(value.get("route") or ""))
    conditions = value.get("conditions") if kind == "alb" else value
    given = conditions if isinstance(conditions, dict) else {}
    verb, route = (one[0] if isinstance(one, list) and one else one for one in map(given.get, ("method", "path")))
    return Sent(
        method="" if verb == "*" else str(verb or "").upper(),
        path="" if route == "*" else _rooted(str(route or "")),
        form=form,
    )


def _rooted(path: str) -> str:
    return path if not path or path.startswith("/") else f"/{path}"


def _is(value: Any, key: str, wanted: str) -> bool:  # noqa: ANN401  # any value of a template
    return isinstance(value, dict) and value.get(key) == wanted


def _constant(given: Any) -> str:  # noqa: ANN401  # any value of a template
    """Return a constant input as JSON; nothing where there is none, or where a text is none."""
    if isinstance(given, dict | list):
        return json.dumps(given)
    try:
        return json.dumps(json.loads(given)) if isinstance(given, str) else ""
    except (ValueError, RecursionError):
        return ""


def _origin(text: str) -> str:
    """Return the name in an ARN, or a name."""
    text = text[:LONGEST_VALUE]
    if not text.startswith("arn:"):
        return text
    _, slash, rest = text.rpartition(":")[2].partition("/")
    parts = text.split(":", 5)
    if len(parts) == 6 and parts[5].startswith(("table/", "stream/")):  # noqa: PLR2004  # arn, …, account, resource
        return parts[5].split("/")[1]
    return rest if slash else text.rpartition(":")[2]


def _referred(node: Node) -> str:
    """Return the name that an intrinsic function refers to: of `Fn::GetAtt: [Queue, Arn]`, `Queue`."""
    while isinstance(node, yaml.MappingNode | yaml.SequenceNode) and node.value:
        first = node.value[0]
        node = first[1] if isinstance(first, tuple) else first
    return str(node.value).partition(".")[0] if isinstance(node, yaml.ScalarNode) else "value"


def _words(value: Any) -> Iterator[str]:  # noqa: ANN401  # any value of a template
    match value:
        case dict():
            for one in value.values():
                yield from _words(one)
        case list():
            for one in value:
                yield from _words(one)
        case str():
            yield value
