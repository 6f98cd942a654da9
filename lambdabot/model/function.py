"""A Lambda function as the user's project describes it, packaged and live."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any

from lambdabot.model.configuration import Architecture, Configuration, Side, Variant
from lambdabot.model.declaration import Declaration
from lambdabot.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """An event to invoke with, and its share of the real traffic (weights need not add up to one)."""

    name: str
    body: bytes
    weight: Decimal


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
class Function:
    """A Lambda function as the user's project describes it, one side of it, every path absolute."""

    name: str
    side: Side
    workspace: Workspace  # which holds every file that the function names
    source: Path | str | None  # a folder, a .zip, the URI of a container image; None: the code of `like`, not yet read
    handler: str | None
    runtime: str
    requirements: Path | None
    role: str | None
    timeout_seconds: int
    environment: Mapping[str, str] = field(repr=False)
    payloads: tuple[Payload, ...] = field(repr=False)
    gate_payloads: tuple[Payload, ...] = field(default=(), repr=False)  # which it is compared with, where others
    memory_mb: tuple[int, ...]
    architectures: tuple[Architecture, ...]
    current: Configuration
    current_assumed: bool
    monthly_invocations: int | None
    constraints: Constraints
    strategy: Strategy
    balanced_weight: float
    tie_tolerance_percent: float
    budget: Budget
    allow_build: frozenset[str]
    sizes_assumed: bool = False  # nobody asked for these memory sizes and no others
    layers: Mapping[Architecture, tuple[str, ...]] = field(default_factory=dict)  # ARNs of layer versions
    ephemeral_storage_mb: int = 512
    provisioned_concurrency: int = 0  # of the real one: the copies have none
    snap_start: bool = False
    tracing: bool = False
    image_config: ImageConfig | None = None
    like: str | None = None  # the existing function that stands for what the settings leave open
    side_effects_accepted: bool = False
    given: frozenset[str] = frozenset()  # the keys that the settings name, which `like` leaves alone
    attachments: Mapping[str, Any] = field(default_factory=dict, repr=False)  # of `like`: VpcConfig, … as Lambda has it
    traffic_source: str = "lambdabot.yml"  # of `monthly_invocations`
    cold_start_share: float | None = None  # of the real traffic; None: not known
    declaration: Declaration | None = None  # the template's, where there is one

    @property
    def extras(self) -> Extras:
        """What it is billed for besides; SnapStart is free for Java (AWS Lambda Pricing)."""
        return Extras(
            ephemeral_storage_mb=self.ephemeral_storage_mb,
            provisioned_concurrency=self.provisioned_concurrency,
            snap_start=self.snap_start and not self.runtime.startswith("java"),
        )

    def layers_for(self, architecture: Architecture) -> tuple[str, ...]:
        """Return the layers that are attached on an architecture, in their order."""
        return self.layers.get(architecture, ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """Packaged code of one side for one architecture."""

    function: str
    side: Side
    architecture: Architecture
    zip_path: Path | None  # None: a container image
    image_uri: str | None
    code_sha256: str  # base64, as Lambda's CodeSha256; of an image, its URI
    zip_bytes: int
    unzipped_bytes: int
    target: str  # what dependencies were resolved for, in words: `python3.13, x86_64, glibc 2.34`


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """A Variant that is live on an endpoint."""

    variant: Variant
    function_name: str
    arn: str  # qualified
