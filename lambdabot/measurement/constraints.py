"""What a Configuration must meet to be recommended."""

from math import ceil

from lambdabot.measurement.distribution import ENOUGH, distribution
from lambdabot.measurement.interval import mean
from lambdabot.measurement.plan import Plan
from lambdabot.measurement.samples import Cell
from lambdabot.model import Measurement

_P95 = 0.95


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
    return _headroom(plan, measurement.variant.configuration.memory_mb, measurement.max_memory_used_mb)


def hopeless(plan: Plan, cell: Cell) -> bool:
    """Return whether a Cell breaks a constraint for all that is known, so that measuring it further is of no use."""
    limits = plan.constraints
    configuration = cell.variant.configuration
    if _headroom(plan, configuration.memory_mb, cell.max_memory_used_mb):
        return True
    if limits.cold_start_ms is not None and cell.inits_ms and min(cell.inits_ms) > limits.cold_start_ms:
        return True
    limit = min((one for one in (limits.mean_ms, limits.p95_ms) if one is not None), default=None)
    if limit is None or not cell.environments:
        return False
    p95 = distribution(plan, cell).percentile(_P95)
    if limits.p95_ms is not None and p95 is not None and p95 > limits.p95_ms:
        return True
    # Where the mean is above the limit, so is the 95th percentile, except in the oddest of distributions.
    found = mean(cell.environments, plan.weights, plan.noise(configuration.memory_mb))
    return found.interval()[0] > limit


def short_of_p95(plan: Plan, cell: Cell) -> int:
    """Return how many environments more it takes until a 95th percentile that is asked for can be given."""
    if plan.constraints.p95_ms is None:
        return 0
    calls = cell.calls
    return max(0, ceil((ENOUGH[_P95] - calls) * len(cell.environments) / calls))


def _headroom(plan: Plan, size_mb: int, used_mb: int | None) -> str:
    percent = plan.constraints.memory_headroom_percent
    if used_mb is None or used_mb <= size_mb * (1 - percent / 100):
        return ""
    return f"used {used_mb} of {size_mb} MB: less than {percent:.0f} % headroom"
