"""A function, its versions and its aliases, as the endpoint holds them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from lambdabot.local.code import Code, Merged

LATEST = "$LATEST"


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachedLayers:
    """The layers of a function, in their order; `contents` holds the folder that is seen at /opt."""

    documents: tuple[Mapping[str, Any], ...] = ()  # the model's Layer
    codes: tuple[Code, ...] = ()
    contents: Code | Merged | None = None


NO_LAYERS = AttachedLayers()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, weakref_slot=True)
class FunctionVersion:
    """Code and configuration at one moment; execution environments belong to exactly one of these.

    `settings` holds the members of the model's FunctionConfiguration that a client chooses. The version takes effect
    at `ready_at` (seconds of the endpoint's clock): until then it is Pending, or InProgress where `is_update`.
    """

    name: str
    arn: str  # the function's, without a qualifier
    version: str
    code: Code
    layers: AttachedLayers = NO_LAYERS
    settings: Mapping[str, Any] = field(repr=False)
    architecture: str
    last_modified: str
    revision_id: str
    ready_at: float
    is_update: bool

    @property
    def qualified_arn(self) -> str:
        """The version's own ARN, with `$LATEST` too."""
        return f"{self.arn}:{self.version}"

    @property
    def memory_mb(self) -> int:
        """The memory size."""
        return int(self.settings["MemorySize"])

    @property
    def log_group(self) -> str:
        """The log group that its invocations write to."""
        return str(self.settings["LoggingConfig"]["LogGroup"])

    @property
    def logs_json(self) -> bool:
        """True when its log lines are JSON objects."""
        return bool(self.settings["LoggingConfig"]["LogFormat"] == "JSON")

    def same_as(self, other: "FunctionVersion") -> bool:
        """True when neither code nor configuration differ: then PublishVersion makes no new version."""
        mine, theirs = (
            (version.code.sha256, version.layers.documents, version.architecture, version.settings)
            for version in (self, other)
        )
        return mine == theirs

    def document(self, now: float, *, arn: str, with_state: bool = True) -> dict[str, Any]:
        """Return the model's FunctionConfiguration under the ARN that was asked for; lists come without the state."""
        document: dict[str, Any] = {
            **self.settings,
            "FunctionName": self.name,
            "FunctionArn": arn,
            "CodeSize": self.code.size,
            "CodeSha256": self.code.sha256,
            "Architectures": [self.architecture],
            "PackageType": "Zip",
            "LastModified": self.last_modified,
            "Version": self.version,
            "RevisionId": self.revision_id,
            **({"Layers": list(self.layers.documents)} if self.layers.documents else {}),
        }
        return {**document, **self._state(now)} if with_state else document

    def _state(self, now: float) -> dict[str, str]:
        if now >= self.ready_at:
            return {"State": "Active", "LastUpdateStatus": "Successful"}
        if self.is_update:
            return {
                "State": "Active",
                "LastUpdateStatus": "InProgress",
                "LastUpdateStatusReason": "The function is being updated.",
            }
        return {
            "State": "Pending",
            "StateReason": "The function is being created.",
            "StateReasonCode": "Creating",
            "LastUpdateStatus": "InProgress",
            "LastUpdateStatusReason": "The function is being created.",
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Alias:
    """A name for a version; `weights` shares of traffic for another version."""

    name: str
    arn: str
    version: str
    description: str
    weights: Mapping[str, float]
    revision_id: str

    def document(self) -> dict[str, Any]:
        """Return the model's AliasConfiguration."""
        document: dict[str, Any] = {
            "AliasArn": self.arn,
            "Name": self.name,
            "FunctionVersion": self.version,
            "Description": self.description,
            "RevisionId": self.revision_id,
        }
        if self.weights:
            document["RoutingConfig"] = {"AdditionalVersionWeights": dict(self.weights)}
        return document


@dataclass(slots=True, kw_only=True)
class LambdaFunction:
    """A function: the one mutable thing; changed only under its registry's lock."""

    latest: FunctionVersion
    previous: FunctionVersion | None = None  # what still serves while an update is in progress
    versions: dict[str, FunctionVersion] = field(default_factory=dict)
    published: tuple[FunctionVersion, str] | None = None  # what `$LATEST` was at the last publication, and its version
    aliases: dict[str, Alias] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    reserved_concurrency: int | None = None


def modified(now: float) -> str:
    """Return a moment as LastModified has it."""
    return datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000"
