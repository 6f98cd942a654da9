"""A Lambda function as the user's project describes it, packaged and live."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

from lambdabot.model.configuration import Architecture, Configuration, Side, Variant
from lambdabot.model.declaration import Declaration
from lambdabot.model.expectation import AnswerRule, Expectation
from lambdabot.model.layer import Layer, LayerBuild
from lambdabot.model.place import Undecided
from lambdabot.model.selection import ALL, Selection
from lambdabot.model.stand_in import StandIn
from lambdabot.model.trigger import Trigger
from lambdabot.workspace import Workspace


class PayloadOrigin(StrEnum):
    """Where an event to invoke with comes from."""

    WRITTEN = "lambdabot.yml"
    FOUND = "found"  # in a file of the repository that nobody named
    SYNTHETIC = "synthetic"  # as the service sends it that the template has invoke the function
    EMPTY = "empty"  # `{}`, for want of any


class Form(StrEnum):
    """What a payload is made from."""

    EVENT = "event"  # one event
    LINES = "lines"  # one event a line, of which each call gets one
    SAMPLE = "sample"  # recorded events, one a file, sent as they are


@dataclass(frozen=True, slots=True)
class Drawn:
    """An event of several, and how often it stands there."""

    body: bytes = field(repr=False)
    count: int
    line: int | None = field(default=None, compare=False)  # of its list, from 1, where it first stands


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """An event to invoke with, and its share of the real traffic (weights need not add up to one).

    Two are the same where they send the same, wherever it comes from. Where it is many events, each call gets one of
    `events`, drawn by their counts, and `body` is empty. Where it lies in S3, `location` says so until it is read.
    """

    name: str
    body: bytes
    weight: Decimal
    form: Form = Form.EVENT
    events: tuple[Drawn, ...] = ()
    location: str | None = None  # `s3://bucket/key`, or a prefix; None once it is read, or where it is no object
    left_out: str = ""  # of a sample, in words
    expect: Expectation | None = None  # None: as the function's other answers
    origin: PayloadOrigin = field(default=PayloadOrigin.WRITTEN, compare=False)
    described: str = field(default="", compare=False)  # in words: `events/orders.json`, found in the repository

    @property
    def contents(self) -> tuple[object, ...]:
        """Return what its events are, whatever it is called and how much of the traffic it is."""
        return self.form, self.body, self.events, self.location


class Each(StrEnum):
    """How often a preparation runs."""

    CALL = "call"
    WAVE = "wave"  # calls that are made at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Preparation:
    """What is invoked before or after what is measured, outside of the measurement and inside the budget.

    `function` is the ARN of an existing function, or the name of one of lambdabot.yml, of which a throw-away copy is
    made; None: the measured copy itself.
    """

    function: str | None
    event: bytes = field(repr=False)
    each: Each = Each.CALL

    @property
    def exists(self) -> bool:
        """Tell whether a function of the user's own is invoked."""
        return self.function is not None and self.function.startswith("arn:")


@dataclass(frozen=True, slots=True, kw_only=True)
class Constraints:
    """What a Configuration must meet to be recommended; None is no limit."""

    p95_ms: float | None = None
    mean_ms: float | None = None
    cold_start_ms: float | None = None
    memory_headroom_percent: float = 20.0


