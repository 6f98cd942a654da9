"""The cheapest Configuration that meets the constraints (or the fastest), its ties, and why."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from lambdabot.measurement.busy import too_busy
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

_LOCAL_DOUBT = 0.25
"""On one machine a Configuration is a tie when it is one in this share of all cases: noise must not choose."""

Array = NDArray[np.float64]


def recommend(
    plan: Plan, cells: Mapping[Variant, Cell], measurements: Mapping[Variant, Measurement]
) -> tuple[Recommendation | None, str]:
    """Return the recommendation, or None and the reason why there is none.

    The best has the least expected regret by the strategy's figure, with what neighbouring sizes tell of one another. A
    tie is a Configuration that is expected within the tolerance of it. Among ties the faster is recommended (the
    cheaper, where speed is the strategy). INIT is billed, so the saving counts cold starts by their share of the calls,
    and where cost is the strategy a tie must hold with them.
    """
    measured = [variant for variant, one in measurements.items() if one.status is Status.MEASURED]
    swept = [variant for variant in plan.contest(cells) if variant in measured]
    if none := _nothing(plan, swept, measurements):
        return None, none
    if spoilt := too_busy([cells[variant] for variant in swept]):
        return None, spoilt
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
    cold_starts = {variant: _cold_starts(plan, cells[variant], _inits(plan, cells, variant)) for variant in known}
    ties = _local_ties if plan.waiting_counted else _ties
    contest, above, tied = ties(plan, field.among(fitting), [cold_starts[variant] for variant in fitting])
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
        cold = [cold_starts[variant] for variant in (today, fitting[picked])]
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


def _nothing(plan: Plan, swept: Sequence[Variant], measurements: Mapping[Variant, Measurement]) -> str:
    """Say why no Configuration can be recommended, whatever they cost; empty where one may."""
    if plan.identical and not plan.sweep:
        return "unchanged against the target branch, so not measured"
    if swept:
        return plan.no_recommendation
    head = [one.failures for variant, one in measurements.items() if variant.side is Side.HEAD]
    failed, answered = (sum(getattr(one, name) for one in head) for name in ("failed", "answered"))
    if not failed or failed < answered:
        return "nothing could be measured"
    return "every call failed"


def _fails(variant: Variant, swept: Sequence[Variant], measurements: Mapping[Variant, Measurement]) -> str:
    """Return how a Configuration fails more often than the others of the sweep, "" where it does not."""
    failures = {one: measurements[one].failures for one in swept}
    return f"{failures[variant]} calls failed" if fails_with_its_size(variant, failures) else ""


def _ties(plan: Plan, contest: Posterior, cold_starts: Sequence[float]) -> tuple[Posterior, Array, list[int]]:
    """Return the contest, how far each is expected above the leader, as a share, and the columns that tie with it."""
    above = np.median(contest.scores / contest.scores[:, [contest.leader]], axis=0) - 1
    tolerance = plan.tie_tolerance_percent / 100
    tied = [column for column in range(len(contest.variants)) if above[column] <= tolerance]
    if plan.strategy is Strategy.COST and all(cold_starts[column] for column in tied):
        whole = contest.costs.mean(axis=0) + cold_starts
        tied = [column for column in tied if whole[column] <= whole[contest.leader] * (1 + tolerance)]
    return contest, above, tied


def _local_ties(plan: Plan, contest: Posterior, cold_starts: Sequence[float]) -> tuple[Posterior, Array, list[int]]:
    """Return the same on one machine, where the leader is hardly ever certain: what may be a tie is one.

    Cold starts whose share is assumed order nothing, for this machine's INIT decides what they weigh; but with them
    nothing is recommended that costs more than today's Configuration.
    """
    by_cost, tolerance = plan.strategy is Strategy.COST, plan.tie_tolerance_percent / 100
    if by_cost and plan.cold_start_share is not None:
        contest = replace(contest, scores=contest.costs + np.array(cold_starts))
    ratios = contest.scores / contest.scores[:, [contest.leader]]
    nearest = np.quantile(ratios, _LOCAL_DOUBT, axis=0) - 1
    tied = [column for column in range(len(contest.variants)) if nearest[column] <= tolerance]
    today = Variant(side=Side.HEAD, configuration=plan.current)
    if by_cost and today in contest.variants:
        whole, column = contest.costs.mean(axis=0) + cold_starts, contest.variants.index(today)
        tied = [one for one in tied if whole[one] <= whole[column] * (1 + tolerance)] or [column]
    return contest, np.median(ratios, axis=0) - 1, tied


def _cold_starts(plan: Plan, cell: Cell, inits_ms: Sequence[float]) -> float:
    """Return what cold starts add to an invocation's mean cost in USD, 0 where none are known."""
    if not inits_ms or plan.extras.provisioned_concurrency:
        return 0.0
    return plan.cold_starts * plan.rate(cell.variant.configuration) * fmean(inits_ms)


def _inits(plan: Plan, cells: Mapping[Variant, Cell], variant: Variant) -> tuple[float, ...]:
    """Return the Init Durations that tell of a Variant's: on one machine all, as no quota holds an INIT back."""
    if not plan.waiting_counted:
        return cells[variant].inits_ms
    return tuple(init for one, cell in cells.items() if one.side == variant.side for init in cell.inits_ms)


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
