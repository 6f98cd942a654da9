"""report.json, version 1: the one definition behind its writing, its validation and its JSON schema.

A figure that cannot be given is null, with a `reason` beside it.
Durations are milliseconds, sizes MB, money US dollars unless `prices.currency` says otherwise.
"""

import re
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator

from lambdabot.model import (
    Architecture,
    Arm64Verdict,
    BaseKind,
    Configuration,
    PackageVerdict,
    PayloadOrigin,
    Side,
    Status,
    Strategy,
    Verdict,
)
from lambdabot.report.bounds import (
    DEEPEST,
    LONGEST,
    Amount,
    Count,
    Factor,
    Many,
    MemoryMb,
    Moment,
    Number,
    Share,
    Text,
    is_deep,
)
from lambdabot.report.curve import PAGE

RUN_URL = r"^https?://[A-Za-z0-9.:-]{1,255}/[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100}/actions/runs/[0-9]{1,20}$"


class Section(BaseModel):
    """An object of report.json; fields of later versions are left out on reading."""

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)


class PricesSection(Section):
    """The price list that every cost was computed from."""

    region: Text
    published: Text
    source: Text
    currency: Text = "USD"
    """What every amount of money in this report is in, whatever a field's name says: CNY in China's Regions."""


class SpendSection(Section):
    """What the run itself cost and created."""

    invocations: Count
    usd: Amount
    seconds: Amount
    deployments_created: Count
    deployments_removed: Count
    control_plane_calls: Count | None = None


class ConfigurationSection(Section):
    """Memory size and architecture."""

    memory_mb: MemoryMb
    architecture: Architecture

    @property
    def configuration(self) -> Configuration:
        """Return both alone, to compare and to say."""
        return Configuration(memory_mb=self.memory_mb, architecture=self.architecture)


class CurrentSection(ConfigurationSection):
    """The function's configuration today."""

    assumed: bool
    """True when the settings do not say it."""


class TrafficSection(Section):
    """Invocations a month, and where the figure comes from."""

    value: Count
    source: Text


class EstimateSection(Section):
    """A value with its confidence interval; a bound that is null is unbounded."""

    value: Amount
    low: Number | None
    high: Number | None
    confidence: Share


class IntervalSection(Section):
    """The confidence interval of the value beside it; a bound that is null is unbounded."""

    low: Number | None
    high: Number | None
    confidence: Share


class FailuresSection(Section):
    """How many of the calls that were answered failed: by an exception, a timeout, or by what the answer says."""

    failed: Count
    answered: Count
    reason: Text
    """The most frequent one."""


class MeasurementSection(Section):
    """One side at one configuration."""

    side: Side
    memory_mb: MemoryMb
    architecture: Architecture
    status: Status
    reason: Text
    """Why it has this status, or why some of the figures are null."""
    invocations: Count
    environments: Count
    mean_duration_ms: Amount | None
    mean_duration_interval_ms: IntervalSection | None = None
    p50_duration_ms: Amount | None
    p95_duration_ms: Amount | None
    p95_interval_ms: IntervalSection | None = None
    p99_duration_ms: Amount | None
    p99_interval_ms: IntervalSection | None = None
    cv: Amount | None
    mean_init_ms: Amount | None
    mean_init_interval_ms: IntervalSection | None = None
    max_memory_used_mb: Count | None
    cost_per_million_usd: EstimateSection | None
    failures: FailuresSection | None = None
    """Null where nothing was answered. Calls that fail are in no other figure."""

    @property
    def configuration(self) -> Configuration:
        """Return what was measured."""
        return Configuration(memory_mb=self.memory_mb, architecture=self.architecture)


class RecommendationSection(ConfigurationSection):
    """The configuration to prefer."""

    strategy: Strategy
    ties: Many[ConfigurationSection]
    reason: Text
    saving_percent: Number | None
    """Of warm calls: the difference of two of the measurements' costs."""
    saving_monthly_usd: Number | None
    saving_with_cold_starts_percent: Number | None = None
    """What their share adds; null where no cold start was measured, or nothing changes."""
    saving_reason: Text
    """Why a saving is null."""
    estimated: bool


class RatioSection(EstimateSection):
    """Mean cost of head over mean cost of base."""

    value: Factor
    sides: Literal[1, 2]
    """1 when each bound holds alone with this confidence, 2 when both hold together."""


class ReliabilitySection(Section):
    """The failures of both sides at the configurations that are compared."""

    base: FailuresSection | None
    head: FailuresSection
    worse: bool
    """True where head fails more often than base, beyond chance."""
    p_value: Share | None
    """How likely such a difference is by chance, at the last number of calls at which it was looked at."""


class ComparisonSection(Section):
    """Head against base, each at its own configuration."""

    base: ConfigurationSection | None
    head: ConfigurationSection
    cost_ratio: RatioSection | None
    threshold: Number
    """The increase that fails the gate, as a fraction: 0.1 is 10 %."""
    verdict: Verdict
    reason: Text
    """Why it is this verdict; below the first line, what to do."""
    refused: bool = False
    """True when it is `not measured` for what the endpoint refused: credentials, permissions, concurrency."""
    environments: Count
    rounds: Count
    reliability: ReliabilitySection | None = None
    """Null where nothing was answered."""


class PackageSection(Section):
    """One dependency on arm64."""

    name: Text
    version: Text | None
    requested_by: Many[Text]
    verdict: PackageVerdict
    evidence: Text
    fix: Text
    x86_64_verdict: PackageVerdict


