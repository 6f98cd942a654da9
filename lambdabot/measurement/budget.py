"""The budget as a hard limit: a wave is planned only if its worst case still fits."""

from collections.abc import Mapping
from decimal import Decimal

from lambdabot.measurement.plan import Plan
from lambdabot.measurement.samples import Cell
from lambdabot.model import Variant, Wave

LONGEST_INIT_SECONDS = 10
"""What Lambda lets INIT take before it counts as the invocation's own time."""

_MARGIN = 2  # a wave is expected to last at most this many times the longest call seen of its Variant


class Allowance:
    """What is left of a function's budget while a round is being planned.

    `refused` are the Variants of which a wave did not fit, `refusal` says which limit was met.
    """

    def __init__(self, plan: Plan, cells: Mapping[Variant, Cell], elapsed_seconds: float) -> None:
        """Count what was spent."""
        self.refusal = ""
        self._plan = plan
        self._cells = cells
        # One request fee of each Cell is in the price of its billed time.
        self._usd = plan.budget.usd - sum(
            (
                plan.price(cell.variant, cell.billed_ms) + (cell.invocations - 1) * plan.prices.request + cell.aside_usd
                for cell in cells.values()
            ),
            Decimal(0),
        )
        invoked = sum(cell.invocations for cell in cells.values())
        self._invocations = None if plan.budget.invocations is None else plan.budget.invocations - invoked
        self._seconds = plan.budget.minutes * 60 - elapsed_seconds
        self.refused: set[Variant] = set()

    def take(self, wave: Wave) -> bool:
        """Reserve a wave; once one of a Variant is refused, so are those that would follow it."""
        if wave.variant in self.refused:
            return False
        usd = worst_case(self._plan, wave.variant, wave.concurrency)
        cell = self._cells[wave.variant]
        seconds = (cell.longest_ms + cell.longest_aside_ms) / 1000 * _MARGIN
        limits = {
            "invocations": self._invocations is not None and wave.concurrency > self._invocations,
            "usd": usd > self._usd,
            "minutes": self._seconds <= 0 or seconds > self._seconds,
        }
        met = [name for name, exceeded in limits.items() if exceeded]
        if met:
            self.refused.add(wave.variant)
            self.refusal = f"the budget is used up ({', '.join(met)})"
            return False
        self._usd -= usd
        self._seconds -= seconds
        if self._invocations is not None:
            self._invocations -= wave.concurrency
        return True


def worst_case(plan: Plan, variant: Variant, calls: int) -> Decimal:
    """Return the dollars of a wave of so many calls that all end at their timeout, after the longest INIT.

    What runs around the wave is taken to end so too.
    """
    one = plan.price(variant, (plan.timeout_seconds + LONGEST_INIT_SECONDS) * 1000)
    around = ((1 if each.once else calls) * (one if each.worst_usd is None else each.worst_usd) for each in plan.asides)
    return calls * one + sum(around, Decimal(0))
