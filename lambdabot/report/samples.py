"""samples.jsonl: every invocation of a run, one a line, in the order in which the answers were used."""

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from lambdabot.errors import Mistake, UsageError
from lambdabot.model import Architecture, Configuration, Invocation, Outcome, RunResult, Side, Variant
from lambdabot.report.document import publishable

_PLAIN = (
    "round",
    "wave",
    "payload",
    "environment",
    "environment_known",
    "cpu_model",
    "cold",
    "duration_ms",
    "billed_ms",
    "init_ms",
    "restore_ms",
    "max_memory_used_mb",
    "reason",
    "at_seconds",
)

_LATER = ("error_type", "survived", "refused", "waited_ms")
"""What the first versions did not write."""


def samples(result: RunResult) -> Iterator[dict[str, Any]]:
    """Yield the lines."""
    for function in result.functions:
        for one in function.invocations:
            yield publishable(
                {
                    "function": function.name,
                    "side": one.variant.side.value,
                    "memory_mb": one.variant.configuration.memory_mb,
                    "architecture": one.variant.configuration.architecture.value,
                    **{name: getattr(one, name) for name in _PLAIN},
                    **_aside(one),
                    "outcome": one.outcome.value,
                    **{name: getattr(one, name) for name in _LATER},
                }
            )


def _aside(one: Invocation) -> dict[str, float]:
    """Return what ran around a wave, where anything did."""
    if not one.aside_ms and not one.aside_usd:
        return {}
    return {"aside_ms": one.aside_ms, "aside_usd": float(one.aside_usd)}


def load(path: Path) -> dict[str, list[Invocation]]:
    """Read samples.jsonl: each function's invocations, in their order. Raises UsageError that names the line."""
    found: dict[str, list[Invocation]] = {}
    try:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, start=1):
                try:
                    data = json.loads(line)
                    found.setdefault(data["function"], []).append(_invocation(data))
                except (ValueError, KeyError, TypeError) as error:
                    message = f"is no line of samples.jsonl ({type(error).__name__}: {error})"
                    raise UsageError([Mistake(message=message, path=path, line=number)]) from error
    except OSError as error:
        raise UsageError([Mistake(message=f"cannot be read: {error.strerror}", path=path)]) from error
    return found


def _invocation(data: Mapping[str, Any]) -> Invocation:
    variant = _variant(data["side"], data["memory_mb"], data["architecture"])
    return Invocation(
        variant=variant,
        outcome=Outcome(data["outcome"]),
        **{name: data[name] for name in _LATER if name in data},
        **{name: data[name] for name in _PLAIN},
        aside_ms=float(data.get("aside_ms", 0.0)),
        aside_usd=Decimal(str(data.get("aside_usd", 0))),
    )


@cache
def _variant(side: str, memory_mb: int, architecture: str) -> Variant:
    configuration = Configuration(memory_mb=memory_mb, architecture=Architecture(architecture))
    return Variant(side=Side(side), configuration=configuration)
