"""The cheapest Configuration that meets the constraints (or the fastest), its ties, and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from lambdabot.measurement.plan import Plan
from lambdabot.model import Configuration, Measurement, Recommendation, Status, Strategy


@dataclass(frozen=True, slots=True, kw_only=True)
class _Choice:
    """One measured Configuration with the two figures that strategies weigh."""

    measurement: Measurement
    usd_per_million: float
    mean_ms: float

    @property
    def configuration(self) -> Configuration:
        return self.measurement.variant.configuration


def recommend(plan: Plan, measurements: Sequence[Measurement]) -> tuple[Recommendation | None, str]:
    """Return the recommendation, or None and the reason why there is none.

    A tie is a Configuration that more likely than not is within the tolerance of the best by the strategy's own figure.
    Among ties the faster is recommended (the cheaper, where speed is the strategy).
    """
    swept = set(plan.sweep)
    choices = [choice for one in measurements if one.variant.configuration in swept and (choice := _choice(one))]
    if not choices:
        return None, "nothing could be measured"
    refused = {choice.configuration: broken(plan, choice.measurement) for choice in choices}
    fitting = [choice for choice in choices if not refused[choice.configuration]]
    if not fitting:
        words = "; ".join(f"{configuration}: {reason}" for configuration, reason in refused.items())
        return None, f"no Configuration meets the constraints ({words})"
    score = _scores(plan, fitting)
    best = min(fitting, key=lambda choice: score[choice.configuration])
    limit = score[best.configuration] * (1 + plan.tie_tolerance_percent / 100)
    tied = [choice for choice in fitting if score[choice.configuration] <= limit]
    picked = min(tied, key=lambda choice: _second(plan, choice))
    ties = tuple(sorted(choice.configuration for choice in tied if choice is not picked))
    today = next((choice for choice in choices if choice.configuration == plan.current), None)
    saving = None if today is None else 1 - picked.usd_per_million / today.usd_per_million
    monthly = None
    if today is not None and plan.monthly_invocations is not None:
        dollars = (today.usd_per_million - picked.usd_per_million) * plan.monthly_invocations / 1e6
        monthly = Decimal(str(round(dollars, 6)))
    return (
        Recommendation(
            configuration=picked.configuration,
            strategy=plan.strategy,
            ties=ties,
            reason=_reason(plan, picked, best, [choice for choice in fitting if choice not in tied], score),
            saving_percent=None if saving is None else saving * 100,
            saving_monthly_usd=monthly,
            estimated=plan.local,
        ),
        "",
    )


def broken(plan: Plan, measurement: Measurement) -> str:
    """Return which constraint a Configuration breaks, "" where it meets them all."""
    limits = plan.constraints
    for name, limit, value in (
        ("p95 duration", limits.p95_ms, measurement.p95_duration_ms),
        ("mean duration", limits.mean_ms, measurement.mean_duration_ms),
        ("cold start", limits.cold_start_ms, measurement.mean_init_ms),
    ):
        if limit is not None and value is None:
            return f"{name} is not known: too few samples"
        if limit is not None and value is not None and value > limit:
            return f"{name} {value:.0f} ms is above {limit:.0f} ms"
    used = measurement.max_memory_used_mb
    size = measurement.variant.configuration.memory_mb
    usable = size * (1 - limits.memory_headroom_percent / 100)
    if used is not None and used > usable:
        return f"used {used} of {size} MB: less than {limits.memory_headroom_percent:.0f} % headroom"
    return ""


def _choice(measurement: Measurement) -> _Choice | None:
    if measurement.status is not Status.MEASURED:
        return None
    if measurement.cost_per_million is None or measurement.mean_duration_ms is None:
        return None
    return _Choice(
        measurement=measurement,
        usd_per_million=measurement.cost_per_million.value,
        mean_ms=measurement.mean_duration_ms,
    )


def _scores(plan: Plan, choices: Sequence[_Choice]) -> dict[Configuration, float]:
    """Return what the strategy minimises; `balanced` weighs cost and duration, each relative to the least."""
    cheapest = min(choice.usd_per_million for choice in choices)
    fastest = min(choice.mean_ms for choice in choices)
    share = {Strategy.COST: 1.0, Strategy.SPEED: 0.0, Strategy.BALANCED: plan.balanced_weight}[plan.strategy]
    return {
        choice.configuration: share * choice.usd_per_million / cheapest + (1 - share) * choice.mean_ms / fastest
        for choice in choices
    }


def _second(plan: Plan, choice: _Choice) -> tuple[float, Configuration]:
    figure = choice.usd_per_million if plan.strategy is Strategy.SPEED else choice.mean_ms
    return figure, choice.configuration


def _reason(
    plan: Plan, picked: _Choice, best: _Choice, others: Sequence[_Choice], score: Mapping[Configuration, float]
) -> str:
    word = {Strategy.COST: "cheapest", Strategy.SPEED: "fastest", Strategy.BALANCED: "best balanced"}[plan.strategy]
    if picked is best:
        text = f"{word} at ${picked.usd_per_million:.2f} per million and {picked.mean_ms:.0f} ms"
    else:
        more = score[picked.configuration] / score[best.configuration] - 1
        quality = "cheaper" if plan.strategy is Strategy.SPEED else "faster"
        text = (
            f"within {more:.1%} of the {word} ({best.configuration}) and {quality}: "
            f"{picked.mean_ms:.0f} ms instead of {best.mean_ms:.0f} ms"
        )
    runner = min(others, key=lambda choice: score[choice.configuration], default=None)
    if runner is None:
        return text
    further = score[runner.configuration] / score[best.configuration] - 1
    return f"{text}; next is {runner.configuration}, {further:.1%} above the {word}"
