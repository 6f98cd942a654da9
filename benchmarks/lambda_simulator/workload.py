"""Simulated functions: how long one call takes at a memory size, without noise."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil
from typing import Protocol

import numpy as np

from lambdabot.model import Architecture, Configuration, Outcome

_FULL_CPU_MB = 1769  # one vCPU (AWS Lambda Developer Guide, "Configure Lambda function memory")
_PERIOD_MS = 20.0  # CFS period under which the quota is spent (demystifying-serverless-costs, EuroSys'26)


class Work(Protocol):
    """One function's call without noise."""

    @property
    def init_ms(self) -> float:
        """Return how long a cold start takes."""

    @property
    def memory_mb(self) -> int:
        """Return the most memory that a call uses."""

    @property
    def failures(self) -> Mapping[Configuration, tuple[Outcome, float]]:
        """Return how and how often calls fail, by Configuration."""

    def duration_ms(self, configuration: Configuration, payload: str = "") -> float:
        """Return the duration of a call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """What one function does in a call: milliseconds of CPU at one vCPU, milliseconds of waiting, threads.

    `arm_factor` multiplies the CPU time on arm64; `payloads` multiply all of it by the payload's name; `failures` are
    probabilities of an outcome by Configuration.
    """

    cpu_ms: float
    waiting_ms: float = 0.0
    threads: int = 1
    arm_factor: float = 1.0
    init_ms: float = 150.0
    memory_mb: int = 60
    payloads: Mapping[str, float] = field(default_factory=dict)
    failures: Mapping[Configuration, tuple[Outcome, float]] = field(default_factory=dict)

    def duration_ms(self, configuration: Configuration, payload: str = "") -> float:
        """Return the noiseless duration: a staircase of CPU periods below the threads' share, flat above it."""
        size = self.payloads.get(payload, 1.0)
        factor = self.arm_factor if configuration.architecture is Architecture.ARM64 else 1.0
        work = self.cpu_ms * factor * size
        quota = _PERIOD_MS * configuration.memory_mb / _FULL_CPU_MB
        if quota >= _PERIOD_MS * self.threads:
            busy = work / self.threads
        else:
            throttled = ceil(work / quota) - 1
            busy = throttled * _PERIOD_MS + (work - throttled * quota) / self.threads
        return busy + self.waiting_ms * size


def random_workload(generator: np.random.Generator) -> Workload:
    """Draw one of the benchmark's functions: CPU- to I/O-bound, one or two threads, arm slower or faster."""
    cpu = float(np.exp(generator.uniform(np.log(10), np.log(2000))))
    return Workload(
        cpu_ms=cpu,
        waiting_ms=cpu * float(10 ** generator.uniform(-2, 1.5)),
        threads=1 if generator.random() < 0.75 else 2,  # noqa: PLR2004  # three of four
        arm_factor=float(generator.uniform(0.8, 1.25)),
    )
