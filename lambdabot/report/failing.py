"""How often calls fail, in the words of the table and of the headline."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the process of a team's own template needs no pydantic
    from lambdabot.report.schema import FailuresSection, FunctionSection, ReliabilitySection


@dataclass(frozen=True, slots=True, kw_only=True)
class Fails:
    """How often each side fails where they are compared, if either does; `base` is empty where there is none."""

    head: str  # `10 of 10`
    base: str
    head_does: bool  # at all
    worse: bool  # the head does, beyond chance
    reason: str  # the head's most frequent one, or the base's


def fails(one: "ReliabilitySection | None") -> Fails | None:
    """Return how often the sides fail that are compared; None where neither does."""
    if one is None or not (one.head.failed or (one.base and one.base.failed)):
        return None
    return Fails(
        head=_of(one.head),
        base=_of(one.base) if one.base else "",
        head_does=one.head.failed > 0,
        worse=one.worse,
        reason=one.head.reason or (one.base.reason if one.base else ""),
    )


def failed(one: "FailuresSection | None") -> str:
    """Return `2 of 9`; nothing where no call failed."""
    return _of(one) if one is not None and one.failed else ""


def failed_of(function: "FunctionSection") -> str:
    """Return how many calls of all Configurations failed: `3 of 54`; nothing where none did."""
    sections = [row.failures for row in function.measurements if row.failures]
    count = sum(section.failed for section in sections)
    return f"{count} of {sum(section.answered for section in sections)}" if count else ""


def most_frequent(function: "FunctionSection") -> str:
    """Return the reason that most failures of all Configurations have."""
    counts: dict[str, int] = {}
    for row in function.measurements:
        if row.failures is not None and row.failures.failed:
            counts[row.failures.reason] = counts.get(row.failures.reason, 0) + row.failures.failed
    return max(counts, key=lambda reason: counts[reason], default="")


def _of(one: "FailuresSection") -> str:
    return f"{one.failed} of {one.answered}"
