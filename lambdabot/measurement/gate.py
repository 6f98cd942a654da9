"""Head against base: planned looks, error spent over them, and a second independent round before a regression."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from lambdabot.measurement.first_calls import fails_from_the_start
from lambdabot.measurement.interval import CONFIDENCE, Mean, environment_means, mean
from lambdabot.measurement.plan import Plan
from lambdabot.measurement.ratio import Ratio, ratio, ratio_of_means
from lambdabot.measurement.reliability import reliability, told
from lambdabot.measurement.samples import Cell, Environment, cells
from lambdabot.model import Comparison, Configuration, Estimate, Invocation, Reliability, Variant, Verdict

Array = NDArray[np.float64]

LOOKS = (5, 10, 20, 40)  # environments a side
LOCAL_LOOKS = (3, 6, 12)  # one machine: hardly anything differs between environments
_SPENDING_POWER = 2  # most of the error is kept for the last look (Kim and DeMets, Biometrika 74, 1987)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where the gate stands after what was seen.

    `wanted` is the number of environments a side that the next look needs, `since` the number of those a side that
    belong to an earlier round; 0 wanted: decided. `calls` is the number of answered calls a side that it takes to judge
    their failures; 0: judged.
    """

    verdict: Verdict
    reason: str
    ratio: Ratio | None = None
    tail: float = 1 - CONFIDENCE
    environments: int = 0
    invocations: int = 0
    rounds: int = 0
    wanted: int = 0
    since: Mapping[Variant, int] = field(default_factory=dict)
    calls: int = 0
    reliability: Reliability | None = None


def looks(plan: Plan) -> tuple[int, ...]:
    """Return the planned looks, in environments a side."""
    return LOCAL_LOOKS if plan.local else LOOKS


def known(plan: Plan, seen: Sequence[Invocation]) -> dict[Variant, Cell]:
    """Return what was seen of every Variant, as the sweep and the report have it."""
    at_once = plan.failures is None
    return cells(plan.variants, plan.weights, seen, of_base=plan.gate_weights, at_once=at_once)


def compared(plan: Plan, known: Mapping[Variant, Cell], seen: Sequence[Invocation]) -> Mapping[Variant, Cell]:
    """Return what was seen of the gate's Variants with the payloads that it compares with."""
    if not plan.gate_payloads or plan.pair is None:
        return known
    met = [one for one in seen if one.variant in plan.pair]
    return cells(plan.pair, plan.gate_weights, met, at_once=plan.failures is None)


def standing(plan: Plan, cells: Mapping[Variant, Cell]) -> Standing:
    """Judge the looks that were reached, in the order in which they were: failures first, then the cost.

    What fails is billed for little, so the cost of a head that fails more often than base says nothing.
    """
    found, calls = reliability(plan, cells)
    cost = replace(_cost(plan, cells), reliability=found, calls=calls)
    if found is None or found.base is None or not (found.worse or calls):
        return cost
    base, head = found.base, found.head
    words = f"head failed {told(head)}, base {told(base) if base.failed else base}"
    if not found.worse:
        words = f"{words}: too few calls to tell whether that is chance"
    elif plan.failures == "fail":
        return Standing(
            verdict=Verdict.REGRESSION,
            reason=words,
            invocations=base.answered + head.answered,
            since=cost.since,
            reliability=found,
        )
    calm = cost.verdict in {Verdict.NO_CHANGE, Verdict.IMPROVEMENT}
    return replace(
        cost,
        verdict=Verdict.INCONCLUSIVE if calm else cost.verdict,
        reason=f"{words}; of the calls that went well: {cost.reason}",
    )


