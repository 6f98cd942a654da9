"""What is known of Lambda's noise before anything is measured."""

from dataclasses import dataclass
from math import log2

import numpy as np

# Coefficients of variation of identical code at 128, 512 and 2,048 MB in us-east-1, on hosts of mixed CPU models:
# between execution environments and within one. Source: ClassiFaaS, cebert/aws-lambda-performance-benchmarks.
_SIZES = (log2(128), log2(512), log2(2048))
_BETWEEN = (0.18, 0.14, 0.02)
_WITHIN = (0.02, 0.03, 0.10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """A prior: coefficients of variation, and how many observed environments the one between them is worth."""

    between: float
    within: float
    weight: float


def prior(memory_mb: int, *, local: bool) -> Noise:
    """Return what to expect at a memory size; on one machine (`local`) environments hardly differ."""
    if local:
        return Noise(between=0.03, within=0.05, weight=6)
    size = log2(memory_mb)
    between = float(np.interp(size, _SIZES, _BETWEEN))
    within = float(np.interp(size, _SIZES, _WITHIN))
    return Noise(between=between, within=within, weight=2)
