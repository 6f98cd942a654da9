"""A whole run: what every report is made from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from lambdabot.model.arm64 import Arm64Check
from lambdabot.model.function import Function
from lambdabot.model.measured import Comparison, Invocation, Measurement, Recommendation, Verdict
from lambdabot.model.place import Edit, Place
from lambdabot.model.prices import Prices


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One piece of advice with its evidence, its saving and its fix."""

    rule: str
    title: str
    evidence: str
    saving_monthly_usd: Decimal | None
    fix: str
    place: Place | None = None


class BaseKind(StrEnum):
    """What a function of the pull request is compared with."""

    TARGET_BRANCH = "target branch"
    LIVE_VERSION = "live version"  # behind the alias that `like` names
    NAMED = "base"  # a folder or a git ref that the run names
    PUSHED_OVER = "last push"  # to the branch that was pushed to
    DEFAULT_BRANCH = "default branch"  # where this branch left it
    RELEASE = "last release"
    PARENT = "commit before"


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
    new: bool = False  # the base does not have it
    stop_reason: str = ""
    diagnosis: str = ""  # why every call of the head failed; below its first line, what to paste into lambdabot.yml
    measurements: tuple[Measurement, ...] = ()
    invocations: tuple[Invocation, ...] = ()
    recommendation: Recommendation | None = None
    recommendation_reason: str = ""  # why there is none
    comparison: Comparison
    arm64: Arm64Check | None = None
    findings: tuple[Finding, ...] = ()
    location: Place | None = None  # of the head's handler
    edits: tuple[Edit, ...] = ()  # that write the recommendation into the function's template
    edits_reason: str = ""  # why one of them cannot be made
    waited_share: float = 0.0  # of their time on the clock, calls waited at most for other work of the machine
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


ACCEPT_LABEL = "lambdabot: accept cost"
"""The label by which a person accepts what a pull request costs, at one head commit."""


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
    left_behind: tuple[str, ...] = ()  # what was created and is not removed, or not yet
    left_behind_reason: str = ""  # why it could not be; empty before the removal
    notes: tuple[str, ...] = ()  # of set-up and clean-up