def _cost(plan: Plan, cells: Mapping[Variant, Cell]) -> Standing:
    """Judge the cost of the calls that went well."""
    pair = plan.pair
    if pair is None:
        return _nothing(plan)
    if broken := [cells[variant] for variant in pair if _is_broken(cells[variant])]:
        reason = "; ".join(f"{one.variant.side} at {one.variant.configuration}: {_broken(one)}" for one in broken)
        return Standing(verdict=Verdict.NOT_MEASURED, reason=reason, since=dict.fromkeys(pair, 0))
    environments = {variant: cells[variant].environments for variant in pair}
    first = _round(plan, pair, environments, number=1)
    if first.verdict is not Verdict.REGRESSION:
        return first
    since = first.since
    second = _round(plan, pair, {variant: environments[variant][since[variant] :] for variant in pair}, number=2)
    if second.environments == 0:
        return Standing(
            verdict=Verdict.INCONCLUSIVE,
            reason="costs more in the first round, not yet confirmed on fresh environments",
            ratio=first.ratio,
            tail=first.tail,
            environments=first.environments,
            invocations=first.invocations,
            rounds=1,
            wanted=looks(plan)[0],
            since=since,
        )
    reason = second.reason
    verdict = second.verdict
    if verdict is not Verdict.REGRESSION and not second.wanted:
        verdict = Verdict.INCONCLUSIVE
        reason = f"costs more in the first round, but a second one on fresh environments does not confirm it: {reason}"
    return Standing(
        verdict=verdict,
        reason=reason,
        ratio=second.ratio,
        tail=second.tail,
        environments=first.environments + second.environments,
        invocations=first.invocations + second.invocations,
        rounds=2,
        wanted=second.wanted,
        since=since,
    )


def _is_broken(cell: Cell) -> bool:
    return not cell.open or fails_from_the_start(cell)


def _broken(cell: Cell) -> str:
    return cell.reason or f"{cell.failures} invocations: {cell.failures.reason}"


def _round(
    plan: Plan, pair: tuple[Variant, Variant], environments: Mapping[Variant, Sequence[Environment]], *, number: int
) -> Standing:
    planned = looks(plan)
    standing = Standing(
        verdict=Verdict.INCONCLUSIVE,
        reason="too few environments",
        wanted=planned[0],
        rounds=number,
        since=dict.fromkeys(pair, 0),
    )
    for position, (look, tail) in enumerate(zip(planned, tails(planned), strict=True)):
        if any(len(environments[variant]) < look for variant in pair):
            break
        # The environments of one look are the first so many: what came later is for the next one.
        sides = [environments[variant][:look] for variant in pair]
        found = _compare(plan, pair, sides)
        verdict, reason = _judge(plan, _usual_cost(plan, pair[0], sides[0]), found.bounds(tail))
        decided = verdict is not Verdict.INCONCLUSIVE or position + 1 == len(planned)
        standing = Standing(
            verdict=verdict,
            reason=reason,
            ratio=found,
            tail=tail,
            environments=look,
            invocations=sum(one.calls for side in sides for one in side),
            rounds=number,
            wanted=0 if decided else planned[position + 1],
            since=dict.fromkeys(pair, look),
        )
        if decided:
            break
    return standing


def tails(planned: Sequence[int]) -> tuple[float, ...]:
    """Return the probability of a wrong bound that each look may spend; together 1 %, by the union bound."""
    spent = [(1 - CONFIDENCE) * (look / planned[-1]) ** _SPENDING_POWER for look in planned]
    return tuple(now - before for before, now in zip([0.0, *spent], spent, strict=False))


def _compare(plan: Plan, pair: tuple[Variant, Variant], sides: Sequence[Sequence[Environment]]) -> Ratio:
    if not all(one.known for side in sides for one in side):
        base, head = (_mean_cost(plan, variant, side) for variant, side in zip(pair, sides, strict=True))
        return ratio_of_means(base, head)
    costs = [
        plan.rate(variant.configuration, variant.side) * environment_means(side, plan.gate_weights)
        + plan.fee(variant.configuration, variant.side)
        for variant, side in zip(pair, sides, strict=True)
    ]
    noise = plan.noise(min(variant.configuration.memory_mb for variant in pair))
    calls = min(len(warm) for side in sides for one in side for warm in one.warm.values())
    labels = _strata(plan, sides)
    models = None
    if labels is not None:
        codes = {label: code for code, label in enumerate(dict.fromkeys((*labels[0], *labels[1])))}
        base_models, head_models = (np.array([codes[label] for label in side]) for side in labels)
        models = base_models, head_models
    same_cpu = models is not None and not plan.local
    return ratio(costs[0], costs[1], models, noise.variance(calls, same_cpu=same_cpu))


