"""The first calls of a measurement: where all of them fail, the rest is not worth its cost."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from lambdabot.measurement.plan import Plan
from lambdabot.measurement.samples import Cell
from lambdabot.model import Side, Variant

SURE = 3  # calls that all fail; of a function that fails one call in five by chance, 1 in 125


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstCalls:
    """What is to be called before anything else, and how often in all; `hopeless` where the sweep is not worth it."""

    calls: Mapping[Variant, int] = field(default_factory=dict)
    hopeless: bool = False


def first_calls(plan: Plan, cells: Mapping[Variant, Cell]) -> FirstCalls:
    """Look at what is compared, at its own size; where head fails there every time, at the largest size too.

    A function that fails for want of memory or time, or at small sizes alone, is measured all the same.
    """
    if plan.failures is None:
        return FirstCalls()
    here = Variant(side=Side.HEAD, configuration=plan.current)
    first = plan.pair or tuple(one for one in (here, *plan.swept) if one in plan.variants)[:1]
    if new := {one: 1 for one in first if not cells[one].invocations}:
        return FirstCalls(calls=new)
    if not first or not cells[first[-1]].fails_always:
        return FirstCalls()
    largest = max(plan.swept, key=lambda one: one.configuration.memory_mb, default=first[-1])
    for one in dict.fromkeys((first[-1], largest)):
        if not cells[one].invocations or (cells[one].fails_always and _short(cells[one])):
            return FirstCalls(calls={one: SURE})
    # What fails with the target branch's events may work with its own, which the sizes are measured with.
    return FirstCalls(hopeless=cells[largest].fails_always and not plan.gate_payloads)


def fails_from_the_start(cell: Cell) -> bool:
    """Tell whether a Cell failed every time, and often enough to believe it."""
    return cell.fails_always and cell.failures.answered >= SURE


def _short(cell: Cell) -> bool:
    return cell.failures.answered < SURE and cell.invocations < 2 * SURE
