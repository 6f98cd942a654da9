"""Plans, and the simulated Lambda that answers them."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal

import pytest

from benchmarks.lambda_simulator.simulator import Simulator
from lambdabot.measurement.decision import next_step
from lambdabot.measurement.plan import Plan
from lambdabot.model import (
    Architecture,
    Budget,
    Configuration,
    Constraints,
    Invocation,
    Payload,
    Prices,
    Side,
    Stop,
    Strategy,
    Variant,
)

SIZES = (128, 256, 512, 1024, 1536, 1769, 2048, 3008)


def make_plan(**changes: object) -> Plan:
    sweep = tuple(Configuration(memory_mb=size, architecture=one) for one in Architecture for size in SIZES)
    current = Configuration(memory_mb=512, architecture=Architecture.X86_64)
    head = tuple(Variant(side=Side.HEAD, configuration=one) for one in sweep)
    plan = Plan(
        function="thumbnail",
        variants=(*head, Variant(side=Side.BASE, configuration=current)),
        current=current,
        base=current,
        sweep=sweep,
        unavailable={},
        payloads=(Payload(name="small", body=b"{}", weight=Decimal(1)),),
        constraints=Constraints(),
        strategy=Strategy.COST,
        balanced_weight=0.5,
        tie_tolerance_percent=2,
        budget=Budget(invocations=2000, usd=Decimal(5), minutes=60),
        concurrency=40,
        prices=Prices(
            region="us-east-1",
            published="2025-10-01",
            source="list",
            gb_second={Architecture.X86_64: Decimal("0.0000166667"), Architecture.ARM64: Decimal("0.0000133334")},
            request=Decimal("0.0000002"),
            storage_gb_second=Decimal("0.0000000309"),
        ),
        threshold_percent=10,
        seed=1,
        timeout_seconds=30,
    )
    return replace(plan, **changes)


def run(plan: Plan, simulator: Simulator) -> tuple[list[Invocation], Stop]:
    seen: list[Invocation] = []
    for _ in range(200):
        step = next_step(plan, seen)
        if isinstance(step, Stop):
            return seen, step
        seen += simulator.run(step)
    msg = "the measurement does not end"
    raise AssertionError(msg)


@pytest.fixture
def plan() -> Callable[..., Plan]:
    return make_plan


@pytest.fixture
def measure() -> Callable[[Plan, Simulator], tuple[Sequence[Invocation], Stop]]:
    return run
