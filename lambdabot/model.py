"""The nouns that the stages hand to one another: frozen, in AWS's own words.

Durations are milliseconds as Lambda reports them, sizes are MB as Lambda counts them (1 MB = 1,048,576 bytes),
money is US dollars as `Decimal`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lambdabot.workspace import Workspace

if TYPE_CHECKING:
    from lambdabot.declaration import Declaration, Edit


class Architecture(StrEnum):
    """A CPU architecture, by the names of Lambda's `Architectures`."""

    X86_64 = "x86_64"
    ARM64 = "arm64"


class Side(StrEnum):
    """Which code: `base` is the target branch, `head` the pull request."""

    BASE = "base"
    HEAD = "head"


@dataclass(frozen=True, slots=True, kw_only=True)
class Commits:
    """The commits that GitHub's event names for a pull request; None where it does not."""

    base: str | None = None  # of the target branch
    head: str | None = None  # the pull request's own last one
    merge: str | None = None  # what GitHub merged both into, and a workflow checks out


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Configuration:
    """Memory size and architecture: what a sweep varies."""

    memory_mb: int
    architecture: Architecture

    def __str__(self) -> str:
        """Return it as a reader says it: `512 MB arm64`."""
        return f"{self.memory_mb} MB {self.architecture}"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Variant:
    """One side's code at one Configuration: what is deployed and measured."""

    side: Side
    configuration: Configuration


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
    declaration: "Declaration | None" = None  # the template's, where there is one

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


