"""A measurement from its plan to its end, on the simulator."""

from dataclasses import replace
from decimal import Decimal

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
SWEEP = tuple(Configuration(memory_mb=size, architecture=one) for one in Architecture for size in SIZES)
US_EAST_1 = Prices(
    region="us-east-1",
    published="2025-10-01",
    source="AWS Lambda Pricing",
    gb_second={Architecture.X86_64: Decimal("0.0000166667"), Architecture.ARM64: Decimal("0.0000133334")},
    request=Decimal("0.0000002"),
    storage_gb_second=Decimal("0.0000000309"),
)
_MOST_ROUNDS = 500


def sweep_plan(sweep: tuple[Configuration, ...] = SWEEP, **changes: object) -> Plan:
    """Return a plan that sweeps head over these Configurations and compares nothing."""
    plan = Plan(
        function="simulated",
        variants=tuple(Variant(side=Side.HEAD, configuration=one) for one in sweep),
        current=sweep[0],
        base=None,
        no_comparison="there is no base",
        sweep=sweep,
        unavailable={},
        payloads=(Payload(name="usual", body=b"{}", weight=Decimal(1)),),
        constraints=Constraints(),
        strategy=Strategy.COST,
        balanced_weight=0.5,
        tie_tolerance_percent=2,
        budget=Budget(invocations=1000, usd=Decimal(1), minutes=60),
        concurrency=40,
        prices=US_EAST_1,
        threshold_percent=10,
        seed=1,
        timeout_seconds=30,
    )
    return replace(plan, **changes)  # type: ignore[arg-type]  # the caller names Plan's own fields


def gate_plan(current: Configuration, sweep: tuple[Configuration, ...] = (), **changes: object) -> Plan:
    """Return a plan that compares head with base at a Configuration, and sweeps if asked."""
    head = (Variant(side=Side.HEAD, configuration=one) for one in dict.fromkeys((*sweep, current)))
    return replace(
        sweep_plan(),
        sweep=sweep,
        variants=(*head, Variant(side=Side.BASE, configuration=current)),
        current=current,
        base=current,
        no_comparison="",
        **changes,  # type: ignore[arg-type]  # the caller names Plan's own fields
    )


def measure(plan: Plan, simulator: Simulator) -> tuple[list[Invocation], Stop]:
    """Ask for rounds and run them until there is nothing more to ask for."""
    seen: list[Invocation] = []
    for _ in range(_MOST_ROUNDS):
        step = next_step(plan, seen)
        if isinstance(step, Stop):
            return seen, step
        seen += simulator.run(step)
    msg = "the measurement does not end"
    raise RuntimeError(msg)
