"""Spot checks: what is dear and much of a kind is tried whole in CI, and elsewhere as many of it as the seed draws."""

import os
import random
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TypeVar

WHOLE = "CI" in os.environ
"""Nothing is left out."""

# The day's, so that every day tries others; set here, it is the same for every worker of a run.
SEED = os.environ.setdefault("SPOT_CHECK_SEED", datetime.now(UTC).date().isoformat())

One = TypeVar("One")


def spot_check(everything: Sequence[One], most: int) -> list[One]:
    """Return all of it in CI, and elsewhere so many, in their order."""
    if WHOLE or len(everything) <= most:
        return list(everything)
    drawn = random.Random(SEED).sample(range(len(everything)), most)  # noqa: S311  # a choice, no secret
    return [everything[number] for number in sorted(drawn)]


def examples(number: int) -> int:
    """Return so many of hypothesis's examples in CI, and elsewhere a quarter."""
    return number if WHOLE else -(-number // 4)


def told() -> str:
    """Return what a run tells of its choice."""
    if WHOLE:
        return "spot checks: none, everything is tried"
    return f"spot checks: SPOT_CHECK_SEED={SEED} tries the same again, CI=true everything"
