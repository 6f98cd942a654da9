"""A function as the settings give it, for tests that look at one or two of its fields."""

import inspect
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

from lambdabot.model import (
    Architecture,
    Budget,
    Code,
    Configuration,
    Constraints,
    Function,
    Origin,
    Payload,
    Question,
    Setup,
    Side,
    Strategy,
)
from lambdabot.workspace import Workspace

T = TypeVar("T")


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
    values = {"source": source, **usual, **fields}

    def part(kind: Callable[..., T]) -> T:
        return kind(**{name: values.pop(name) for name in inspect.signature(kind).parameters if name in values})

    made = Function(
        name=values.pop("name"),
        side=values.pop("side"),
        code=part(Code),
        setup=part(Setup),
        question=part(Question),
        origin=part(Origin),
    )
    assert not values, f"a function has no {', '.join(values)}"
    return made
