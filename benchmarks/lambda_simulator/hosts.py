"""The hosts behind the environments: CPU models, their shares and speeds, and how noise changes with memory size."""

from dataclasses import dataclass
from math import log2

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# Coefficients of variation of identical code in us-east-1 at 128, 512 and 2,048 MB, between environments and within
# one, interpolated in log2 of the size. Source: ClassiFaaS, cebert/aws-lambda-performance-benchmarks.
_SIZES = (log2(128), log2(512), log2(2048))
_BETWEEN = (0.18, 0.14, 0.02)
_WITHIN = (0.02, 0.03, 0.10)


def between(memory_mb: float) -> float:
    """Return the coefficient of variation between environments on mixed hosts."""
    return float(np.interp(log2(memory_mb), _SIZES, _BETWEEN))


def within(memory_mb: float) -> float:
    """Return the coefficient of variation between calls of one environment."""
    return float(np.interp(log2(memory_mb), _SIZES, _WITHIN))


@dataclass(frozen=True, slots=True, kw_only=True)
class Hosts:
    """A fleet at 512 MB: shares of the CPU models, their relative times, and the spread (log sd) within a model."""

    models: tuple[str, ...]
    shares: tuple[float, ...]
    times: tuple[float, ...]
    spread: float

    def draw(self, generator: np.random.Generator, size: int | tuple[int, ...]) -> tuple[NDArray[np.int64], Array]:
        """Return CPU models (indices) and log effects at 512 MB, with a mean effect of one."""
        models = generator.choice(len(self.shares), size=size, p=self.shares)
        logs = np.log(self.times)[models] + generator.normal(0, self.spread, size)
        return models, logs

    def effect(self, logs: Array, memory_mb: float) -> Array:
        """Return what environments multiply durations by at a memory size; its mean over the fleet is one."""
        power = between(memory_mb) / between(512)
        scale = np.exp((self.spread * power) ** 2 / 2) * np.dot(self.shares, np.array(self.times) ** power)
        return np.asarray(np.exp(logs * power) / scale)


# Three models whose times differ by up to 1.5x, the commonest the slowest, as in demystifying-serverless-costs' log of
# CPU models. Shares, times and spread are fitted so that the published figures come out: 14.5 % between environments,
# comparisons of one model worth ten times the environments, identical builds of one environment each more than 10 %
# apart in half of the trials, plain 99 % t intervals that cover 94, 95, 98 and 98 % at 5, 10, 20 and 40 environments.
MIXED = Hosts(
    models=("Intel Xeon Processor @ 3.00GHz", "Intel Xeon Processor @ 2.90GHz", "Intel Xeon Processor @ 2.50GHz"),
    shares=(0.19, 0.19, 0.62),
    times=(0.667, 0.887, 1.0),
    spread=0.0425,
)
# Other Regions, other days: one CPU model, 4 to 5 % between environments.
HOMOGENEOUS = Hosts(models=("Intel Xeon Processor @ 2.50GHz",), shares=(1.0,), times=(1.0,), spread=0.045)
# Fleets with the same variation that no constant of the measurement was chosen on: what a claim is worth elsewhere.
OTHERS = {
    "rare slow": Hosts(models=("a", "b", "c"), shares=(0.75, 0.20, 0.05), times=(1.0, 1.3, 1.5), spread=0.055),
    "mostly slow": Hosts(models=("a", "b", "c"), shares=(0.12, 0.18, 0.70), times=(0.667, 0.76, 1.0), spread=0.044),
}
