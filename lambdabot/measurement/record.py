"""A Plan as JSON, and back: with the invocations it is all that a decision depends on."""

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from decimal import Decimal
from typing import Any

from pydantic import TypeAdapter

from lambdabot.measurement.plan import Plan
from lambdabot.model import Variant


def written(plan: Plan) -> dict[str, Any]:
    """Return a Plan as JSON values; payloads without events and answers, which may be secret and decide nothing."""
    payloads, gate = (
        tuple(replace(one, body=b"", events=(), location=None, expect=None) for one in some)
        for some in (plan.payloads, plan.gate_payloads)
    )
    bare = replace(plan, unavailable={}, payloads=payloads, gate_payloads=gate)
    data = json.loads(json.dumps(asdict(bare), default=_plain))
    reasons = [{"variant": asdict(variant), "reason": reason} for variant, reason in plan.unavailable.items()]
    return {**data, "unavailable": reasons}


def read(data: Mapping[str, Any]) -> Plan:
    """Return the Plan that was written. Raises ValueError (pydantic's) for what is none."""
    variants = TypeAdapter(Variant)
    reasons = {variants.validate_python(one["variant"]): str(one["reason"]) for one in data.get("unavailable", ())}
    return replace(TypeAdapter(Plan).validate_python({**data, "unavailable": {}}), unavailable=reasons)


def _plain(value: object) -> object:
    return float(value) if isinstance(value, Decimal) else ""
