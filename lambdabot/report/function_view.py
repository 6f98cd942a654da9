"""One function's part of the comment, made from its part of the report.

Figures are ready to be written (Markup); every other text is raw and is escaped where the template writes it out.
Parts of the report stand here as plain data: a template of the team's own may call any method that it can name, and
those of a pydantic model read files.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from lambdabot.figures import LEAST_PERCENT
from lambdabot.model import Configuration, PackageVerdict, PayloadOrigin, Side, Status, Verdict
from lambdabot.report import numbers
from lambdabot.report.failing import Fails, failed_of, fails, most_frequent
from lambdabot.report.mermaid import Chart, charts
from lambdabot.report.table import NO_FIGURE, Change, Row, rows

if TYPE_CHECKING:  # the process of a team's own template needs no pydantic
    from lambdabot.report.schema import Arm64Section, EditSection, FunctionSection, RecommendationSection

Part = Mapping[str, Any]
"""A part of the report, as JSON has it."""

NOTICEABLE = 1.15
"""How many times as fast, or as slow, it must be for a reader to be told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a side costs, in dollars; a dash where it is not known."""

    million: Markup = NO_FIGURE  # of a million invocations
    month: Markup = NO_FIGURE


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """Head against base."""

    verdict: str
    reason: str
    refused: bool
    change: Change | None
    at_least: Markup  # the bounds of the interval that the verdict rests on
    at_most: Markup
    before: Markup | None  # dollars, where both sides' are known
    after: Markup | None
    monthly_usd: tuple[float, float] | None  # before and after, where the traffic is known too
    base_cost: Cost
    head_cost: Cost
    head: str
    base: str | None
    base_is: str
    threshold: Markup
    confidence: Markup
    environments: int
    rounds: int
    fails: Fails | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One attribute to change, by its name in a kind of template."""

    before: Markup
    after: Markup


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """A line of the user's own template, before and after."""

    place: str
    diff: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """The recommended Configuration against today's."""

    configuration: str
    reason: str
    change_needed: bool
    saving: Markup | None
    dearer: bool  # faster at a higher price, when the strategy asks for that
    faster: Markup | None  # how many times as fast, where that is worth a word
    slower: Markup | None
    saving_monthly: Markup | None
    estimated: bool
    ties: tuple[str, ...]
    sam: tuple[Edit, ...]
    terraform: tuple[Edit, ...]
    fixes: tuple[Fix, ...]  # lines of the user's own template; empty: not known
    fixes_reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm64:
    """The ARM64 answer: what blocks, and the rest."""

    verdict: str
    reason: str
    blocking: tuple[Part, ...]
    unchecked: tuple[Part, ...]
    ready: tuple[Part, ...]
    native_files: tuple[str, ...]
    drift: tuple[str, ...]

    @property
    def total(self) -> int:
        """How many dependencies there are."""
        return len(self.blocking) + len(self.unchecked) + len(self.ready)


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionView:
    """One function's part of the comment."""

    name: str
    error: str
    removed: bool
    new: bool  # the base does not have it
    today: str
    today_assumed: bool
    per: Markup  # what the dollars of the headline are for
    gate: Gate
    rows: tuple[Row, ...]
    advice: Advice | None
    no_advice: str
    events: tuple[str, ...]  # in words; of those that lambdabot.yml names nothing is told but their files
    chosen: bool  # nobody named them
    empty: bool  # `{}`, for want of any
    arm64: Arm64
    findings: tuple[Part, ...]
    runtime: str
    target: str
    environments: int
    invocations: int
    confidence: Markup | None
    stop_reason: str
    diagnosis: str  # why every call failed; below its first line, what to paste
    failed: str  # calls of all Configurations, and the most frequent reason; empty where none failed
    failed_reason: str
    curve_url: Markup | None
    notes: tuple[str, ...]

    @property
    def state(self) -> str:
        """Return what became of it, in a word: a verdict that says why there is none."""
        verdict = self.gate.verdict
        if self.error or self.gate.refused:
            return "failed"
        if verdict == "no change":
            return "unchanged"
        if verdict != "not measured":
            return verdict
        if self.removed:
            return "not measured any more"
        if self.diagnosis or not any(row.usd is not None for row in self.rows if not row.base):
            return "failed"
        return "new" if self.new else "not compared"

    @property
    def charts(self) -> tuple[Chart, ...]:
        """Cost and duration over memory."""
        return charts(self.rows)


