"""What a supervisor is told: a worker to run, and how Lambda would time it."""

from dataclasses import asdict, dataclass
from typing import Any, Self

from lambdabot.sandbox.order import Order


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """One execution environment; `order.environment` is complete but for the address of the Runtime API."""

    order: Order
    init_seconds: float
    timeout_seconds: float
    function_arn: str
    request_id: str  # of the invocation that starts the environment, for errors before the runtime asks for one
    suppressed: bool  # a new start after a failure: its init is part of the invocation, as on Lambda

    def to_json(self) -> dict[str, Any]:
        """Return it as a message header can carry it."""
        return asdict(self) | {"order": self.order.to_json()}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Return what `to_json` gave."""
        return cls(**data | {"order": Order.from_json(data["order"])})
