"""What all that was seen amounts to: measurements, recommendation, comparison."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from lambdabot.measurement import gate, shortfall
from lambdabot.measurement.busy import waited_share
from lambdabot.measurement.cold_start import cold_start
from lambdabot.measurement.distribution import distribution
from lambdabot.measurement.drift import drift
from lambdabot.measurement.first_calls import fails_from_the_start, first_calls
from lambdabot.measurement.interval import CONFIDENCE, mean
from lambdabot.measurement.plan import Plan
from lambdabot.measurement.recommendation import recommend
from lambdabot.measurement.samples import Cell
from lambdabot.model import (
    Comparison,
    Configuration,
    Estimate,
    Failures,
    Interval,
    Invocation,
    Measurement,
    Recommendation,
    Side,
    Status,
    Variant,
)

_NOT_WORTH_IT = "not tried, as every first call failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusion:
    """The measurement's answer for one function; `notes` say what a reader should know of how it came about."""

    measurements: tuple[Measurement, ...]
    recommendation: Recommendation | None
    recommendation_reason: str
    comparison: Comparison
    waited_share: float = 0.0  # of their time on the clock, calls of the Variant that waited most for other work
    notes: tuple[str, ...]


def conclude(plan: Plan, seen: Sequence[Invocation]) -> Conclusion:
    """Return what is known, whether or not the measurement went to its end."""
    known = gate.known(plan, seen)
    compared = gate.compared(plan, known, seen)
    hopeless = first_calls(plan, {**known, **compared}).hopeless
    measured = [_measurement(plan, cell, hopeless=hopeless) for cell in known.values()]
    by_variant = {one.variant: one for one in measured}
    head = {one.variant.configuration: one for one in measured if one.variant.side is Side.HEAD}
    estimated = [_estimated(plan, one, head) for one in plan.estimated if one not in head]
    absent = [
        _blank(variant, Status.NOT_MEASURED, reason)
        for variant, reason in plan.unavailable.items()
        if variant not in known
    ]
    recommendation, reason = shortfall.recommendation(plan, known, by_variant, recommend(plan, known, by_variant))
    return Conclusion(
        measurements=tuple(
            sorted([*(_labelled(plan, one) for one in measured), *estimated, *absent], key=lambda one: one.variant)
        ),
        recommendation=recommendation,
        recommendation_reason=reason,
        comparison=shortfall.comparison(plan, compared, gate.comparison(plan, gate.standing(plan, compared))),
        waited_share=waited_share(known.values()),
        notes=_notes(plan, seen, known),
    )


def _measurement(plan: Plan, cell: Cell, *, hopeless: bool) -> Measurement:
    if not cell.open or not cell.environments:
        status, reason = cell.status, cell.reason
        if cell.open and fails_from_the_start(cell):
            status, reason = Status.ERROR, f"{cell.failures} invocations: {cell.failures.reason}"
        elif cell.open:
            status = Status.NOT_MEASURED
            skipped = hopeless and not cell.invocations
            why = cell.refusal or plan.cut_short.partition("\n")[0] or "no call met a warm environment"
            reason = _NOT_WORTH_IT if skipped else why
        return replace(_blank(cell.variant, status, reason, cell), failures=_failures(plan, cell))
    configuration = cell.variant.configuration
    billed = mean(cell.environments, plan.weights_of(cell.variant.side), plan.noise(configuration.memory_mb))
    low, high = billed.interval()
    durations = distribution(plan, cell)
    to_duration = durations.mean / billed.value if billed.value else 1.0  # billed times are rounded upwards
    return Measurement(
        variant=cell.variant,
        status=Status.MEASURED,
        invocations=cell.answered,
        environments=billed.environments,
        mean_duration_ms=durations.mean,
        mean_duration_interval_ms=Interval(low=low * to_duration, high=high * to_duration, confidence=CONFIDENCE),
        p50_duration_ms=durations.percentile(0.5),
        p95_duration_ms=durations.percentile(0.95),
        p95_interval_ms=durations.interval(0.95),
        p99_duration_ms=durations.percentile(0.99),
        p99_interval_ms=durations.interval(0.99),
        cv=durations.cv,
        mean_init_ms=fmean(cell.inits_ms) if cell.inits_ms else None,
        mean_init_interval_ms=cold_start(cell.inits_ms),
        max_memory_used_mb=cell.max_memory_used_mb,
        cost_per_million=Estimate(
            value=plan.cost(configuration, billed.value, cell.variant.side) * 1e6,
            low=plan.cost(configuration, low, cell.variant.side) * 1e6,
            high=plan.cost(configuration, high, cell.variant.side) * 1e6,
            confidence=CONFIDENCE,
            environments=billed.environments,
            invocations=billed.invocations,
        ),
        failures=_failures(plan, cell),
    )


