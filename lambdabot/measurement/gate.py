"""Head against base: planned looks, error spent over them, and a second independent round before a regression."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lambdabot.measurement.interval import CONFIDENCE, Mean, Ratio, mean, ratio
from lambdabot.measurement.noise import prior
from lambdabot.measurement.plan import Plan
from lambdabot.measurement.samples import Cell, Environment
from lambdabot.model import Comparison, Configuration, Estimate, Variant, Verdict

LOOKS = (5, 10, 20, 40)  # environments a side
LOCAL_LOOKS = (3, 6, 12)  # one machine: hardly anything differs between environments
_SPENDING_POWER = 3  # most of the error is kept for the last look (Kim and DeMets, Biometrika 74, 1987)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where the gate stands after what was seen.

    `wanted` is the number of environments a side that the next look needs, `since` the number of those a side that
    belong to an earlier round; 0 wanted: decided.
    """

    verdict: Verdict
    reason: str
    ratio: Ratio | None = None
    tail: float = 1 - CONFIDENCE
    environments: int = 0
    rounds: int = 0
    wanted: int = 0
    since: Mapping[Variant, int] = field(default_factory=dict)


def looks(plan: Plan) -> tuple[int, ...]:
    """Return the planned looks, in environments a side."""
    return LOCAL_LOOKS if plan.local else LOOKS


def standing(plan: Plan, cells: Mapping[Variant, Cell]) -> Standing:
    """Judge the looks that were reached, in the order in which they were."""
    pair = plan.pair
    if pair is None:
        return _nothing(plan)
    broken = next((cells[variant] for variant in pair if not cells[variant].open), None)
    if broken is not None:
        reason = f"{broken.variant.side} at {broken.variant.configuration}: {broken.reason}"
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
        rounds=2,
        wanted=second.wanted,
        since=since,
    )


def _round(
    plan: Plan, pair: tuple[Variant, Variant], environments: Mapping[Variant, Sequence[Environment]], *, number: int
) -> Standing:
    planned = looks(plan)
    spent = 0.0
    standing = Standing(
        verdict=Verdict.INCONCLUSIVE,
        reason="too few environments",
        wanted=planned[0],
        rounds=number,
        since=dict.fromkeys(pair, 0),
    )
    for position, look in enumerate(planned):
        if any(len(environments[variant]) < look for variant in pair):
            break
        allowed = (1 - CONFIDENCE) * (look / planned[-1]) ** _SPENDING_POWER
        tail, spent = allowed - spent, allowed
        # The environments of one look are the first so many: what came later is for the next one.
        means = [_cost(plan, variant, environments[variant][:look]) for variant in pair]
        found = ratio(*means)
        verdict, reason = _judge(plan, means, found, tail)
        last = position + 1 == len(planned)
        decided = verdict is not Verdict.INCONCLUSIVE or last
        standing = Standing(
            verdict=verdict,
            reason=reason,
            ratio=found,
            tail=tail,
            environments=look,
            rounds=number,
            wanted=0 if decided else planned[position + 1],
            since=dict.fromkeys(pair, look),
        )
        if decided:
            break
    return standing


def _cost(plan: Plan, variant: Variant, environments: Sequence[Environment]) -> Mean:
    configuration = variant.configuration
    billed = mean(environments, plan.weights, prior(configuration.memory_mb, local=plan.local))
    return Mean(
        value=plan.cost(configuration, billed.value),
        standard_error=plan.rate(configuration) * billed.standard_error,
        degrees=billed.degrees,
        environments=billed.environments,
        invocations=billed.invocations,
    )


def _judge(plan: Plan, means: Sequence[Mean], found: Ratio, tail: float) -> tuple[Verdict, str]:
    low, high = found.bounds(tail)
    threshold = plan.threshold_percent / 100
    monthly = plan.monthly_invocations or 0
    dollars = plan.threshold_usd_monthly
    worth = means[0].value * monthly
    # Both thresholds set: both must be exceeded.
    over = low > 1 + threshold and (dollars is None or worth * (low - 1) > dollars)
    under = high < 1 + threshold or (dollars is not None and worth * (high - 1) < dollars)
    if over:
        return Verdict.REGRESSION, f"costs at least {percent(low)} more"
    if high < 1 - threshold and (dollars is None or worth * (1 - high) > dollars):
        return Verdict.IMPROVEMENT, f"costs at least {percent(high)} less"
    if under:
        return Verdict.NO_CHANGE, f"costs at most {percent(high)} more" if high > 1 else f"costs {percent(high)} less"
    return Verdict.INCONCLUSIVE, f"between {low - 1:+.1%} and {high - 1:+.1%}: too wide to say"


def percent(ratio_value: float) -> str:
    """Return how far a ratio is from one, unsigned: 1.25 -> `25.0 %`."""
    return f"{abs(ratio_value - 1) * 100:.1f} %"


def comparison(plan: Plan, standing: Standing, means: tuple[Mean, Mean] | None = None) -> Comparison:
    """Return the gate's answer as the report gives it."""
    estimate = None
    if standing.ratio is not None:
        low, high = standing.ratio.bounds(standing.tail)
        estimate = Estimate(
            value=standing.ratio.bounds(0.5 - 1e-12)[0],
            low=low,
            high=high,
            confidence=1 - standing.tail,
            environments=standing.environments,
            invocations=0 if means is None else sum(one.invocations for one in means),
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
