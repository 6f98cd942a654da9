"""The budget as a hard limit: a wave is planned only if its worst case still fits."""

from collections.abc import Mapping
from decimal import Decimal

from lambdabot.measurement.plan import Plan
from lambdabot.measurement.samples import Cell
from lambdabot.model import Variant, Wave

_INIT_SECONDS = 10  # the longest that Lambda lets INIT take before it counts as the invocation's own time
_MARGIN = 2  # a wave is expected to last at most so many times the longest call seen of its Variant


class Allowance:
    """What is left of a function's budget while a round is being planned; `refusal` says which limit was met."""

    def __init__(self, plan: Plan, cells: Mapping[Variant, Cell], elapsed_seconds: float) -> None:
        """Count what was spent."""
        self.refusal = ""
        self._plan = plan
        self._cells = cells
        fee = plan.prices.request
        self._usd = plan.budget.usd - sum(
            (_price(plan, cell.variant, cell.billed_ms) + cell.invocations * fee for cell in cells.values()), Decimal(0)
        )
        invoked = sum(cell.invocations for cell in cells.values())
        self._invocations = None if plan.budget.invocations is None else plan.budget.invocations - invoked
        self._seconds = plan.budget.minutes * 60 - elapsed_seconds
        self._refused: set[Variant] = set()

    def take(self, wave: Wave) -> bool:
        """Reserve a wave; once one of a Variant is refused, so are those that would follow it."""
        if wave.variant in self._refused:
            return False
        # Every call at the function's timeout, after the longest INIT.
        worst = (self._plan.timeout_seconds + _INIT_SECONDS) * 1000
        usd = wave.concurrency * (_price(self._plan, wave.variant, worst) + self._plan.prices.request)
        seconds = self._cells[wave.variant].longest_ms / 1000 * _MARGIN
        limits = {
            "invocations": self._invocations is not None and wave.concurrency > self._invocations,
            "usd": usd > self._usd,
            "minutes": self._seconds <= 0 or seconds > self._seconds,
        }
        met = [name for name, exceeded in limits.items() if exceeded]
        if met:
            self._refused.add(wave.variant)
            self.refusal = f"the budget is used up ({', '.join(met)})"
            return False
        self._usd -= usd
        self._seconds -= seconds
        if self._invocations is not None:
            self._invocations -= wave.concurrency
        return True


def _price(plan: Plan, variant: Variant, milliseconds: float) -> Decimal:
    """Return the dollars of so much billed time, without the request fee."""
    storage_gb = Decimal(max(0, plan.ephemeral_storage_mb - 512)) / 1024
    billed = Decimal(milliseconds)
    compute = plan.prices.cost(variant.configuration, billed) - plan.prices.request
    return compute + storage_gb * plan.prices.storage_gb_second * billed / 1000
