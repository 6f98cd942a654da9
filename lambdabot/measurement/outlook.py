"""What a plan will take, before anything is invoked: at least, and as it usually goes."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from lambdabot.measurement.budget import worst_case
from lambdabot.measurement.gate import looks
from lambdabot.measurement.plan import Plan, calls_of
from lambdabot.measurement.sweep import FIRST
from lambdabot.model import Variant

_USUAL = 2  # times the least: what sweeps and gates took in the mean (benchmarks: sweep.invocations_mean)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """Invocations that a first answer needs, those that are usual, and dollars.

    `least_usd` must be free before the dearest first wave is tried: every call of it could run into the timeout.
    `usual_usd` is what the usual invocations cost at so many milliseconds a call.
    """

    variants: int
    refreshes: int  # of the environments of all Variants together, in a usual run
    least_invocations: int
    usual_invocations: int
    least_usd: Decimal
    usual_usd: Mapping[int, Decimal]


def outlook(plan: Plan, *, durations_ms: tuple[int, ...] = (100, 1000)) -> Outlook:
    """Return what a plan takes whose Variants are all to be deployed."""
    environments = _first_environments(plan)
    calls = {variant: count * _calls(plan, variant) for variant, count in environments.items()}
    least = sum(calls.values())
    usual = {
        duration: sum((_USUAL * count * plan.price(variant, duration) for variant, count in calls.items()), Decimal(0))
        for duration in durations_ms
    }
    return Outlook(
        variants=len(plan.variants),
        refreshes=_USUAL * len(environments),
        least_invocations=least,
        usual_invocations=_USUAL * least,
        least_usd=max(
            (worst_case(plan, variant, min(count, plan.concurrency)) for variant, count in environments.items()),
            default=Decimal(0),
        ),
        usual_usd=usual,
    )


def _first_environments(plan: Plan) -> dict[Variant, int]:
    """Return the environments of each Variant that the sweep's first answer and the gate's first look need."""
    wanted = dict.fromkeys(plan.swept, FIRST)
    for variant in plan.pair or ():
        wanted[variant] = max(wanted.get(variant, 0), looks(plan)[0])
    return wanted


def _calls(plan: Plan, variant: Variant) -> int:
    """Return the invocations of one environment: a cold one, and the warm ones of every payload."""
    calls = plan.noise(variant.configuration.memory_mb).calls
    return 1 + sum(calls_of(payload, calls) for payload in plan.called_with(variant))
