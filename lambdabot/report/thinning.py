"""Single invocations for the page's charts: of each Variant as many as a reader can tell apart, and no more."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

SHOWN_OF_A_VARIANT = 50
SHOWN_ON_A_PAGE = 40_000
FEWEST = 5
"""Invocations kept of each Variant, however many Variants there are."""


class ChartSamples:
    """Collects the lines of samples.jsonl, and gives back a few of each Variant."""

    def __init__(self) -> None:
        """Start with none."""
        self._seen: defaultdict[str, dict[tuple[str, int, str], tuple[list[float], list[float]]]] = defaultdict(dict)
        self._variants = 0

    def add(self, line: Mapping[str, Any]) -> Mapping[str, Any]:
        """Remember an invocation, and return it."""
        if line["outcome"] == "ok":
            variants, variant = self._seen[line["function"]], (line["side"], line["memory_mb"], line["architecture"])
            if variant not in variants:
                variants[variant] = [], []
                self._variants += 1
            for kept, field in zip(variants[variant], ("duration_ms", "init_ms"), strict=True):
                if line[field] is not None:
                    kept.append(line[field])
        return line

    def of(self, function: str) -> list[dict[str, Any]]:
        """Return the durations and init durations to draw of one function, by Variant."""
        limit = max(FEWEST, min(SHOWN_OF_A_VARIANT, SHOWN_ON_A_PAGE // max(1, 2 * self._variants)))
        return [
            {
                "side": side,
                "memory": memory_mb,
                "architecture": architecture,
                "duration": thinned(durations, limit),
                "init": thinned(inits, limit),
            }
            for (side, memory_mb, architecture), (durations, inits) in sorted(self._seen.get(function, {}).items())
        ]


def thinned(values: Sequence[float], limit: int) -> list[float]:
    """Return `limit` of the values, evenly spaced by rank from the least to the greatest."""
    ranked = sorted(values)
    if len(ranked) > limit:
        last = len(ranked) - 1
        ranked = [ranked[round(place * last / (limit - 1))] for place in range(limit)]
    return [digits(value) for value in ranked]


def digits(value: float) -> float:
    """Return the value to four significant digits, more than a chart can show; whole where that is the same."""
    short = float(f"{value:.4g}")
    return int(short) if short.is_integer() else short
