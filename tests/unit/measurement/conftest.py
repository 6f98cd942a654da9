"""Invocations by hand, plans, and the simulated Lambda that answers them."""

from collections.abc import Callable

import pytest

from benchmarks.lambda_simulator.hosts import HOMOGENEOUS
from benchmarks.lambda_simulator.run import SWEEP, gate_plan, measure, sweep_plan
from benchmarks.lambda_simulator.simulator import Account, Simulator
from benchmarks.lambda_simulator.workload import Workload
from lambdabot.measurement.plan import Plan
from lambdabot.model import Architecture, Configuration, Invocation, Outcome, Side, Stop, Variant

HERE = Configuration(memory_mb=512, architecture=Architecture.X86_64)


@pytest.fixture
def here() -> Configuration:
    return HERE


@pytest.fixture
def head() -> Variant:
    return Variant(side=Side.HEAD, configuration=HERE)


@pytest.fixture
def base() -> Variant:
    return Variant(side=Side.BASE, configuration=HERE)


@pytest.fixture
def sweeping() -> Callable[..., Plan]:
    """A plan that sweeps the eight sizes on both architectures and compares nothing."""
    return lambda **changes: sweep_plan(SWEEP, **changes)


@pytest.fixture
def comparing() -> Callable[..., Plan]:
    """A plan that compares head with base at 512 MB and sweeps nothing."""
    return lambda **changes: gate_plan(HERE, **changes)


@pytest.fixture
def invoked(head: Variant) -> Callable[..., Invocation]:
    """An invocation that went well, but for what the test says."""

    def make(**changes: object) -> Invocation:
        usual = {
            "variant": head,
            "payload": "usual",
            "round": 1,
            "wave": 1,
            "environment": "a",
            "environment_known": True,
            "cold": False,
            "outcome": Outcome.OK,
            "duration_ms": 99.5,
            "billed_ms": 100,
            "max_memory_used_mb": 60,
            "at_seconds": 1.0,
        }
        return Invocation(**{**usual, **changes})

    return make


@pytest.fixture
def simulate() -> Callable[..., tuple[list[Invocation], Stop]]:
    """Run a plan to its end; head's work is base's times `factor`."""

    def run(
        plan: Plan, *, factor: float = 1.0, seed: int = 5, account: Account | None = None, **work: object
    ) -> tuple[list[Invocation], Stop]:
        usual = Workload(**{"cpu_ms": 200, "waiting_ms": 20, **work})
        slower = Workload(**{"cpu_ms": 200 * factor, "waiting_ms": 20 * factor, **work})
        account = account or Account(hosts=HOMOGENEOUS)
        return measure(plan, Simulator({Side.BASE: usual, Side.HEAD: slower}, account, seed=seed))

    return run
