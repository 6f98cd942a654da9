"""What becomes of several functions, in groups: what each group costs more or less a month, or by how much at worst."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from markupsafe import Markup

from lambdabot.report import numbers
from lambdabot.report.function_view import FunctionView

STATES = {
    "failed": "failed",
    "regression": "dearer",
    "overridden": "dearer",
    "inconclusive": "undecided",
    "improvement": "cheaper",
    "not compared": "uncompared",
    "new": "new",
    "not measured any more": "removed",
    "unchanged": "unchanged",
}
"""The group of each state of a function."""


@dataclass(frozen=True, kw_only=True)
class Group:
    """Functions of which the same became; sums are of those whose dollars a month are known on both sides."""

    functions: tuple[FunctionView, ...]

    @cached_property
    def summed(self) -> tuple[FunctionView, ...]:
        """Return those whose dollars a month are known."""
        return tuple(one for one in self.functions if one.gate.monthly_usd is not None and one.gate.change)

    @cached_property
    def others(self) -> tuple[FunctionView, ...]:
        """Return those of which a change is known, and no dollars a month."""
        return tuple(one for one in self.functions if one.gate.monthly_usd is None and one.gate.change)

    @cached_property
    def failing(self) -> tuple[FunctionView, ...]:
        """Return those that are here for their failures alone."""
        return tuple(one for one in self.functions if not one.gate.change)

    @property
    def monthly(self) -> Markup:
        """Return the summed change: `+$11.77`."""
        before, after = self._sums
        return numbers.signed_usd(after - before)

    @property
    def percent(self) -> Markup:
        """Return the summed change against the summed cost; of a single function, what the gate says."""
        if len(self.summed) == 1 and self.summed[0].gate.change:
            return self.summed[0].gate.change.signed
        before, after = self._sums
        return numbers.signed_percent(100 * (after / before - 1)) if before > 0 else numbers.signed_percent(0)

    @property
    def worst(self) -> Markup:
        """Return the largest change of those without dollars a month."""
        changes = [one.gate.change for one in self.others if one.gate.change]
        return max(changes, key=lambda one: abs(one.value)).signed

    @property
    def _sums(self) -> tuple[float, float]:
        both = [one.gate.monthly_usd for one in self.summed if one.gate.monthly_usd]
        return sum(before for before, _ in both), sum(after for _, after in both)


def groups(functions: Sequence[FunctionView]) -> dict[str, Group]:
    """Return the functions by what became of them; every group is there, empty or not."""
    return {
        group: Group(functions=tuple(one for one in functions if STATES[one.state] == group))
        for group in dict.fromkeys(STATES.values())
    }
