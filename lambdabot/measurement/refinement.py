"""A memory size between the measured ones, where the curve says that it may be cheaper than all of them."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from math import ceil, inf

import numpy as np

from lambdabot.measurement.curve import FULL_CPU_MB
from lambdabot.measurement.plan import Plan
from lambdabot.measurement.race import race
from lambdabot.measurement.samples import Cell
from lambdabot.model import Configuration, Side, Variant

_MOST = 3  # sizes added in all
_PARTS = (0.25, 0.5, 0.75)  # parts of the way from one size to the next, in powers of two
_APART = 1.1  # closer than this to a size that was measured, it would be the same again
_LOCAL_STEP = 16  # MB: the memory used differs by less from run to run
_CALLS = 40  # about what it takes to measure one more Configuration


def between(plan: Plan, cells: Mapping[Variant, Cell], racing: Sequence[Variant], leader: Variant) -> Variant | None:
    """Return the Variant to measure besides, None where none is worth it.

    A size is worth measuring when, in the cases where it is better than the leader, it is expected to save more than
    counts as a tie and, where the traffic is known, more in a month than the calls cost that it takes to find out.
    """
    if not plan.refine or sum(variant not in plan.variants for variant in cells) >= _MOST:
        return None
    sizes = sorted(set(_sizes(plan, cells, racing, leader.configuration)))
    architecture = leader.configuration.architecture
    candidates = [Configuration(memory_mb=size, architecture=architecture) for size in sizes]
    if not candidates:
        return None
    field = race(plan, [cells[variant] for variant in racing], candidates)
    ahead = 1 - field.scores[:, len(racing) :] / field.scores[:, [racing.index(leader)]]
    limits = (plan.constraints.mean_ms, plan.constraints.p95_ms)
    fast = field.durations[:, len(racing) :].mean(axis=0) <= min(
        (one for one in limits if one is not None), default=inf
    )
    gains = np.maximum(0.0, ahead).mean(axis=0) * fast
    best = int(gains.argmax())
    traffic = plan.monthly_invocations
    worth = gains[best] > plan.tie_tolerance_percent / 100 and (traffic is None or gains[best] * traffic > _CALLS)
    return Variant(side=Side.HEAD, configuration=candidates[best]) if worth else None


def _sizes(
    plan: Plan, cells: Mapping[Variant, Cell], racing: Sequence[Variant], leader: Configuration
) -> Iterator[int]:
    """Yield the sizes on both sides of the leader's, up to its neighbours, that leave the memory its headroom.

    On one machine only the least of them: what the quota's steps make of sizes in between is for Lambda's hosts to say,
    and noise would choose another one each time.
    """
    used = max((cell.max_memory_used_mb or 0 for cell in cells.values() if cell.open), default=0)
    least = ceil(used / (1 - plan.constraints.memory_headroom_percent / 100))
    tried = {
        variant.configuration.memory_mb
        for variant in cells
        if variant.side is Side.HEAD and variant.configuration.architecture is leader.architecture
    }
    raced = [variant.configuration.memory_mb for variant in racing]
    for low, high in pairwise(sorted(tried)):
        if leader.memory_mb not in {low, high}:
            continue
        sizes = [round(low * (high / low) ** part) for part in _PARTS]
        tight = ceil(least / _LOCAL_STEP) * _LOCAL_STEP
        for size in (tight,) if plan.waiting_counted else (*sizes, FULL_CPU_MB, least):
            apart = all(max(size / one, one / size) >= _APART for one in (low, high) if one in raced)
            if max(low + 1, least) <= size < high and apart:
                yield size
