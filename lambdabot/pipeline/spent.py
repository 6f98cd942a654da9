"""What one function's measurement has cost so far, at list prices: exact, where the plan before it is an estimate."""

from collections.abc import Callable, Iterable
from decimal import Decimal

from lambdabot.model import Configuration, Function, Invocation, Prices, Side


def spent(
    prices: Prices,
    seen: Iterable[Invocation],
    snapshots: Iterable[Configuration],
    function_of: Callable[[Side], Function],
) -> Decimal:
    """Return the cost of the invocations, their restores and the snapshots of SnapStart that were paid for."""
    total = sum(map(prices.snapshot, snapshots), Decimal(0))
    for one in seen:
        function, configuration = function_of(one.variant.side), one.variant.configuration
        total += prices.cost(configuration, one.billed_ms or 0, ephemeral_storage_mb=function.ephemeral_storage_mb)
        if one.restore_ms is not None and pays_for_snapshots(function):
            total += prices.restore(configuration)
    return total


def pays_for_snapshots(function: Function) -> bool:
    """Tell whether SnapStart costs something: for Java it is free (AWS Lambda Pricing)."""
    return function.snap_start and not function.runtime.startswith("java")
