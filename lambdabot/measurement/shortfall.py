"""What the answers are worth where the endpoint refused part of what they take, or where too little was measured."""

import math
from collections.abc import Mapping
from dataclasses import replace

from lambdabot.measurement.plan import Plan
from lambdabot.measurement.samples import Cell
from lambdabot.model import Comparison, Estimate, Measurement, Recommendation, Side, Status, Variant, Verdict

_WIDEST = 3.0
"""An interval around "no change" whose upper bound is more than so many times the lower one: it says nothing.

The sweep ends by what neighbouring sizes tell of one another, so such a one may stand where it went to its end.
"""

_OPEN = {Verdict.INCONCLUSIVE, Verdict.NOT_MEASURED}


def comparison(plan: Plan, cells: Mapping[Variant, Cell], found: Comparison) -> Comparison:
    """Return the gate's answer with the first refusal as its reason, where that is why there is none.

    `cells` are what the gate looked at. A measurement that was cut short has not been compared, whatever a part of it
    says, unless that part is a confirmed regression.
    """
    if found.verdict is Verdict.REGRESSION:
        return found
    if plan.cut_short:
        return replace(found, verdict=Verdict.NOT_MEASURED, reason=plan.cut_short, refused=True, cost_ratio=None)
    refusal = _refusal([cells[variant] for variant in plan.pair or ()])
    if found.verdict not in _OPEN or not refusal:
        return found
    if found.cost_ratio is not None:
        return replace(found, reason=f"{found.reason}; no more was measured: {refusal}")
    return replace(found, verdict=Verdict.NOT_MEASURED, reason=refusal, refused=True)


def recommendation(
    plan: Plan,
    cells: Mapping[Variant, Cell],
    measurements: Mapping[Variant, Measurement],
    found: tuple[Recommendation | None, str],
) -> tuple[Recommendation | None, str]:
    """Return the recommendation, or None and why: cut short, or refused what would have made it less wide."""
    if plan.cut_short:
        return None, plan.cut_short.partition("\n")[0]
    best, reason = found
    refusal = _refusal([cell for cell in cells.values() if cell.variant.side is Side.HEAD])
    if not measurements and best is None:
        refusal = next((why for variant, why in plan.unavailable.items() if variant.side is Side.HEAD), "")
    if not refusal:
        return found
    if best is None:
        measured = any(one.status is Status.MEASURED for one in measurements.values())
        return found if measured else (None, f"{reason}: {refusal}")
    todays, its = (
        measurements.get(Variant(side=Side.HEAD, configuration=one)) for one in (plan.current, best.configuration)
    )
    if todays is None or its is None or todays is its:
        return found
    bounds = _change(todays.cost_per_million, its.cost_per_million)
    if bounds is None or not bounds[0] < 1 < bounds[1] or bounds[1] < _WIDEST * bounds[0]:
        return found
    low, high = (f"{100 * (bound - 1):+.0f} %".replace("-", "−") for bound in bounds)
    return None, f"{best.configuration} against today's is anywhere from {low} to {high}: {refusal}"


def _refusal(cells: list[Cell]) -> str:
    """Return the first refusal; none where a Variant failed by itself, which is the reason then."""
    if any(cell.status not in {Status.MEASURED, Status.NOT_MEASURED} for cell in cells):
        return ""
    return next((cell.refusal for cell in cells if cell.refusal), "")


def _change(before: Estimate | None, after: Estimate | None) -> tuple[float, float] | None:
    """Return the interval of the ratio of two independent costs; None where one has no bounds.

    Delta method on logarithms: half widths add in squares.
    """
    if before is None or after is None or min(before.low, after.low) <= 0:
        return None
    width = math.hypot(*(math.log(one.high / one.low) / 2 for one in (before, after)))
    value = after.value / before.value
    return value * math.exp(-width), value * math.exp(width)
