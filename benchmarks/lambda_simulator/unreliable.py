"""How often a head is said to fail more often than base, by how often either truly fails."""

from dataclasses import dataclass

import numpy as np

from benchmarks.lambda_simulator.run import gate_plan, measure
from benchmarks.lambda_simulator.simulator import Account, Simulator
from benchmarks.lambda_simulator.workload import Workload
from lambdabot.measurement.conclusion import conclude
from lambdabot.measurement.reliability import LOOKS, judge
from lambdabot.measurement.samples import Answered
from lambdabot.model import Architecture, Configuration, Outcome, Side, Verdict

TRIALS = 10_000  # of the test on every look, for each rate
RUNS = 400  # of the whole decision loop with its usual budget, for each rate
SAME = (0.0, 0.05, 0.10, 0.15, 0.20, 0.25, 0.30)
WORSE = 0.30
_HERE = Configuration(memory_mb=512, architecture=Architecture.X86_64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One pair of true failure rates: shares of the trials, and of the runs, in which head is said to fail more often.

    `calls` is the mean of a run.
    """

    base: float
    head: float
    test: float
    runs: float
    calls: float


def rows(seed: int) -> list[Row]:
    """Return equal rates first, and last a head that fails against a base that never does."""
    generator = np.random.default_rng(seed)
    return [_row(generator, base, head, seed) for base, head in [*((one, one) for one in SAME), (0.0, WORSE)]]


def _row(generator: np.random.Generator, base: float, head: float, seed: int) -> Row:
    drawn = generator.random((TRIALS, 2, LOOKS[-1])) < np.array([[[base], [head]]])
    worse = sum(judge([[_CALL[bool(one)] for one in side] for side in trial]).worse for trial in drawn)
    said, calls = 0, 0
    for number in range(RUNS):
        plan = gate_plan(_HERE, failures="fail", seed=seed + number)
        work = {
            Side.BASE: Workload(cpu_ms=100, failures={_HERE: (Outcome.ERROR, base)}),
            Side.HEAD: Workload(cpu_ms=100, failures={_HERE: (Outcome.ERROR, head)}),
        }
        seen, _ = measure(plan, Simulator(work, Account(), seed=plan.seed))
        found = conclude(plan, seen).comparison
        said += found.verdict is Verdict.REGRESSION and bool(found.reliability and found.reliability.worse)
        calls += len(seen)
    return Row(base=base, head=head, test=worse / TRIALS, runs=said / RUNS, calls=calls / RUNS)


_CALL = {failed: Answered(payload="usual", failed=failed) for failed in (False, True)}
