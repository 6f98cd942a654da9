"""A function as the settings give it, for tests that look at one or two of its fields."""

from decimal import Decimal
from pathlib import Path
from typing import Any

from lambdabot.model import Architecture, Budget, Configuration, Constraints, Function, Payload, Side, Strategy
from lambdabot.workspace import Workspace


def function(source: Path | str, **fields: Any) -> Function:
    usual: dict[str, Any] = {
        "name": "thumbnail",
        "side": Side.HEAD,
        "handler": "app.handler",
        "runtime": "python3.13",
        "requirements": None,
        "role": None,
        "timeout_seconds": 3,
        "environment": {},
        "payloads": (Payload(name="default", body=b"{}", weight=Decimal(1)),),
        "memory_mb": (128,),
        "architectures": (Architecture.X86_64,),
        "current": Configuration(memory_mb=128, architecture=Architecture.X86_64),
        "current_assumed": False,
        "monthly_invocations": None,
        "constraints": Constraints(),
        "strategy": Strategy.COST,
        "balanced_weight": 0.5,
        "tie_tolerance_percent": 2.0,
        "budget": Budget(usd=Decimal(1), minutes=10),
        "allow_build": frozenset(),
    }
    if "workspace" not in fields:
        usual["workspace"] = Workspace(source.parent if isinstance(source, Path) else Path())
    return Function(source=source, **{**usual, **fields})