def _strata(plan: Plan, sides: Sequence[Sequence[Environment]]) -> tuple[list[object], list[object]] | None:
    """Return what makes environments of both sides comparable: their CPU model; on one machine, when they ran."""
    base, head = ([one.round if plan.local else one.cpu_model for one in side] for side in sides)
    known = None not in base and None not in head
    return (list(base), list(head)) if known and set(base) & set(head) else None


def _mean_cost(plan: Plan, variant: Variant, environments: Sequence[Environment]) -> Mean:
    configuration = variant.configuration
    billed = mean(environments, plan.gate_weights, plan.noise(configuration.memory_mb))
    return replace(
        billed,
        value=plan.cost(configuration, billed.value, variant.side),
        standard_error=plan.rate(configuration, variant.side) * billed.standard_error,
    )


def _usual_cost(plan: Plan, base: Variant, environments: Sequence[Environment]) -> float:
    return plan.cost(base.configuration, float(environment_means(environments, plan.gate_weights).mean()), base.side)


def _judge(plan: Plan, base_cost: float, bounds: tuple[Array, Array]) -> tuple[Verdict, str]:
    low, high = (float(bound) for bound in bounds)
    threshold = plan.threshold_percent / 100
    monthly = base_cost * (plan.monthly_invocations or 0)
    # Without known traffic there are no dollars a month to hold against a threshold.
    dollars = plan.threshold_usd_monthly if plan.monthly_invocations is not None else None
    # Both thresholds set: both must be exceeded.
    if low > 1 + threshold and (dollars is None or monthly * (low - 1) > dollars):
        return Verdict.REGRESSION, f"costs at least {percent(low)} more"
    if high < 1 - threshold and (dollars is None or monthly * (1 - high) > dollars):
        return Verdict.IMPROVEMENT, f"costs at least {percent(high)} less"
    if high < 1 + threshold or (dollars is not None and monthly * (high - 1) < dollars):
        return Verdict.NO_CHANGE, f"costs at most {percent(high)} more" if high > 1 else f"costs {percent(high)} less"
    return Verdict.INCONCLUSIVE, f"between {low - 1:+.1%} and {high - 1:+.1%}: too wide to say"


def percent(ratio_value: float) -> str:
    """Return how far a ratio is from one, unsigned: 1.25 -> `25.0 %`."""
    return f"{abs(ratio_value - 1) * 100:.1f} %"


def comparison(plan: Plan, standing: Standing) -> Comparison:
    """Return the gate's answer as the report gives it."""
    estimate = None
    if standing.ratio is not None:
        low, high = standing.ratio.bounds(standing.tail)
        estimate = Estimate(
            value=float(np.exp(standing.ratio.log_value)),
            low=float(low),
            high=float(high),
            confidence=1 - standing.tail,
            environments=standing.environments,
            invocations=standing.invocations,
        )
    return Comparison(
        base=plan.base,
        head=plan.current,
        cost_ratio=estimate,
        threshold_percent=plan.threshold_percent,
        verdict=standing.verdict,
        reason=standing.reason,
        environments=standing.environments,
        rounds=standing.rounds,
        reliability=standing.reliability,
    )


def _nothing(plan: Plan) -> Standing:
    if plan.identical:
        return Standing(
            verdict=Verdict.NO_CHANGE, reason="base and head are the same package and settings: nothing was measured"
        )
    if plan.no_comparison or plan.base is None:
        return Standing(verdict=Verdict.NOT_MEASURED, reason=plan.no_comparison or "there is no base to compare with")
    missing = {variant: reason for variant, reason in plan.unavailable.items() if variant.configuration in _ends(plan)}
    words = "; ".join(f"{one.side} at {one.configuration}: {reason}" for one, reason in missing.items())
    return Standing(
        verdict=Verdict.NOT_MEASURED, reason=words or "base or head is not deployed at its own configuration"
    )


def _ends(plan: Plan) -> set[Configuration | None]:
    return {plan.base, plan.current}
