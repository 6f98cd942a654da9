"""CloudWatch Logs' operations on the groups and streams that functions write to."""

from collections.abc import Callable, Mapping
from typing import Any

from lambdabot.local.api_error import ApiError
from lambdabot.local.call import Call, Operation
from lambdabot.local.filter_pattern import compile_pattern
from lambdabot.local.log_store import LogEvent, LogGroup, LogStore, LogStream

Document = Mapping[str, Any]

_EVENTS = 10_000  # of one answer; "CloudWatch Logs quotas"


class LogsApi:
    """Log groups, streams and events of one Region."""

    def __init__(self, store: LogStore) -> None:
        """Work on one Region's store."""
        self._store = store
        self.operations: dict[str, Operation] = {
            "CreateLogGroup": self._create,
            "DeleteLogGroup": self._delete,
            "DescribeLogGroups": self._groups,
            "PutRetentionPolicy": self._retain,
            "DescribeLogStreams": self._streams,
            "FilterLogEvents": self._filter,
            "GetLogEvents": self._get,
            "TagResource": self._tag,
            "UntagResource": self._untag,
            "ListTagsForResource": self._tags,
        }

    def _create(self, call: Call) -> Document:
        self._store.create(call.parameters["logGroupName"], call.parameters.get("tags", {}))
        return {}

    def _delete(self, call: Call) -> Document:
        self._store.delete(call.parameters["logGroupName"])
        return {}

    def _retain(self, call: Call) -> Document:
        with self._store.group(call.parameters["logGroupName"]) as group:
            group.retention_days = call.parameters["retentionInDays"]
        return {}

    def _groups(self, call: Call) -> Document:
        asked = call.parameters
        prefix, part = asked.get("logGroupNamePrefix", ""), asked.get("logGroupNamePattern", "")
        groups = [
            _group(group) for group in self._store.groups() if group.name.startswith(prefix) and part in group.name
        ]
        return _page("logGroups", groups, asked, largest=50)

    def _streams(self, call: Call) -> Document:
        asked = call.parameters
        with self._store.group(_group_name(asked)) as group:
            streams = list(group.streams.values())
            arn = group.arn
        key: Callable[[LogStream], Any] = lambda stream: stream.name  # noqa: E731  # one of two sort keys
        if asked.get("orderBy") == "LastEventTime":
            key = lambda stream: stream.last  # noqa: E731  # the other
        streams.sort(key=key, reverse=asked.get("descending", False))
        prefix = asked.get("logStreamNamePrefix", "")
        chosen = [_stream(stream, arn) for stream in streams if stream.name.startswith(prefix)]
        return _page("logStreams", chosen, asked, largest=50)

    def _filter(self, call: Call) -> Document:
        asked = call.parameters
        matches = compile_pattern(asked.get("filterPattern", ""))
        streams, prefix = asked.get("logStreamNames"), asked.get("logStreamNamePrefix", "")

        def wanted(event: LogEvent) -> bool:
            named = event.stream in streams if streams else event.stream.startswith(prefix)
            return named and matches(event.message)

        events, more = self._events(asked, wanted, first=_number(asked.get("nextToken")))
        document: dict[str, Any] = {
            "events": [
                {
                    "logStreamName": event.stream,
                    "timestamp": event.timestamp,
                    "message": event.message,
                    "ingestionTime": event.ingested,
                    "eventId": f"{event.number:056d}",
                }
                for event in events
            ],
            "searchedLogStreams": [],
        }
        return {**document, "nextToken": str(events[-1].number)} if more else document

    def _get(self, call: Call) -> Document:
        asked = call.parameters
        name = asked["logStreamName"]
        with self._store.group(_group_name(asked)) as group:
            if name not in group.streams:
                raise ApiError(code="ResourceNotFoundException", message="The specified log stream does not exist.")
        token = asked.get("nextToken")
        backward = token.startswith("b/") if token else not asked.get("startFromHead", False)
        number = _number(token[2:] if token else None)
        bounds = {"last": number} if backward and token else {"first": number}
        events, _ = self._events(asked, lambda event: event.stream == name, newest=backward, **bounds)
        low, high = (events[0].number, events[-1].number) if events else (number, number)
        return {
            "events": [
                {"timestamp": event.timestamp, "message": event.message, "ingestionTime": event.ingested}
                for event in events
            ],
            "nextForwardToken": f"f/{high:056d}",
            "nextBackwardToken": f"b/{low:056d}",
        }

    def _events(
        self,
        asked: Document,
        wanted: Callable[[LogEvent], bool],
        *,
        first: int = 0,
        last: int | None = None,
        newest: bool = False,
    ) -> tuple[list[LogEvent], bool]:
        """Return a page of events after `first` and before `last`, in order of time, and whether there are more."""
        start, end = asked.get("startTime", 0), asked.get("endTime", float("inf"))
        with self._store.group(_group_name(asked)) as group:
            found = [
                event
                for event in group.events
                if event.number > first
                and (last is None or event.number < last)
                and start <= event.timestamp <= end
                and wanted(event)
            ]
        size = min(asked.get("limit", _EVENTS), _EVENTS)
        return (found[-size:] if newest else found[:size]), len(found) > size

    def _tag(self, call: Call) -> Document:
        with self._store.group(_name_in(call.parameters["resourceArn"])) as group:
            group.tags.update(call.parameters["tags"])
        return {}

    def _untag(self, call: Call) -> Document:
        with self._store.group(_name_in(call.parameters["resourceArn"])) as group:
            for key in call.parameters["tagKeys"]:
                group.tags.pop(key, None)
        return {}

    def _tags(self, call: Call) -> Document:
        with self._store.group(_name_in(call.parameters["resourceArn"])) as group:
            return {"tags": dict(group.tags)}


def _group(group: LogGroup) -> Document:
    document: dict[str, Any] = {
        "logGroupName": group.name,
        "creationTime": group.created,
        "metricFilterCount": 0,
        "arn": f"{group.arn}:*",
        "logGroupArn": group.arn,
        "storedBytes": group.stored,
        "logGroupClass": "STANDARD",
    }
    return document if group.retention_days is None else {**document, "retentionInDays": group.retention_days}


def _stream(stream: LogStream, group_arn: str) -> Document:
    return {
        "logStreamName": stream.name,
        "creationTime": stream.created,
        "firstEventTimestamp": stream.first,
        "lastEventTimestamp": stream.last,
        "lastIngestionTime": stream.ingested,
        "arn": f"{group_arn}:log-stream:{stream.name}",
        "storedBytes": 0,
    }


def _page(name: str, items: list[Document], asked: Document, *, largest: int) -> Document:
    first = _number(asked.get("nextToken"))
    last = first + min(asked.get("limit", largest), largest)
    document: dict[str, Any] = {name: items[first:last]}
    return {**document, "nextToken": str(last)} if last < len(items) else document


def _number(token: str | None) -> int:
    if token is None:
        return 0
    if not (token.isascii() and token.isdigit()):
        raise ApiError(code="InvalidParameterException", message="The specified nextToken is invalid.")
    return int(token)


def _group_name(asked: Document) -> str:
    identifier = asked.get("logGroupName") or asked.get("logGroupIdentifier")
    if not identifier:
        raise ApiError(
            code="InvalidParameterException", message="Either logGroupName or logGroupIdentifier must be given."
        )
    return _name_in(identifier)


def _name_in(identifier: str) -> str:
    """Return a group's name, from the name itself or from an ARN with or without its `:*`."""
    return (
        identifier.partition(":log-group:")[2].removesuffix(":*") if identifier.startswith("arn:") else str(identifier)
    )