class Outcome(StrEnum):
    """How one invocation ended."""

    OK = "ok"
    ERROR = "error"
    TIMEOUT = "timeout"
    OUT_OF_MEMORY = "out of memory"
    DISCARDED = "not measured"  # throttled, wrong memory size, no REPORT: no result of the function's own


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """One call and what its REPORT says; a figure that the REPORT does not give is None, never 0."""

    variant: Variant
    payload: str
    round: int
    wave: int  # counted through the whole run of a function; invocations of one wave overlap in time
    environment: str  # CloudWatch log stream, or the wave's lane where logs cannot be read
    environment_known: bool
    cpu_model: str | None = None
    cold: bool
    outcome: Outcome
    reason: str = ""  # of every outcome but `ok`: the error's own words
    duration_ms: float | None
    billed_ms: int | None
    init_ms: float | None = None
    restore_ms: float | None = None
    max_memory_used_mb: int | None
    at_seconds: float  # when the answer came, counted from the function's first wave


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A value with its confidence interval and what stands behind it."""

    value: float
    low: float
    high: float
    confidence: float
    environments: int
    invocations: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """The confidence interval of a value that stands beside it; `high` is infinite where nothing bounds it."""

    low: float
    high: float
    confidence: float


class Status(StrEnum):
    """What became of a Variant."""

    MEASURED = "measured"
    ESTIMATED = "estimated"
    OUT_OF_MEMORY = "out of memory"
    TIMEOUT = "timeout"
    ERROR = "error"
    NOT_MEASURED = "not measured"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """A Variant and what its invocations amount to; figures are None where they cannot be given."""

    variant: Variant
    status: Status
    reason: str = ""
    invocations: int
    environments: int
    mean_duration_ms: float | None = None
    p50_duration_ms: float | None = None
    p95_duration_ms: float | None = None
    p95_interval_ms: Interval | None = None
    p99_duration_ms: float | None = None
    p99_interval_ms: Interval | None = None
    cv: float | None = None
    mean_init_ms: float | None = None
    mean_init_interval_ms: Interval | None = None
    max_memory_used_mb: int | None = None
    cost_per_million: Estimate | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """The cheapest Configuration that meets the constraints (or the fastest, by strategy), its ties, and why."""

    configuration: Configuration
    strategy: Strategy
    ties: tuple[Configuration, ...]
    reason: str
    saving_percent: float | None
    saving_monthly_usd: Decimal | None
    estimated: bool


class Verdict(StrEnum):
    """What the gate says; in order from worst to best."""

    REGRESSION = "regression"
    INCONCLUSIVE = "inconclusive"
    NOT_MEASURED = "not measured"
    OVERRIDDEN = "overridden"
    IMPROVEMENT = "improvement"
    NO_CHANGE = "no change"


ACCEPT_LABEL = "lambdabot: accept cost"
"""The label by which a person accepts what a pull request costs, at one head commit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Head against base, each at its own current Configuration."""

    base: Configuration | None
    head: Configuration
    cost_ratio: Estimate | None
    one_sided: bool = True
    threshold_percent: float
    verdict: Verdict
    reason: str
    environments: int
    rounds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """Prices of one Region: per GB-second by architecture, per request, per GB-second of extra ephemeral storage.

    Provisioned concurrency has two: what is kept ready, and the duration while it is. SnapStart's cache is paid per
    GB-second of each published version, its restores per GB; for Java both are free.
    """

    region: str
    published: str  # date of the price list, ISO 8601
    source: str
    gb_second: Mapping[Architecture, Decimal]
    request: Decimal
    storage_gb_second: Decimal
    provisioned_gb_second: Mapping[Architecture, Decimal] = field(default_factory=dict)
    provisioned_duration_gb_second: Mapping[Architecture, Decimal] = field(default_factory=dict)
    snap_start_cache_gb_second: Decimal = Decimal(0)
    snap_start_restore_gb: Decimal = Decimal(0)
    currency: str = "USD"

    def cost(
        self, configuration: Configuration, billed_ms: float | Decimal, *, ephemeral_storage_mb: int = 512
    ) -> Decimal:
        """Return what one invocation costs, request fee and storage above 512 MB included (AWS Lambda Pricing)."""
        per_gb = Decimal(billed_ms) / (1000 * 1024)
        compute = per_gb * configuration.memory_mb * self.gb_second[configuration.architecture]
        storage = per_gb * max(0, ephemeral_storage_mb - 512) * self.storage_gb_second
        return compute + storage + self.request

    def snapshot(self, configuration: Configuration) -> Decimal:
        """Return what SnapStart's cache of one published version costs: three hours are the least (AWS Lambda Pricing).

        Its restores are priced by `restore`. Both are free for Java.
        """
        return self.snap_start_cache_gb_second * configuration.memory_mb / 1024 * 3 * 3600

    def restore(self, configuration: Configuration) -> Decimal:
        """Return what one restore from a snapshot costs."""
        return self.snap_start_restore_gb * configuration.memory_mb / 1024


class PackageVerdict(StrEnum):
    """Whether one dependency installs on arm64; all from `sdist only` to `not found` block."""

    WHEEL = "wheel"
    PURE = "pure"
    SDIST_ONLY = "sdist only"
    NO_ARM64_WHEEL = "no arm64 wheel"
    GLIBC_TOO_NEW = "glibc too new"
    PYTHON_NOT_SUPPORTED = "python not supported"
    HASH_NOT_LISTED = "hash not listed"
    NATIVE_FILE = "x86_64 native file"
    NOT_FOUND = "not found"
    NOT_CHECKED = "not checked"

    @property
    def blocks(self) -> bool:
        """True when the dependency cannot be installed as it stands."""
        return self not in {PackageVerdict.WHEEL, PackageVerdict.PURE, PackageVerdict.NOT_CHECKED}


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageCheck:
    """The verdict on one dependency, with its evidence and its mend."""

    name: str
    version: str | None
    requested_by: tuple[str, ...]  # from the manifest's line down to the package's parent
    verdict: PackageVerdict
    evidence: str
    fix: str = ""
    x86_64_verdict: PackageVerdict


class Arm64Verdict(StrEnum):
    """Whether everything that is shipped runs on arm64."""

    READY = "ready"
    BLOCKED = "blocked"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm64Check:
    """The ARM64 answer for one path."""

    path: str
    verdict: Arm64Verdict
    reason: str = ""
    packages: tuple[PackageCheck, ...] = ()
    native_files: tuple[str, ...] = ()
    layers: tuple[str, ...] = ()
    drift: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """A line of the user's code."""

    path: Path
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One piece of advice with its evidence, its saving and its fix."""

    rule: str
    title: str
    evidence: str
    saving_monthly_usd: Decimal | None
    fix: str
    path: str | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wave:
    """Concurrent invocations of one Variant with one payload; what the sampling plan asks for."""

    variant: Variant
    payload: str
    concurrency: int
    fresh: bool = False  # replace the Variant's environments first


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """Waves to run in this order, before anything is decided again."""

    number: int
    waves: tuple[Wave, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """Nothing more is to be invoked, and why."""

    reason: str


class BaseKind(StrEnum):
    """What a function of the pull request is compared with."""

    TARGET_BRANCH = "target branch"
    LIVE_VERSION = "live version"  # behind the alias that `like` names
    NAMED = "base"  # a folder or a git ref that the run names


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionResult:
    """All that is known of one function at the end; `error` says why nothing could be measured at all."""

    function: Function
    base: Function | None
    base_is: BaseKind = BaseKind.TARGET_BRANCH
    error: str = ""
    target: str = ""  # Build.target of the head
    unchanged: bool = False  # same package and settings as the base, so nothing was invoked
    removed: bool = False  # the base's alone, so there is nothing to invoke
    stop_reason: str = ""
    measurements: tuple[Measurement, ...] = ()
    invocations: tuple[Invocation, ...] = ()
    recommendation: Recommendation | None = None
    recommendation_reason: str = ""  # why there is none
    comparison: Comparison
    arm64: Arm64Check | None = None
    findings: tuple[Finding, ...] = ()
    location: Location | None = None  # of the head's handler
    edits: "tuple[Edit, ...]" = ()  # that write the recommendation into the function's template
    edits_reason: str = ""  # why one of them cannot be made
    notes: tuple[str, ...] = ()  # what a reader should know of how the figures came about
    plan: Mapping[str, object] = field(default_factory=dict)  # as JSON: what the decisions depended on besides

    @property
    def name(self) -> str:
        """Return the function's name."""
        return self.function.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Spend:
    """What this run cost and created."""

    invocations: int
    usd: Decimal
    seconds: float
    deployments_created: int
    deployments_removed: int
    control_plane_calls: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """The label by which a person accepts the cost of one head commit; `reason` says why it does not count."""

    label: str
    by: str | None
    at: str | None  # ISO 8601, UTC
    valid: bool
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """The whole run: what every report is made from."""

    created: str  # ISO 8601, UTC
    repository: str | None
    pull_request: int | None
    head_sha: str | None
    base_sha: str | None
    endpoint: str  # aws, local, power-tuning or custom
    seed: int
    settings: Mapping[str, object]  # effective, redacted
    prices: Prices
    spend: Spend
    verdict: Verdict
    verdict_reason: str
    functions: tuple[FunctionResult, ...]
    comment_key: str = ""  # tells the comments of one pull request's jobs apart
    interrupted: bool = False
    run_url: str | None = None  # of the workflow's run
    notes: tuple[str, ...] = ()  # of set-up and clean-up
