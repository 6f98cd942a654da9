"""What other work of the embedded endpoint's machine did to the figures, and when they are none any more."""

from collections.abc import Collection, Iterable

from lambdabot.measurement.samples import Cell

TOO_MUCH = 0.95
"""The share of waiting above which what is left is no measurement; at 0.89 intervals still held the truth."""


def waited_share(cells: Iterable[Cell]) -> float:
    """Return the share of its calls' time on the clock that the Variant which waited most did so; 0 on AWS.

    One in all would hide it: small sizes are held back by their quota anyway, and take most of the time.
    """
    return max([cell.waited_share for cell in cells], default=0.0)


def too_busy(cells: Collection[Cell]) -> str:
    """Return why nothing can be recommended of what was measured, "" where it can."""
    share = waited_share(cells)
    if share <= TOO_MUCH:
        return ""
    return f"this machine was too busy: calls waited {share:.0%} of their time for its other work"
