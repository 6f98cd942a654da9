"""The seam between what is to be measured of a function and how that is done."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from lambdabot.measurement.conclusion import Conclusion, conclude
from lambdabot.model import Invocation
from lambdabot.pipeline.lineup import Lineup


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is known of a function's measurement at one moment, and what that has cost.

    An engine that is told no single invocations extends this with a `conclusion` of its own.
    """

    lineup: Lineup  # without what the endpoint refused
    invocations: tuple[Invocation, ...] = ()
    usd: Decimal = Decimal(0)  # at list prices
    unsettled_usd: Decimal = Decimal(0)  # what the step under way can cost at most, if its own cost is never known
    stop_reason: str = ""  # why nothing more is invoked; empty before the end
    advice: tuple[str, ...] = ()  # what to do about what the endpoint refused
    notes: tuple[str, ...] = ()  # what answered in AWS's place

    @property
    def conclusion(self) -> Conclusion:
        """Return what it amounts to, whether or not the measurement went to its end."""
        return conclude(self.lineup.plan, self.invocations)


class Engine(Protocol):
    """A way to measure the Variants of a function."""

    def measure(self, lineup: Lineup) -> Iterator[Evidence]:
        """Yield what is known by now: once the Variants are live, before each step that costs, and after it.

        The last one is the answer; where an error or a signal ends it all, the last one that was yielded counts.
        """