class Strategy(StrEnum):
    """What "best" means."""

    COST = "cost"
    SPEED = "speed"
    BALANCED = "balanced"


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """Hard limits of a run or of one function in it."""

    invocations: int | None = None
    usd: Decimal
    minutes: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageConfig:
    """What a function runs of its container image where that is not the image's own (Lambda's `ImageConfig`)."""

    entry_point: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    working_directory: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Extras:
    """What a function is billed for beside its memory and its requests (AWS Lambda Pricing)."""

    ephemeral_storage_mb: int = 512
    provisioned_concurrency: int = 0  # environments that are kept ready all month
    snap_start: bool = False  # where it is not free


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """What a function runs, and what it is packaged from; every path is absolute."""

    workspace: Workspace  # which holds every file that is named here
    source: Path | str | None  # a folder, a .zip, one file, an image's URI; None: the code of `like`, not yet read
    selection: Selection = ALL  # what of a folder is the package
    handler: str | None
    runtime: str
    requirements: Path | None
    layers: Mapping[Architecture, tuple[str | Layer, ...]] = field(default_factory=dict)  # a text is a version's ARN
    missing_layers: tuple[Undecided, ...] = ()  # of the template, and why they are left out
    local_layers: Mapping[str, Layer] = field(default_factory=dict)  # what stands for an ARN where it is no AWS
    image_config: ImageConfig | None = None
    allow_build: frozenset[str]  # dependencies that may be built from source

    def layers_for(self, architecture: Architecture) -> tuple[str | Layer, ...]:
        """Return the layers that are attached on an architecture, in their order."""
        return self.layers.get(architecture, ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What a function is deployed with."""

    current: Configuration
    current_assumed: bool
    timeout_seconds: int
    environment: Mapping[str, str] = field(repr=False)
    role: str | None
    ephemeral_storage_mb: int = 512
    provisioned_concurrency: int = 0  # of the real one: the copies have none
    snap_start: bool = False
    tracing: bool = False
    attachments: Mapping[str, Any] = field(default_factory=dict, repr=False)  # of `like`: VpcConfig, … as Lambda has it


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked of a function's measurement."""

    payloads: tuple[Payload, ...] = field(repr=False)
    gate_payloads: tuple[Payload, ...] = field(default=(), repr=False)  # which it is compared with, where others
    no_event: str = ""  # why it is not measured without one that somebody wrote
    memory_mb: tuple[int, ...]
    sizes_assumed: bool = False  # nobody asked for these memory sizes and no others
    architectures: tuple[Architecture, ...]
    constraints: Constraints
    strategy: Strategy
    balanced_weight: float
    tie_tolerance_percent: float
    budget: Budget
    monthly_invocations: int | None
    traffic_source: str = "lambdabot.yml"  # of `monthly_invocations`
    cold_start_share: float | None = None  # of the real traffic; None: not known
    expect: Expectation = field(default_factory=Expectation)
    allowed_errors: frozenset[str] = frozenset()  # failures that are meant: error types by name, HTTP statuses
    stand_in: StandIn | None = None  # for AWS on the embedded endpoint, of both sides; None: nothing stands for it
    before: Preparation | None = None
    after: Preparation | None = None
    pause_ms: float = 0.0  # between calls, which are made one after another then

    @property
    def reaches(self) -> frozenset[str]:
        """Return what of AWS the measurement reads or invokes: objects in S3, the ARNs of existing functions."""
        located = (one.location for one in (*self.payloads, *self.gate_payloads) if one.location)
        return frozenset((*located, *(one.function for one in self.preparations if one.exists and one.function)))

    @property
    def one_by_one(self) -> bool:
        """Tell whether calls are made one after another: for a pause, or to prepare the environment that is called."""
        return bool(self.pause_ms) or any(one.function is None for one in self.preparations)

    @property
    def preparations(self) -> tuple[Preparation, ...]:
        """Return what runs around the calls, in its order."""
        return tuple(one for one in (self.before, self.after) if one is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a function is described."""

    like: str | None = None  # the existing function that stands for what the settings leave open
    given: frozenset[str] = frozenset()  # the keys that the settings name, which `like` leaves alone
    declaration: Declaration | None = None  # the template's, where there is one
    side_effects_accepted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A Lambda function as the user's project describes it, one side of it."""

    name: str
    side: Side
    code: Code
    setup: Setup
    question: Question
    origin: Origin

    @property
    def extras(self) -> Extras:
        """What it is billed for besides; SnapStart is free for Java (AWS Lambda Pricing)."""
        return Extras(
            ephemeral_storage_mb=self.setup.ephemeral_storage_mb,
            provisioned_concurrency=self.setup.provisioned_concurrency,
            snap_start=self.setup.snap_start and not self.code.runtime.startswith("java"),
        )

    @property
    def triggers(self) -> frozenset[Trigger]:
        """Return the services that its template has invoke it, as far as that is known."""
        declaration = self.origin.declaration
        return frozenset(one.trigger for one in (declaration.events if declaration else ()) if one.trigger)

    def answer_rule(self, payload: Payload, *, others: Iterable[frozenset[Trigger]] = ()) -> AnswerRule:
        """Return how an answer to a payload is read.

        `others` are the triggers of the other side. Where those of a side are not known, any reader may be meant, and
        the answer's own shape tells.
        """
        sides = (self.triggers, *others)
        return AnswerRule(
            expect=payload.expect or self.question.expect,
            allowed_errors=self.question.allowed_errors,
            answers_http=any(not side or any(one.answers_http for one in side) for side in sides),
            takes_batches=any(not side or any(one.takes_batches for one in side) for side in sides),
        )

    @property
    def empty_handed(self) -> bool:
        """Tell whether it gets `{}`, for want of any event, while its template has something else invoke it."""
        declaration = self.origin.declaration
        only_empty = all(one.origin is PayloadOrigin.EMPTY for one in self.question.payloads)
        return only_empty and declaration is not None and bool(declaration.events)

    def value(self, name: str) -> Any:  # noqa: ANN401  # of any field
        """Return a field of one of its parts."""
        return getattr(getattr(self, _PART[name]), name)

    def changed(self, **values: Any) -> Self:  # noqa: ANN401  # see above
        """Return the function with other values of its parts' fields."""
        parts = {_PART[name]: getattr(self, _PART[name]) for name in values}
        for name, value in values.items():
            parts[_PART[name]] = replace(parts[_PART[name]], **{name: value})
        return replace(self, **parts)


_PART = {
    each.name: part
    for part, kind in (("code", Code), ("setup", Setup), ("question", Question), ("origin", Origin))
    for each in fields(kind)
}
"""The part that each field belongs to; lambdabot.yml has all of them side by side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """Packaged code of one side for one architecture."""

    function: str
    side: Side
    architecture: Architecture
    zip_path: Path | None  # None: a container image
    image_uri: str | None
    code_sha256: str  # base64, as Lambda's CodeSha256; of an image, its URI
    contents: str = ""  # the same for zips that hold the same, whatever their times; empty: as `code_sha256`
    zip_bytes: int
    unzipped_bytes: int
    target: str  # what dependencies were resolved for, in words: `python3.13, x86_64, glibc 2.34`
    layers: tuple[str | LayerBuild, ...] = ()  # in their order; a text is a version's ARN


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """A Variant that is live on an endpoint."""

    variant: Variant
    function_name: str
    arn: str  # qualified
