"""What all that was seen amounts to: measurements, recommendation, comparison."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np

from lambdabot.measurement import gate
from lambdabot.measurement.interval import CONFIDENCE
from lambdabot.measurement.plan import Plan
from lambdabot.measurement.recommendation import recommend
from lambdabot.measurement.samples import Cell, cells
from lambdabot.measurement.sweep import figure
from lambdabot.model import (
    Comparison,
    Configuration,
    Estimate,
    Invocation,
    Measurement,
    Recommendation,
    Side,
    Status,
    Variant,
)

ENOUGH_FOR_P95 = 20  # one in twenty is above it
ENOUGH_FOR_P99 = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusion:
    """The measurement's answer for one function; `notes` say what a reader should know of how it came about."""

    measurements: tuple[Measurement, ...]
    recommendation: Recommendation | None
    recommendation_reason: str
    comparison: Comparison
    notes: tuple[str, ...]


def conclude(plan: Plan, seen: Sequence[Invocation]) -> Conclusion:
    """Return what is known, whether or not the measurement went to its end."""
    known = cells(plan.variants, plan.weights, seen)
    measured = [_measurement(plan, cell) for cell in known.values()]
    head = {one.variant.configuration: one for one in measured if one.variant.side is Side.HEAD}
    estimated = [_estimated(plan, configuration, head) for configuration in plan.estimated]
    absent = [
        _blank(variant, Status.NOT_MEASURED, reason)
        for variant, reason in plan.unavailable.items()
        if variant not in known
    ]
    recommendation, reason = recommend(plan, list(head.values()))
    return Conclusion(
        measurements=tuple(sorted([*measured, *estimated, *absent], key=lambda one: one.variant)),
        recommendation=recommendation,
        recommendation_reason=reason,
        comparison=gate.comparison(plan, gate.standing(plan, known)),
        notes=_notes(plan, seen, known),
    )


def _measurement(plan: Plan, cell: Cell) -> Measurement:
    mean = figure(plan, cell)
    if not cell.open or mean is None:
        status = Status.NOT_MEASURED if cell.open else cell.status
        return _blank(cell.variant, status, cell.reason or "no warm result yet", cell)
    low, high = mean.interval()
    values, weights = _pooled(plan, cell)
    average = float(np.average(values, weights=weights))
    p50, p95, p99 = (
        float(one) for one in np.quantile(values, (0.5, 0.95, 0.99), weights=weights, method="inverted_cdf")
    )
    spread = float(np.sqrt(np.average((values - average) ** 2, weights=weights)))
    configuration = cell.variant.configuration
    return Measurement(
        variant=cell.variant,
        status=Status.MEASURED,
        invocations=cell.invocations,
        environments=len(cell.environments),
        mean_duration_ms=average,
        p50_duration_ms=p50,
        p95_duration_ms=p95 if len(values) >= ENOUGH_FOR_P95 else None,
        p99_duration_ms=p99 if len(values) >= ENOUGH_FOR_P99 else None,
        cv=spread / average if average else None,
        mean_init_ms=fmean(cell.inits_ms) if cell.inits_ms else None,
        max_memory_used_mb=cell.max_memory_used_mb,
        cost_per_million=Estimate(
            value=plan.cost(configuration, mean.value) * 1e6,
            low=plan.cost(configuration, low) * 1e6,
            high=plan.cost(configuration, high) * 1e6,
            confidence=CONFIDENCE,
            environments=mean.environments,
            invocations=mean.invocations,
        ),
    )


def _pooled(plan: Plan, cell: Cell) -> tuple[np.ndarray, np.ndarray]:
    """Return every warm duration with its share of the traffic, each environment counting the same."""
    values: list[float] = []
    weights: list[float] = []
    for one in cell.environments:
        for name, share in plan.weights.items():
            times = one.duration_ms[name]
            values += times
            weights += [share / len(times)] * len(times)
    return np.array(values), np.array(weights)


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
    fee = float(plan.prices.request) * 1e6
    factor = plan.rate(configuration) / plan.rate(twin.variant.configuration)
    return Measurement(
        variant=variant,
        status=Status.ESTIMATED,
        reason=f"priced at the duration of {twin.variant.configuration}: there is no such machine here",
        invocations=0,
        environments=0,
        mean_duration_ms=twin.mean_duration_ms,
        cost_per_million=Estimate(
            value=(known.value - fee) * factor + fee,
            low=(known.low - fee) * factor + fee,
            high=(known.high - fee) * factor + fee,
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
        invocations=cell.invocations if cell else 0,
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
    discarded = len(seen) - sum(cell.invocations for cell in known.values())
    if discarded:
        notes.append(f"{discarded} invocations gave no result (throttled, or no REPORT) and are left out.")
    return tuple(notes)