def function_view(one: "FunctionSection") -> FunctionView:
    """Return the view of a function."""
    measured = [row for row in one.measurements if row.status is Status.MEASURED]
    costs = [row.cost_per_million_usd for row in measured if row.cost_per_million_usd]
    lines = rows(one)
    per = Markup("per million invocations")
    if one.monthly_invocations:
        per = Markup("a month at {} invocations").format(numbers.count(one.monthly_invocations.value))
    return FunctionView(
        name=one.name,
        error=one.error,
        removed=one.removed,
        new=one.new,
        today=str(one.current.configuration),
        today_assumed=one.current.assumed,
        per=per,
        gate=_gate(one),
        rows=lines,
        advice=_advice(one, one.recommendation, lines) if one.recommendation else None,
        no_advice=_untold(one.recommendation_reason, one.error),
        events=tuple(dict.fromkeys(each.description for each in one.events if each.description)),
        chosen=any(each.origin is not PayloadOrigin.WRITTEN for each in one.events),
        empty=any(each.origin is PayloadOrigin.EMPTY for each in one.events)
        and not (one.error or one.removed or one.unchanged),
        arm64=_arm64(one.arm64),
        findings=tuple(
            finding.model_dump(mode="json")
            for finding in sorted(one.findings, key=lambda finding: -(finding.saving_monthly_usd or 0))
        ),
        runtime=one.runtime,
        target=one.target,
        environments=sum(row.environments for row in one.measurements),
        invocations=sum(row.invocations for row in one.measurements),
        confidence=numbers.confidence(costs[0].confidence) if costs else None,
        stop_reason=one.stop_reason,
        diagnosis=one.diagnosis,
        failed=failed_of(one),
        failed_reason=most_frequent(one),
        curve_url=Markup(one.curve_url) if one.curve_url else None,  # noqa: S704  # the schema lets no Markdown in
        notes=tuple(one.notes),
    )


def _untold(reason: str, error: str) -> str:
    """Return a reason, empty where all that it says is why nothing was measured."""
    return "" if error and error.partition("\n")[0] in reason else reason


def _gate(one: "FunctionSection") -> Gate:
    comparison = one.comparison
    ratio, head, base = comparison.cost_ratio, comparison.head.configuration, comparison.base
    after = _cost(one, Side.HEAD, head)
    before = _cost(one, Side.BASE, base.configuration) if base else None
    traffic = one.monthly_invocations.value / 1e6 if one.monthly_invocations else None
    share = 1.0 if traffic is None else traffic
    if ratio and one.plan.get("gate_payloads"):  # the head's row comes from other events than the gate's
        after = None if before is None else before * ratio.value
    if ratio and before is None and after is not None and ratio.value > 0:  # the table has no row of it to differ from
        before = after / ratio.value
    moved = ratio is not None and comparison.verdict in {Verdict.REGRESSION, Verdict.OVERRIDDEN, Verdict.IMPROVEMENT}
    if moved and ratio and before is not None and after is not None and (after - before) * (ratio.value - 1) <= 0:
        before = after = None  # two rows of the table that say otherwise than the gate, by chance, are no money to tell
    both = (before * share, after * share) if ratio and before is not None and after is not None else None
    bounds = [ratio.low, ratio.high] if ratio else [None, None]
    low, high = (None if bound is None else bound - 1 for bound in bounds)
    at_least, at_most = (NO_FIGURE if one is None else numbers.signed_percent(100 * one) for one in (low, high))
    return Gate(
        verdict=comparison.verdict,
        reason=comparison.reason,
        refused=comparison.refused,
        change=Change(value=ratio.value - 1, low=low, high=high) if ratio else None,
        at_least=at_least,
        at_most=at_most,
        before=numbers.usd(both[0]) if both else None,
        after=numbers.usd(both[1]) if both else None,
        monthly_usd=both if traffic is not None else None,
        base_cost=_cost_of(before, traffic),
        head_cost=_cost_of(after, traffic),
        head=str(head),
        base=str(base.configuration) if base else None,
        base_is=one.base_is,
        threshold=numbers.signed_percent(100 * comparison.threshold),
        confidence=numbers.confidence(ratio.confidence) if ratio else NO_FIGURE,
        environments=comparison.environments,
        rounds=comparison.rounds,
        fails=fails(comparison.reliability),
    )


