"""What one function's measurement has cost so far, at list prices: exact, where the plan before it is an estimate.

And what of the real function's cost is not that of its invocations.
"""

from collections.abc import Callable, Iterable, Iterator
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
        total += prices.cost(
            configuration, one.billed_ms or 0, ephemeral_storage_mb=function.setup.ephemeral_storage_mb
        )
        if one.restore_ms is not None and function.extras.snap_start:
            total += prices.restore(configuration)
    return total


def extras_notes(function: Function) -> Iterator[str]:
    """Say what is paid for by the month, and whether the cost per invocation has its share of it."""
    extras, known = function.extras, bool(function.question.monthly_invocations)
    share = "in" if known else "not in, because the traffic is not known (`monthly_invocations`)"
    if extras.provisioned_concurrency:
        yield (
            f"{extras.provisioned_concurrency} environments are kept ready (provisioned concurrency): every invocation "
            f"is priced as one of theirs. Their own cost is {share}."
        )
    if extras.snap_start:
        yield f"The cost has SnapStart's restores in it. Its cache is {share}."