class Arm64Section(Section):
    """Whether everything that is shipped runs on arm64."""

    path: Text
    verdict: Arm64Verdict
    reason: Text
    packages: Many[PackageSection]
    native_files: Many[Text]
    layers: Many[Text]
    drift: Many[Text]


class LocationSection(Section):
    """A place in the repository."""

    path: Text
    line: Annotated[int, Field(ge=1, le=10**9)] | None


class FindingSection(Section):
    """One piece of advice."""

    rule: Text
    title: Text
    evidence: Text
    saving_monthly_usd: Number | None
    fix: Text
    location: LocationSection | None


class EditSection(Section):
    """A line of a template to replace, so that it says what is recommended."""

    path: Annotated[str, Field(max_length=4096)]
    """Relative to the repository."""
    line: Annotated[int, Field(ge=1, le=10**9)]
    before: Annotated[str, Field(max_length=4096)]
    """The line's text, without its end."""
    after: Annotated[str, Field(max_length=8192)]
    """What stands there instead; where the value was inherited, one line more."""
    note: Text
    """What else the value serves."""


class EventSection(Section):
    """An event that a function is invoked with."""

    name: Text
    origin: PayloadOrigin
    """`found` and `synthetic` where nobody named one, `empty` where none was to be had."""
    description: Text
    """What it is, in words; of what lambdabot.yml names, its file."""


class FunctionSection(Section):
    """All that is known of one function."""

    name: Text
    runtime: Text
    source_path: Text
    target: Text
    """What the dependencies were resolved for."""
    error: Text
    """Why nothing could be measured at all."""
    removed: bool = False
    new: bool = False
    """The base does not have it."""
    """True when the base measures it and the head does not: `comparison` says why."""
    unchanged: bool = False
    """True when head and base are the same package with the same settings, so nothing was invoked."""
    monthly_invocations: TrafficSection | None
    monthly_invocations_reason: Text
    current: CurrentSection
    base_is: BaseKind = BaseKind.TARGET_BRANCH
    """What `base` is, in its measurements and its comparison."""
    events: Many[EventSection] = []
    """What the head is invoked with; the bodies may be secret and are not here."""
    measurements: Many[MeasurementSection]
    recommendation: RecommendationSection | None
    recommendation_reason: Text
    comparison: ComparisonSection
    arm64: Arm64Section
    findings: Many[FindingSection]
    location: LocationSection | None = None
    """Where its handler is defined."""
    edits: Many[EditSection] = []
    """The recommendation as edits of the function's template."""
    edits_reason: Text = ""
    """Why an edit is missing."""
    curve_url: Annotated[str, Field(max_length=LONGEST, pattern=rf"^{re.escape(PAGE)}[A-Za-z0-9+/=;_]*$")] | None
    curve_reason: Text
    stop_reason: Text
    diagnosis: Text = ""
    """Why every call of the head failed; below its first line, what to paste into lambdabot.yml."""
    plan: dict[str, JsonValue] = {}
    """What the decisions depended on besides samples.jsonl: `lambdabot replay` takes them again from both."""
    waited_share: Share = 0
    """The share of their time on the clock that calls of the configuration which waited most did so for other work of
    the embedded endpoint's machine. No duration has it in it."""
    notes: Many[Text]


class OverrideSection(Section):
    """The label by which a person accepts the cost; looked for when the gate fails."""

    label: Text
    by: Text | None
    at: Moment | None
    valid: bool
    reason: Text
    """Why it does not count."""


class Report(Section):
    """report.json of lambdabot."""

    schema_version: Literal[1]
    lambdabot_version: Text
    created: Moment
    repository: Text | None
    pull_request: Annotated[int, Field(ge=1, le=10**12)] | None
    head_sha: Text | None
    base_sha: Text | None
    endpoint: Literal["aws", "local", "power-tuning", "custom"]
    seed: Annotated[int, Field(ge=-(10**30), le=10**30)]
    settings: dict[str, JsonValue]
    prices: PricesSection
    spend: SpendSection
    verdict: Verdict
    verdict_reason: Text
    override: OverrideSection | None = None
    """Null when the label is not set, or was not needed."""
    comment_key: Annotated[str, Field(pattern=r"^([0-9a-f]{12})?$")] = ""
    """Tells the comments of one pull request's jobs apart."""
    interrupted: bool
    unverified: bool = False
    """True where a pull request's own workflow made the report, which says `endpoint` and figures as it likes."""
    run_url: Annotated[str, Field(pattern=RUN_URL)] | None = None
    """The workflow's run, whose summary and artifacts have the whole report."""
    left_behind: Many[Text] = []
    """What the run created and could not remove: `function lambdabot-…`, `log group /aws/lambda/lambdabot-…`."""
    left_behind_reason: Text = ""
    """Why not; below the first line, what to do."""
    notes: Many[Text]
    functions: Many[FunctionSection]

    @property
    def could_not_measure(self) -> bool:
        """Tell whether the run vouches for no cost: nothing was measured, or a comparison lacks what was refused."""
        if any(one.comparison.refused for one in self.functions):
            return True
        if self.functions and all(one.unchanged or one.removed for one in self.functions):
            return False
        known = {Status.MEASURED, Status.ESTIMATED}
        return not any(row.status in known for one in self.functions for row in one.measurements)

    @model_validator(mode="before")
    @classmethod
    def _shallow(cls, data: object) -> object:
        if is_deep(data):
            message = f"objects and lists lie more than {DEEPEST} deep in each other"
            raise ValueError(message)
        return data
