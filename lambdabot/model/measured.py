"""What is invoked, what came of it, and what that amounts to."""

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from lambdabot.model.configuration import Configuration, Variant
from lambdabot.model.function import Strategy


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


class Outcome(StrEnum):
    """How one invocation ended."""

    OK = "ok"
    ERROR = "error"
    FAILING_ANSWER = "failing answer"  # returned, and an error to whoever called: HTTP 500, `batchItemFailures`
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
    error_type: str = ""  # of a failure: `KeyError`, `Runtime.ExitError`, `HTTP 500`; empty: not known
    survived: bool = False  # of a failure: its environment went on, beyond doubt
    duration_ms: float | None
    billed_ms: int | None
    init_ms: float | None = None
    restore_ms: float | None = None
    waited_ms: float | None = None  # for other work of the embedded endpoint's machine; not in the duration
    max_memory_used_mb: int | None
    at_seconds: float  # when the answer came, counted from the function's first wave
    aside_ms: float = 0.0  # what ran before and after its wave, and pauses; one invocation has it for the whole wave
    aside_usd: Decimal = Decimal(0)  # what that cost
    refused: bool = False  # the endpoint took no such call: nothing ran, and nothing is billed

    @property
    def failed(self) -> bool:
        """Tell whether the function itself failed."""
        return self.outcome not in {Outcome.OK, Outcome.DISCARDED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Failures:
    """How many of the calls that were answered failed, and the most frequent reason."""

    failed: int = 0
    answered: int = 0
    reason: str = ""

    def __str__(self) -> str:
        """Return `2 of 9`."""
        return f"{self.failed} of {self.answered}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reliability:
    """The failures of both sides at the Configurations that are compared; `base` is None where there is none.

    `p_value` is the probability that head fails so much more often than base by chance; None where that was not asked.
    """

    base: Failures | None
    head: Failures
    worse: bool = False  # head fails more often than base, beyond chance
    p_value: float | None = None


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
    mean_duration_interval_ms: Interval | None = None
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
    failures: Failures = field(default_factory=Failures)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """The cheapest Configuration that meets the constraints (or the fastest, by strategy), its ties, and why."""

    configuration: Configuration
    strategy: Strategy
    ties: tuple[Configuration, ...]
    reason: str
    saving_percent: float | None  # of warm calls: the difference of two measured costs
    saving_monthly_usd: Decimal | None
    estimated: bool
    saving_with_cold_starts_percent: float | None = None


class Verdict(StrEnum):
    """What the gate says; in order from worst to best."""

    REGRESSION = "regression"
    INCONCLUSIVE = "inconclusive"
    NOT_MEASURED = "not measured"
    OVERRIDDEN = "overridden"
    IMPROVEMENT = "improvement"
    NO_CHANGE = "no change"


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
    refused: bool = False  # the endpoint refused what it takes: credentials, permissions, concurrency
    environments: int
    rounds: int
    reliability: Reliability | None = None  # None: nothing was answered, or an earlier version did not look
