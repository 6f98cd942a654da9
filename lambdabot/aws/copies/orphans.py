"""Throw-away resources that no run removed, found by their names, their tags and the journals of killed runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from lambdabot.aws.calls.failures import CallError
from lambdabot.aws.calls.threads import run_all
from lambdabot.aws.copies.identity import LOG_GROUPS, described, name_prefix, owner
from lambdabot.aws.copies.ledger import Kind

if TYPE_CHECKING:
    from datetime import datetime

    from lambdabot.aws.calls.connection import Connection
    from lambdabot.aws.copies.identity import RunIdentity
    from lambdabot.aws.copies.journal import Record

T = TypeVar("T")

_GONE = {"ResourceNotFoundException", "NoSuchKey"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Orphan:
    """A resource that carries our name; `keep` says why it must stay, empty when it may go."""

    kind: Kind
    name: str
    listed: bool  # AWS says that it exists; else only a journal does
    keep: str = ""

    def __str__(self) -> str:
        """Return it as it stands in a message: `function lambdabot-…`."""
        return f"{self.kind} {self.name}"


class Search:
    """Looks for one repository's orphans on one endpoint; only reads.

    `failures` are what could not be listed, with advice; it costs nothing of what could.
    """

    def __init__(
        self,
        connection: Connection,
        repository: str | None,
        records: Iterable[Record],
        *,
        bucket: str | None,
        now: datetime,
        unexpired: bool,
    ) -> None:
        """Call nothing yet; `records` are those of this endpoint, Region and repository, `bucket` that of packages.

        With `unexpired` also what has not expired may go, but never what belongs to a run that is still alive here.
        """
        self._connection = connection
        self._repository = repository
        self._prefix = name_prefix(repository)
        self._now = now
        self._unexpired = unexpired
        self._records = tuple(records)
        journaled = {
            name.partition("/")[0] for one in self._records for kind, name in one.open if kind == Kind.S3_OBJECT
        }
        self._buckets = sorted(journaled | ({bucket} if bucket else set()))
        self.failures: list[CallError] = []

    def orphans(self) -> tuple[Orphan, ...]:
        """Return everything that carries the repository's name."""
        places: list[tuple[Kind, Callable[[], list[Orphan]]]] = [
            (Kind.FUNCTION, self._functions),
            (Kind.LAYER, self._layers),
            (Kind.LOG_GROUP, self._log_groups),
            *((Kind.S3_OBJECT, partial(self._objects, bucket)) for bucket in self._buckets),
        ]
        found: dict[tuple[Kind, str], Orphan] = {}
        unknown: set[Kind] = set()
        for (kind, _), group in zip(
            places, run_all(partial(self._or_failure, look) for _, look in places), strict=True
        ):
            if isinstance(group, CallError):
                self.failures.append(group)
                unknown.add(kind)
            else:
                found |= {(kind, one.name): one for one in group}
        for record in self._records:
            for written, name in record.open:
                if written in set(Kind) and record.identity.owns(name):
                    keep = self._keep(name, record.identity, untagged=False)
                    if not keep and written in unknown:
                        keep = "whose it is could not be read"
                    orphan = Orphan(kind=Kind(written), name=name, listed=False, keep=keep)
                    found.setdefault((orphan.kind, name), orphan)
        return tuple(found.values())

    @staticmethod
    def _or_failure(look: Callable[[], list[Orphan]]) -> list[Orphan] | CallError:
        try:
            return look()
        except CallError as error:
            return error

    def _listed(self, kind: Kind, name: str, tags: Mapping[str, str]) -> Orphan:
        return Orphan(kind=kind, name=name, listed=True, keep=self._keep(name, owner(tags), untagged=not tags))

    def _keep(self, name: str, run: RunIdentity | None, *, untagged: bool) -> str:
        """Return why a resource must stay; names alone prove nothing."""
        written = next((one for one in self._records if one.identity.owns(name)), None)
        if written is not None and written.alive:
            return "its run is still under way on this machine"
        if untagged and written is not None:
            run = written.identity  # tags come late; our own journal says the same
        if untagged and run is None:
            return "it carries no tags, so it may not be lambdabot's"
        if run is None or run.repository != self._repository or not run.owns(name):
            return "its tags are not this repository's"
        if run.expires > self._now and not self._unexpired:
            return f"it expires at {run.expires:%Y-%m-%d %H:%M} UTC (`--all` removes it now)"
        return ""

    def _functions(self) -> list[Orphan]:
        control = self._connection.control

        def page(marker: str | None) -> tuple[Iterable[Any], str | None]:
            asked: dict[str, Any] = {"Marker": marker} if marker else {}
            answer = self._read(
                "lambda.ListFunctions", lambda: control.list_functions(**asked), "list the account's functions"
            )
            return answer["Functions"], answer.get("NextMarker")

        ours = [one for one in _pages(page) if one["FunctionName"].startswith(self._prefix)]

        def tags(function: Any) -> Orphan | None:  # noqa: ANN401  # as botocore gives it
            name, arn = function["FunctionName"], function["FunctionArn"]
            answer = self._read("lambda.ListTags", lambda: control.list_tags(Resource=arn), f"read the tags of {name}")
            return None if answer is None else self._listed(Kind.FUNCTION, name, answer.get("Tags", {}))

        return [one for one in run_all(partial(tags, function) for function in ours) if one is not None]

    def _layers(self) -> list[Orphan]:
        """Return the layers; they carry no tags, so their description says whose they are."""
        control = self._connection.control

        def page(marker: str | None) -> tuple[Iterable[Any], str | None]:
            asked: dict[str, Any] = {"Marker": marker} if marker else {}
            answer = self._read("lambda.ListLayers", lambda: control.list_layers(**asked), "list the account's layers")
            return answer["Layers"], answer.get("NextMarker")

        return [
            self._listed(Kind.LAYER, one["LayerName"], described(one["LatestMatchingVersion"].get("Description", "")))
            for one in _pages(page)
            if one["LayerName"].startswith(self._prefix)
        ]

    def _log_groups(self) -> list[Orphan]:
        logs, prefix = self._connection.logs, f"{LOG_GROUPS}{self._prefix}"

        def page(token: str | None) -> tuple[Iterable[Any], str | None]:
            asked: dict[str, Any] = {"nextToken": token} if token else {}
            answer = self._read(
                "logs.DescribeLogGroups",
                lambda: logs.describe_log_groups(logGroupNamePrefix=prefix, **asked),
                "list the log groups",
            )
            return answer["logGroups"], answer.get("nextToken")

        def tags(group: Any) -> Orphan | None:  # noqa: ANN401  # as botocore gives it
            name, arn = group["logGroupName"], group["arn"].removesuffix(":*")
            answer = self._read(
                "logs.ListTagsForResource",
                lambda: logs.list_tags_for_resource(resourceArn=arn),
                f"read the tags of {name}",
            )
            return None if answer is None else self._listed(Kind.LOG_GROUP, name, answer.get("tags", {}))

        return [one for one in run_all(partial(tags, group) for group in _pages(page)) if one is not None]

    def _objects(self, bucket: str) -> list[Orphan]:
        objects = self._connection.objects

        def page(token: str | None) -> tuple[Iterable[Any], str | None]:
            asked: dict[str, Any] = {"ContinuationToken": token} if token else {}
            answer = self._read(
                "s3.ListObjectsV2",
                lambda: objects.list_objects_v2(Bucket=bucket, Prefix=self._prefix, **asked),
                f"list the objects of the bucket {bucket}",
            )
            return answer.get("Contents", []), answer.get("NextContinuationToken")

        def tags(item: Any) -> Orphan | None:  # noqa: ANN401  # as botocore gives it
            key, name = item["Key"], f"{bucket}/{item['Key']}"
            answer = self._read(
                "s3.GetObjectTagging",
                lambda: objects.get_object_tagging(Bucket=bucket, Key=key),
                f"read the tags of {name}",
            )
            if answer is None:
                return None
            return self._listed(Kind.S3_OBJECT, name, {one["Key"]: one["Value"] for one in answer["TagSet"]})

        return [one for one in run_all(partial(tags, item) for item in _pages(page)) if one is not None]

    def _read(self, operation: str, send: Callable[[], Any], doing: str) -> Any:  # noqa: ANN401  # as botocore gives it
        """Return an answer; None when the resource went away meanwhile."""
        try:
            return self._connection.call(operation, send, doing=doing)
        except CallError as error:
            if error.code in _GONE:
                return None
            raise


def _pages(page: Callable[[str | None], tuple[Iterable[T], str | None]]) -> Iterator[T]:
    """Give the items of all pages; a page says where the next one begins."""
    marker: str | None = None
    while True:
        items, marker = page(marker)
        yield from items
        if marker is None:
            return
