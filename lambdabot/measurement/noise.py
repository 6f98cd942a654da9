"""What is known of Lambda's noise before anything is measured."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from math import log2

import numpy as np

# Coefficients of variation of identical code at 128, 512 and 2,048 MB in us-east-1, on hosts of mixed CPU models:
# between execution environments and within one. Source: ClassiFaaS, cebert/aws-lambda-performance-benchmarks.
_SIZES = (log2(128), log2(512), log2(2048))
_BETWEEN = (0.18, 0.14, 0.02)
_WITHIN = (0.02, 0.03, 0.10)
_SAME_CPU = 10  # comparing environments of one CPU model is worth ten times as many (ClassiFaaS)
_MOST_CALLS = 2
_LOCAL_MOST_CALLS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """A prior: coefficients of variation between environments and within one, by memory size."""

    between: float
    within: float
    most_calls: int = _MOST_CALLS

    @property
    def calls(self) -> int:
        """Return how many warm calls of a payload an environment is worth, a new one costing a cold call besides.

        Two-stage sampling: the ratio of the standard deviations, times the root of the ratio of the costs, which is one
        (Cochran, Sampling Techniques, section 10.6).
        """
        return max(1, min(self.most_calls, round(self.within / self.between)))

    def variance(self, calls: float, *, shares: Iterable[float] = (1.0,), same_cpu: bool = False) -> float:
        """Return the relative variance of one environment's mean over so many calls of each payload.

        `shares` are the payloads' parts of the time: their noise within an environment averages out, its speed not.
        """
        within = self.within**2 * sum(share**2 for share in shares) / calls
        return self.between**2 / (_SAME_CPU if same_cpu else 1) + within


@cache
def prior(memory_mb: int, *, local: bool, waiting_counted: bool = True) -> Noise:
    """Return what to expect at a memory size; on one machine (`local`) environments hardly differ.

    Calls do: its processors slow down for moments, and a call begins anywhere in a period of its quota. Short ones
    differed by 11 to 24 % on two processors of a shared host. Before their waiting was counted, less was reckoned with.
    """
    if local:
        return Noise(between=0.03, within=0.15 if waiting_counted else 0.05, most_calls=_LOCAL_MOST_CALLS)
    size = log2(memory_mb)
    return Noise(
        between=float(np.interp(size, _SIZES, _BETWEEN)),
        within=float(np.interp(size, _SIZES, _WITHIN)),
    )
