"""Which Configurations are still in the race, and how many environments each is worth."""

from collections.abc import Mapping

from lambdabot.measurement.interval import Mean, mean
from lambdabot.measurement.noise import prior
from lambdabot.measurement.plan import Plan
from lambdabot.measurement.samples import Cell
from lambdabot.model import Strategy, Variant

FIRST = 2  # environments everywhere
MOST = 40
LOCAL_MOST = 8
_DOUBT = 0.90  # an elimination is wrong in one of ten at most; what it costs then is small, for it was close


def figure(plan: Plan, cell: Cell) -> Mean | None:
    """Return the mean billed milliseconds of a Cell, None where nothing usable was seen."""
    if not cell.environments:
        return None
    return mean(cell.environments, plan.weights, prior(cell.variant.configuration.memory_mb, local=plan.local))


def wanted(plan: Plan, cells: Mapping[Variant, Cell]) -> dict[Variant, int]:
    """Return how many environments each Variant should have in all; empty when the sweep is done.

    Successive elimination (Even-Dar et al., JMLR 7, 2006): few everywhere, then twice as many for those that may still
    be the best.
    """
    racing = [variant for variant in plan.swept if cells[variant].open]
    short = {variant: FIRST for variant in racing if len(cells[variant].environments) < FIRST}
    if short:
        return short
    bounds = {variant: _bounds(plan, cells[variant]) for variant in racing}
    if not bounds:
        return {}
    best = min(high for _, high in bounds.values())
    left = [variant for variant, (low, _) in bounds.items() if low <= best]
    lowest = min(bounds[variant][0] for variant in left)
    highest = max(bounds[variant][1] for variant in left)
    if len(left) == 1 or highest <= lowest * (1 + plan.tie_tolerance_percent / 100):
        return {}
    most = LOCAL_MOST if plan.local else MOST
    doubled = {variant: min(most, 2 * len(cells[variant].environments)) for variant in left}
    return {variant: count for variant, count in doubled.items() if count > len(cells[variant].environments)}


def _bounds(plan: Plan, cell: Cell) -> tuple[float, float]:
    found = figure(plan, cell)
    if found is None:
        return 0.0, float("inf")
    low, high = found.interval(_DOUBT)
    if plan.strategy is Strategy.SPEED:
        return low, high
    configuration = cell.variant.configuration
    return plan.cost(configuration, low), plan.cost(configuration, high)
