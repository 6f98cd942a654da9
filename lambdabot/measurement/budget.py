"""The budget as a hard limit: a wave is planned only if its worst case still fits."""

from collections.abc import Sequence
from decimal import Decimal

from lambdabot.measurement.plan import Plan
from lambdabot.model import Invocation, Variant, Wave

_INIT_SECONDS = 10  # the longest that Lambda lets INIT take before it counts as the invocation's own time
_MARGIN = 2  # a wave is expected to last at most so many times the longest call seen of its Variant


class Allowance:
    """What is left of a function's budget while a round is being planned; `refusal` says which limit was met."""

    def __init__(self, plan: Plan, seen: Sequence[Invocation]) -> None:
        """Count what was spent."""
        self.refusal = ""
        self._plan = plan
        self._usd = plan.budget.usd - sum((_usd(plan, one) for one in seen), Decimal(0))
        self._invocations = None if plan.budget.invocations is None else plan.budget.invocations - len(seen)
        elapsed = max((one.at_seconds for one in seen), default=0.0)
        self._seconds = plan.budget.minutes * 60 - elapsed
        self._longest: dict[Variant, float] = {}
        for one in seen:
            lasted = ((one.duration_ms or 0) + (one.init_ms or 0)) / 1000
            self._longest[one.variant] = max(lasted, self._longest.get(one.variant, 0.0))
        self._refused: set[Variant] = set()

    def take(self, wave: Wave) -> bool:
        """Reserve a wave; once one of a Variant is refused, so are those that would follow it."""
        if wave.variant in self._refused:
            return False
        usd = self._worst_usd(wave)
        seconds = self._longest.get(wave.variant, 0.0) * _MARGIN
        limits = (
            ("invocations", self._invocations is not None and wave.concurrency > self._invocations),
            ("usd", usd > self._usd),
            ("minutes", self._seconds <= 0 or seconds > self._seconds),
        )
        met = [name for name, exceeded in limits if exceeded]
        if met:
            self._refused.add(wave.variant)
            self.refusal = f"the budget is used up ({', '.join(met)})"
            return False
        self._usd -= usd
        self._seconds -= seconds
        if self._invocations is not None:
            self._invocations -= wave.concurrency
        return True

    def _worst_usd(self, wave: Wave) -> Decimal:
        """Price every call of a wave at the function's timeout after the longest INIT."""
        milliseconds = (self._plan.timeout_seconds + _INIT_SECONDS) * 1000
        return wave.concurrency * _price(self._plan, wave.variant, milliseconds)


def _usd(plan: Plan, one: Invocation) -> Decimal:
    billed = one.billed_ms if one.billed_ms is not None else round(one.duration_ms or 0)
    return _price(plan, one.variant, billed)


def _price(plan: Plan, variant: Variant, milliseconds: int) -> Decimal:
    storage_gb = Decimal(max(0, plan.ephemeral_storage_mb - 512)) / 1024
    storage = storage_gb * plan.prices.storage_gb_second * milliseconds / 1000
    return plan.prices.cost(variant.configuration, milliseconds) + storage