def _cost_of(million: float | None, traffic: float | None) -> Cost:
    """Return a cost by a million invocations and by a month's; `traffic` is that in millions."""
    if million is None:
        return Cost()
    month = NO_FIGURE if traffic is None else numbers.usd(million * traffic)
    return Cost(million=numbers.usd(million), month=month)


def _cost(one: "FunctionSection", side: Side, configuration: Configuration) -> float | None:
    """Return the measured dollars of a million invocations."""
    costs = (
        row.cost_per_million_usd for row in one.measurements if row.side is side and row.configuration == configuration
    )
    return next((cost.value for cost in costs if cost), None)


def _advice(one: "FunctionSection", recommendation: "RecommendationSection", lines: Sequence[Row]) -> Advice:
    best, today = recommendation.configuration, one.current.configuration
    saving, monthly = recommendation.saving_percent, recommendation.saving_monthly_usd
    change_needed = best != today
    memory = today.memory_mb, best.memory_mb
    architecture = today.architecture, best.architecture
    pace = _pace(lines) if change_needed else None
    return Advice(
        configuration=str(best),
        reason=recommendation.reason,
        change_needed=change_needed,
        saving=numbers.percent(saving) if change_needed and saving and abs(saving) >= LEAST_PERCENT else None,
        dearer=saving is not None and saving < 0,
        faster=numbers.times(pace) if pace and pace >= NOTICEABLE else None,
        slower=numbers.times(1 / pace) if pace and pace <= 1 / NOTICEABLE else None,
        saving_monthly=numbers.whole_usd(abs(monthly)) if monthly is not None else None,
        estimated=recommendation.estimated,
        ties=tuple(str(tie.configuration) for tie in recommendation.ties),
        sam=_edits("MemorySize: {}", memory) + _edits("Architectures: [{}]", architecture),
        terraform=_edits("memory_size   = {}", memory) + _edits('architectures = ["{}"]', architecture),
        fixes=tuple(map(_fix, one.edits)),
        fixes_reason=one.edits_reason,
    )


def _pace(lines: Sequence[Row]) -> float | None:
    """Return how many times as fast as today's Configuration the recommended one is; None where that is not certain.

    The interval of the ratio must not hold 1: the delta method on logarithms, as of two independent means. Where an
    earlier version wrote the report, the intervals of the costs stand for those of the durations.
    """
    today = next((row for row in lines if row.today and not row.base), None)
    best = next((row for row in lines if row.recommended), None)
    if not today or not best or not today.mean_ms or not best.mean_ms:
        return None
    widths = [_half_width(row.mean_bounds_ms or (row.low_usd or 0.0, row.high_usd or 0.0)) for row in (today, best)]
    pace = today.mean_ms / best.mean_ms
    return pace if abs(math.log(pace)) > math.hypot(*widths) else None


def _half_width(bounds: tuple[float, float]) -> float:
    """Return half an interval's width on the logarithm; endless where nothing bounds it."""
    low, high = bounds
    return math.log(high / low) / 2 if 0 < low <= high else math.inf


def _fix(edit: "EditSection") -> Fix:
    """Return an edit as lines of a diff; where a line is added, the one before it stays."""
    before, after = edit.before, edit.after.splitlines()
    added = after[:1] == [before]
    lines = [f" {before}" if added else f"-{before}", *(f"+{line}" for line in after[added:])]
    return Fix(place=f"{edit.path}:{edit.line}", diff="\n".join(lines), note=edit.note)


def _edits(line: str, values: tuple[object, object]) -> tuple[Edit, ...]:
    before, after = (Markup(line).format(value) for value in values)  # noqa: S704  # the line is ours
    return () if before == after else (Edit(before=before, after=after),)


def _arm64(one: "Arm64Section") -> Arm64:
    groups: dict[str, list[Part]] = {"blocking": [], "unchecked": [], "ready": []}
    for package in one.packages:
        verdict = package.verdict
        group = "blocking" if verdict.blocks else "unchecked" if verdict is PackageVerdict.NOT_CHECKED else "ready"
        groups[group].append(package.model_dump(mode="json"))
    return Arm64(
        verdict=one.verdict,
        reason=one.reason,
        native_files=tuple(one.native_files),
        drift=tuple(one.drift),
        **{name: tuple(packages) for name, packages in groups.items()},
    )