def _failures(plan: Plan, cell: Cell) -> Failures:
    """Return a Cell's failures, where they are looked at."""
    return Failures() if plan.failures is None else cell.failures


def _labelled(plan: Plan, one: Measurement) -> Measurement:
    """Mark as estimated what ran on the other architecture's machine: it is live for the gate, and no measurement."""
    if one.status is not Status.MEASURED or one.variant.configuration not in plan.estimated:
        return one
    reason = "the duration is that of this machine's architecture: there is no such machine here"
    return replace(one, status=Status.ESTIMATED, reason=reason)


def _estimated(plan: Plan, configuration: Configuration, head: Mapping[Configuration, Measurement]) -> Measurement:
    variant = Variant(side=Side.HEAD, configuration=configuration)
    twin = next(
        (
            one
            for one in head.values()
            if one.variant.configuration.memory_mb == configuration.memory_mb and one.status is Status.MEASURED
        ),
        None,
    )
    if twin is None or twin.cost_per_million is None:
        return _blank(variant, Status.NOT_MEASURED, "no measured Configuration of this memory size to estimate from")
    known = twin.cost_per_million
    fee, its = plan.fee(configuration) * 1e6, plan.fee(twin.variant.configuration) * 1e6
    factor = plan.rate(configuration) / plan.rate(twin.variant.configuration)
    return Measurement(
        variant=variant,
        status=Status.ESTIMATED,
        reason=f"priced at the duration of {twin.variant.configuration}: there is no such machine here",
        invocations=0,
        environments=0,
        mean_duration_ms=twin.mean_duration_ms,
        cost_per_million=Estimate(
            value=(known.value - its) * factor + fee,
            low=(known.low - its) * factor + fee,
            high=(known.high - its) * factor + fee,
            confidence=known.confidence,
            environments=0,
            invocations=0,
        ),
    )


def _blank(variant: Variant, status: Status, reason: str, cell: Cell | None = None) -> Measurement:
    return Measurement(
        variant=variant,
        status=status,
        reason=reason,
        invocations=cell.answered if cell else 0,
        environments=len(cell.environments) if cell else 0,
        max_memory_used_mb=cell.max_memory_used_mb if cell else None,
    )


def _notes(plan: Plan, seen: Sequence[Invocation], known: Mapping[Variant, Cell]) -> tuple[str, ...]:
    notes = []
    if plan.local:
        notes.append("Measured on the embedded endpoint: every figure is an estimate.")
    if any(not one.environment_known for one in seen):
        notes.append(
            "Execution environments could not be told apart (no log streams): each wave's lanes stand for them."
        )
    discarded = sum(cell.invocations - cell.answered for cell in known.values())
    if discarded:
        notes.append(f"{discarded} invocations gave no result (no REPORT, or no answer) and are left out.")
    refused = [cell for cell in known.values() if cell.refused]
    if refused:
        first = next(one.reason for one in seen if one.refused)
        notes.append(f"{sum(cell.refused for cell in refused)} invocations were refused and never ran: {first}")
    alike = [cell for cell in known.values() if not plan.gate_payloads or cell.variant.side is Side.HEAD]
    moved = drift(alike, plan.weights)
    if moved is not None:
        notes.append(f"Durations drifted by {moved:+.0%} while they were measured; Variants took turns, so all alike.")
    return tuple(notes)
