from decimal import Decimal
from pathlib import Path

import pytest

from lambdabot.model import Architecture, Budget, Configuration, Constraints, Function, Payload, Side, Strategy


@pytest.fixture
def function(tmp_path: Path) -> Function:
    (tmp_path / "app.py").write_text("def handler(event, context): pass\n")
    return Function(
        name="orders",
        side=Side.HEAD,
        source=tmp_path,
        handler="app.handler",
        runtime="python3.13",
        requirements=None,
        role=None,
        timeout_seconds=3,
        environment={},
        payloads=(Payload(name="default", body=b"{}", weight=Decimal(1)),),
        memory_mb=(2048,),
        architectures=(Architecture.ARM64,),
        current=Configuration(memory_mb=2048, architecture=Architecture.ARM64),
        current_assumed=False,
        monthly_invocations=None,
        constraints=Constraints(),
        strategy=Strategy.COST,
        balanced_weight=0.5,
        tie_tolerance_percent=2.0,
        budget=Budget(invocations=100, usd=Decimal(1), minutes=10),
        allow_build=frozenset(),
    )
