"""The cheapest Configuration that meets the constraints (or the fastest), its ties, and why."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from statistics import fmean

import numpy as np

from lambdabot.measurement.constraints import broken
from lambdabot.measurement.plan import Plan
from lambdabot.measurement.race import Posterior, race
from lambdabot.measurement.reliability import fails_with_its_size
from lambdabot.measurement.samples import Cell
from lambdabot.model import Measurement, Recommendation, Side, Status, Strategy, Variant

_WORDS = {
    Strategy.COST: ("cheapest", "faster"),
    Strategy.SPEED: ("fastest", "cheaper"),
    Strategy.BALANCED: ("best balanced", "faster"),
}


def recommend(
    plan: Plan, cells: Mapping[Variant, Cell], measurements: Mapping[Variant, Measurement]
) -> tuple[Recommendation | None, str]:
    """Return the recommendation, or None and the reason why there is none.

    The best has the least expected regret by the strategy's figure, with what neighbouring sizes tell of one another. A
    tie is a Configuration that is expected within the tolerance of it. Among ties the faster is recommended (the
    cheaper, where speed is the strategy). INIT is billed, so the saving counts cold starts by their share of the calls,
    and where cost is the strategy a tie must hold with them.
    """
    if plan.identical and not plan.sweep:
        return None, "unchanged against the target branch, so not measured"
    measured = [variant for variant, one in measurements.items() if one.status is Status.MEASURED]
    swept = [variant for variant in plan.contest(cells) if variant in measured]
    if not swept:
        return None, _nothing(measurements)
    refused = {
        variant: broken(plan, measurements[variant]) or _fails(variant, swept, measurements) for variant in swept
    }
    fitting = [variant for variant in swept if not refused[variant]]
    if not fitting:
        words = "; ".join(f"{variant.configuration}: {reason}" for variant, reason in refused.items())
        return None, f"no Configuration meets the constraints ({words})"
    today = Variant(side=Side.HEAD, configuration=plan.current)
    known = dict.fromkeys([*swept, *([today] if today in measured else [])])
    field = race(plan, [cells[variant] for variant in known])
    contest = field.among(fitting)
    above = np.median(contest.scores / contest.scores[:, [contest.leader]], axis=0) - 1
    tied = [column for column in range(len(fitting)) if above[column] <= plan.tie_tolerance_percent / 100]
    if plan.strategy is Strategy.COST and all(_cold_starts(plan, cells[fitting[column]]) for column in tied):
        whole = contest.costs.mean(axis=0) + [_cold_starts(plan, cells[variant]) for variant in fitting]
        most = whole[contest.leader] * (1 + plan.tie_tolerance_percent / 100)
        tied = [column for column in tied if whole[column] <= most]
    second = contest.costs if plan.strategy is Strategy.SPEED else contest.durations
    fails = [measurements[variant].failures for variant in fitting]
    picked = min(tied, key=lambda column: (bool(fails[column].failed), float(second[:, column].mean())))
    reason = _reason(contest, measurements, _WORDS[plan.strategy], picked=picked, tied=tied, above=above)
    if fails[picked].failed:
        reason += f"; {fails[picked]} calls failed, as may be chance"
    unreliable = [variant.configuration for variant in swept if _fails(variant, swept, measurements)]
    if unreliable:
        reason += f"; left out, as they fail more often than other sizes: {', '.join(map(str, unreliable))}"
    saving = monthly = None
    if today in measured:
        before, after = field.among([today, fitting[picked]]).costs.mean(axis=0)
        cold = [_cold_starts(plan, cells[variant]) for variant in (today, fitting[picked])]
        if all(cold) and today != fitting[picked]:
            before += cold[0]
            after += cold[1]
            assumed = " (assumed)" if plan.cold_start_share is None else ""
            share = f"{100 * plan.cold_starts:.1f} % cold starts{assumed}"
            reason += f"; the change against today includes {share}, these figures none"
        saving = float(1 - after / before) * 100
        if plan.monthly_invocations is not None:
            monthly = Decimal(f"{(before - after) * plan.monthly_invocations:.6f}")
    return (
        Recommendation(
            configuration=fitting[picked].configuration,
            strategy=plan.strategy,
            ties=tuple(sorted(fitting[column].configuration for column in tied if column != picked)),
            reason=reason,
            saving_percent=saving,
            saving_monthly_usd=monthly,
            estimated=plan.local,
        ),
        "",
    )


def _nothing(measurements: Mapping[Variant, Measurement]) -> str:
    """Say why no Configuration was measured."""
    head = [one.failures for variant, one in measurements.items() if variant.side is Side.HEAD]
    failed, answered = (sum(getattr(one, name) for one in head) for name in ("failed", "answered"))
    if not failed or failed < answered:
        return "nothing could be measured"
    return "every call failed"


def _fails(variant: Variant, swept: Sequence[Variant], measurements: Mapping[Variant, Measurement]) -> str:
    """Return how a Configuration fails more often than the others of the sweep, "" where it does not."""
    failures = {one: measurements[one].failures for one in swept}
    return f"{failures[variant]} calls failed" if fails_with_its_size(variant, failures) else ""


def _cold_starts(plan: Plan, cell: Cell) -> float:
    """Return what cold starts add to an invocation's mean cost in USD, 0 where none are known."""
    if not cell.inits_ms or plan.extras.provisioned_concurrency:
        return 0.0
    return plan.cold_starts * plan.rate(cell.variant.configuration) * fmean(cell.inits_ms)


def _reason(
    contest: Posterior,
    measurements: Mapping[Variant, Measurement],
    words: tuple[str, str],
    *,
    picked: int,
    tied: list[int],
    above: np.ndarray,
) -> str:
    """Say why this one and not the next: figures as they were measured, their order as the race expects it."""
    best, better = words
    names = [variant.configuration for variant in contest.variants]
    figures = [_figures(measurements[variant]) for variant in contest.variants]
    if picked == contest.leader:
        text = f"{best} at {figures[picked]}"
    else:
        text = (
            f"expected within {100 * above[picked]:.1f} % of the {best} ({names[contest.leader]}) and {better}: "
            f"{figures[picked]} against {figures[contest.leader]}"
        )
    others = [column for column in range(len(names)) if column not in tied]
    if not others:
        return text
    runner = min(others, key=lambda column: float(above[column]))
    return f"{text}; the next, {names[runner]}, is expected {100 * above[runner]:.1f} % above the {best}"


def _figures(one: Measurement) -> str:
    cost, duration = one.cost_per_million, one.mean_duration_ms
    return f"${cost.value if cost else 0:.2f} per million and {duration or 0:.0f} ms"
