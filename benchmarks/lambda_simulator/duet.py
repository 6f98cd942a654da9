"""Pairs of builds measured side by side on Lambda (DuetFaaS), judged by environments and by invocations."""

import csv
import gzip
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lambdabot.measurement.noise import prior
from lambdabot.measurement.ratio import ratio
from lambdabot.measurement.student import quantile

Array = NDArray[np.float64]

_MEMORY_MB = 1024
_FEWEST_PAIRS = 10  # of an environment, to count
_TAIL = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One run of two builds: what changed in truth, and the two answers to whether anything did."""

    name: str
    injected_percent: int
    environments: int
    low: float
    high: float
    t_test_differs: bool

    @property
    def verdict(self) -> str:
        """Return what the gate says at its threshold of 10 %, from these environments alone."""
        if self.low > 1.1:  # noqa: PLR2004  # the default threshold
            return "regression"
        return "no change" if self.high < 1.1 else "inconclusive"  # noqa: PLR2004  # the same


def pairs(folder: Path) -> list[Pair]:
    """Return every run's answer, `main` left out: it duplicates another."""
    times: dict[tuple[str, str, int], dict[str, list[tuple[float, float]]]] = defaultdict(lambda: defaultdict(list))
    with gzip.open(folder / "duetfaas" / "duet.csv.gz", "rt") as file:
        for row in csv.DictReader(file):
            if row["run"] != "main" and row["cold"] == "0":
                key = row["run"], row["workload"], int(row["injected_pct"])
                times[key][row["machine"]].append((float(row["v1_ms"]), float(row["v2_ms"])))
    return [_pair(*key, machines) for key, machines in sorted(times.items())]


def _pair(run: str, workload: str, injected: int, machines: dict[str, list[tuple[float, float]]]) -> Pair:
    usable = [np.array(calls) for calls in machines.values() if len(calls) >= _FEWEST_PAIRS]
    means = np.array([calls.mean(axis=0) for calls in usable])
    noise = prior(_MEMORY_MB, local=False)
    found = ratio(means[:, 0], means[:, 1], None, noise.variance(float(np.mean([len(calls) for calls in usable]))))
    low, high = found.bounds(_TAIL)
    return Pair(
        name=f"{run} {workload}",
        injected_percent=injected,
        environments=len(usable),
        low=float(low),
        high=float(high),
        t_test_differs=_t_test(np.concatenate(usable)),
    )


def _t_test(calls: Array) -> bool:
    """Return whether a plain t test over invocations calls the two builds different at 99 %."""
    error = np.sqrt(calls.var(axis=0, ddof=1).sum() / len(calls))
    return bool(abs(calls[:, 1].mean() - calls[:, 0].mean()) > quantile(_TAIL / 2, 2 * len(calls) - 2) * error)
