"""The cheapest Configuration that meets the constraints (or the fastest), its ties, and why."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from statistics import fmean

import numpy as np

from lambdabot.figures import milliseconds, percent, usd
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


def recommend(
    plan: Plan, cells: Mapping[Variant, Cell], measurements: Mapping[Variant, Measurement]
) -> tuple[Recommendation | None, str]:
    """Return the recommendation, or None and the reason why there is none.

    The best has the least expected regret by the strategy's figure, with what neighbouring sizes tell of one another. A
    tie is a Configuration that is expected within the tolerance of it. Among ties the faster is recommended (the
    cheaper, where speed is the strategy). INIT is billed, so where cost is the strategy a tie must hold with cold
    starts by their share of the calls.

    What neighbouring sizes tell decides the order alone. Every figure is the measured one, which the table shows too:
    the saving is the difference of two of its rows, of warm calls; with cold starts it is a figure of its own.
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
    contest, tied = ties(plan, field.among(fitting), [cold_starts[variant] for variant in fitting])
    costs = {variant: _cost(measurements[variant]) for variant in known}
    tied = _not_dearer(plan, tied, fitting, costs)
    second = contest.costs if plan.strategy is Strategy.SPEED else contest.durations
    fails = [measurements[variant].failures for variant in fitting]
    picked = min(tied, key=lambda column: (bool(fails[column].failed), float(second[:, column].mean())))
    best = fitting[picked]
    reason = _reason(contest, measurements, _WORDS[plan.strategy], picked=picked, tied=tied)
    if fails[picked].failed:
        reason += f"; {fails[picked]} calls failed, as may be chance"
    unreliable = [variant.configuration for variant in swept if _fails(variant, swept, measurements)]
    if unreliable:
        reason += f"; left out, as they fail more often than other sizes: {', '.join(map(str, unreliable))}"
    saving = monthly = with_cold_starts = None
    if today in measured:
        before, after = costs[today], costs[best]
        saving = _saving(before, after)
        if plan.monthly_invocations is not None:
            monthly = Decimal(f"{(before - after) * plan.monthly_invocations / 1e6:.6f}")
        if best != today and cold_starts[today] and cold_starts[best]:
            with_cold_starts = _saving(*(costs[one] + 1e6 * cold_starts[one] for one in (today, best)))
            assumed = " (assumed)" if plan.cold_start_share is None else ""
            change = "less" if with_cold_starts >= 0 else "more"
            size = percent(with_cold_starts)
            reason += (
                f"; of warm calls: with {percent(100 * plan.cold_starts)} cold starts{assumed} it is {size} {change}"
            )
    return (
        Recommendation(
            configuration=best.configuration,
            strategy=plan.strategy,
            ties=tuple(sorted(fitting[column].configuration for column in tied if column != picked)),
            reason=reason,
            saving_percent=saving,
            saving_monthly_usd=monthly,
            saving_with_cold_starts_percent=with_cold_starts,
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


def _ties(plan: Plan, contest: Posterior, cold_starts: Sequence[float]) -> tuple[Posterior, list[int]]:
    """Return the contest, and the columns that are expected to tie with its leader."""
    above = np.median(contest.scores / contest.scores[:, [contest.leader]], axis=0) - 1
    tolerance = plan.tie_tolerance_percent / 100
    tied = [column for column in range(len(contest.variants)) if above[column] <= tolerance]
    if plan.strategy is Strategy.COST and all(cold_starts[column] for column in tied):
        whole = contest.costs.mean(axis=0) + cold_starts
        tied = [column for column in tied if whole[column] <= whole[contest.leader] * (1 + tolerance)]
    return contest, tied


def _local_ties(plan: Plan, contest: Posterior, cold_starts: Sequence[float]) -> tuple[Posterior, list[int]]:
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
    return contest, tied


def _not_dearer(plan: Plan, tied: list[int], fitting: Sequence[Variant], costs: Mapping[Variant, float]) -> list[int]:
    """Return the ties that were not measured to cost more than today's; today's where there is none, if it fits.

    Two signs for one change would have the reader choose: what is expected to be cheaper and was measured dearer, by
    more than the tolerance, is no saving to recommend. On one machine a single row is too noisy to say so, and
    `_local_ties` looked at what is expected.
    """
    today = Variant(side=Side.HEAD, configuration=plan.current)
    if plan.strategy is not Strategy.COST or plan.waiting_counted or today not in fitting:
        return tied
    most = costs[today] * (1 + plan.tie_tolerance_percent / 100)
    return [column for column in tied if costs[fitting[column]] <= most] or [fitting.index(today)]


def _cost(one: Measurement) -> float:
    """Return the measured dollars of a million warm invocations."""
    return one.cost_per_million.value if one.cost_per_million else 0.0


def _saving(before: float, after: float) -> float:
    """Return the saving in percent."""
    return 100 * (1 - after / before) if before else 0.0


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
) -> str:
    """Say why this one and not the next: in the order that the race expects, with the figures that were measured."""
    best, better = words
    names = [variant.configuration for variant in contest.variants]
    figures = [_figures(measurements[variant]) for variant in contest.variants]
    leader = contest.leader
    if picked == leader:
        text = f"{best} at {figures[picked]}"
    elif leader in tied:
        text = f"ties with the {best} ({names[leader]}) and {better}: {figures[picked]} against {figures[leader]}"
    else:
        text = f"{figures[picked]}; {names[leader]} is expected to be the {best}, and was not measured so"
    others = [column for column in range(len(names)) if column not in {*tied, leader}]
    if not others:
        return text
    runner = min(others, key=lambda column: float(np.median(contest.scores[:, column])))
    return f"{text}; the next is {names[runner]} at {figures[runner]}"


def _figures(one: Measurement) -> str:
    return f"{usd(_cost(one))} per million and {milliseconds(one.mean_duration_ms or 0.0)}"
