"""How often the gate fails, passes or stays undecided, by what truly changed."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.lambda_simulator.hosts import MIXED, within
from benchmarks.lambda_simulator.run import SIZES
from lambdabot.measurement.gate import LOOKS, tails
from lambdabot.measurement.noise import prior
from lambdabot.measurement.ratio import ratio

Array = NDArray[np.float64]

TRIALS = 20_000
CHANGES = (0.0, 0.05, 0.10, 0.25)
CURVE = (0.0, 0.05, 0.10, 0.125, 0.15, 0.175, 0.20, 0.25, 0.30, 0.40)
_CURVE_TRIALS = 1_000
_THRESHOLD = 1.10
_BATCH = 1000  # trials at once: the pairwise differences of 40 environments a side take 13 MB


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """One memory size: shares of trials, and environments a side that the first round took on average."""

    memory_mb: int
    change: float
    cpu_known: bool
    failed_once: float
    failed: float
    decided: float
    environments: float


def power_curve(generator: np.random.Generator, *, cpu_known: bool) -> list[float]:
    """Return how often the job fails, by what truly changed (`CURVE`), averaged over the sizes."""
    found = [rates(generator, change, cpu_known=cpu_known, trials=_CURVE_TRIALS) for change in CURVE]
    return [float(np.mean([one.failed for one in sizes])) for sizes in found]


def rates(generator: np.random.Generator, change: float, *, cpu_known: bool, trials: int = TRIALS) -> list[Rates]:
    """Return the rates at all sizes; a failure is a regression in two independent rounds."""
    found = []
    for size in SIZES:
        first, used = _round(generator, size, change, cpu_known=cpu_known, trials=trials)
        again = np.flatnonzero(first > 0)
        second = np.zeros_like(first)
        if len(again):
            second[again] = _round(generator, size, change, cpu_known=cpu_known, trials=len(again))[0]
        found.append(
            Rates(
                memory_mb=size,
                change=change,
                cpu_known=cpu_known,
                failed_once=float((first > 0).mean()),
                failed=float(((first > 0) & (second > 0)).mean()),
                decided=float(((first < 0) | ((first > 0) & (second > 0))).mean()),
                environments=float(used.mean()),
            )
        )
    return found


def _round(
    generator: np.random.Generator, size: int, change: float, *, cpu_known: bool, trials: int
) -> tuple[NDArray[np.int64], Array]:
    """Return verdicts (1 regression, -1 no change or improvement, 0 undecided) and environments a side used."""
    verdicts, used = [], []
    for start in range(0, trials, _BATCH):
        batch = min(_BATCH, trials - start)
        base, head = (_side(generator, size, factor, batch) for factor in (1.0, 1.0 + change))
        verdict, environments = np.zeros(batch, dtype=np.int64), np.zeros(batch)
        for look, tail in zip(LOOKS, tails(LOOKS), strict=True):
            open_ = np.flatnonzero(verdict == 0)
            if not len(open_):
                break
            environments[open_] = look
            models = (base[1][open_, :look], head[1][open_, :look]) if cpu_known else None
            expected = prior(size, local=False).variance(_calls(size), same_cpu=cpu_known)
            low, high = ratio(base[0][open_, :look], head[0][open_, :look], models, expected).bounds(tail)
            verdict[open_] = np.where(low > _THRESHOLD, 1, np.where(high < _THRESHOLD, -1, 0))
        verdicts.append(verdict)
        used.append(environments)
    return np.concatenate(verdicts), np.concatenate(used)


def _side(generator: np.random.Generator, size: int, factor: float, trials: int) -> tuple[Array, NDArray[np.int64]]:
    """Return costs of environments and their CPU models."""
    models, logs = MIXED.draw(generator, (trials, LOOKS[-1]))
    spread = within(size)
    noise = np.exp(generator.normal(-(spread**2) / 2, spread, (trials, LOOKS[-1], _calls(size)))).mean(axis=-1)
    return factor * MIXED.effect(logs, size) * noise, models


def _calls(size: int) -> int:
    return prior(size, local=False).calls
