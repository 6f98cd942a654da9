"""Whether head fails more often than base: an exact test at planned looks, its error spent over them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import comb, prod

from lambdabot.measurement.plan import Plan
from lambdabot.measurement.samples import Answered, Cell
from lambdabot.model import Failures, Reliability, Side, Variant

LOOKS = (10, 20, 40, 80)  # answered calls a side
ERROR = 0.0005
"""How often, at most, a head that fails as often as its base is said to fail more often, over all looks together."""

_SUSPICIOUS = 0.25  # a p-value below which more calls are worth their cost
_SURELY = 0.01  # and above which
_OF_A_SIZE = (20, 40)  # answered calls at which a size is looked at again
_WITH_THE_SIZE = 0.1  # a size that is left out for chance failures costs little: the next one is recommended, and told

Stratum = tuple[int, int, int, int]
"""Calls that failed, and all: of head, then of base."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What the looks said: `wanted` is the number of answered calls a side that the next one needs, 0 for none."""

    worse: bool = False
    p_value: float | None = None
    wanted: int = 0


def reliability(plan: Plan, cells: Mapping[Variant, Cell]) -> tuple[Reliability | None, int]:
    """Return the failures of what is compared, and how many answered calls a side are wanted in all to judge them."""
    if plan.failures is None:
        return None, 0
    if plan.pair is None:
        head = cells.get(Variant(side=Side.HEAD, configuration=plan.current))
        return (Reliability(base=None, head=head.failures) if head and head.failures.answered else None), 0
    base, head = (cells[variant] for variant in plan.pair)
    judged = Judged()
    if head.failures.failed:
        judged = judge([one.answers for one in (base, head)])
    found = Reliability(base=base.failures, head=head.failures, worse=judged.worse, p_value=judged.p_value)
    return found, judged.wanted


def judge(sides: Sequence[Sequence[Answered]]) -> Judged:
    """Judge the looks that were reached; `sides` are the answered calls of base and of head, in their order.

    By the union bound the probability of a wrong `worse` at any of the looks is at most `ERROR`.
    """
    base, head = sides
    wanted, found = 0, None
    for look in LOOKS:
        if min(len(base), len(head)) < look:
            more = _share(head) > _share(base) if found is None else found < _SUSPICIOUS
            # At the first look a handful of calls tells little: whatever failed more often is worth a second one.
            again = look == LOOKS[1] and _share(head) > _share(base)
            wanted = look if more or again else 0
            break
        found = p_value(_strata(base[:look], head[:look]))
        if found < ERROR / len(LOOKS):
            return Judged(worse=True, p_value=found)
    return Judged(p_value=found, wanted=wanted)


def p_value(strata: Sequence[Stratum]) -> float:
    """Return the probability that so many of the failures, or more, are head's by chance: one-sided, exact.

    Fisher's test within each stratum, given how many calls failed of both together, and the sum over the strata
    (Agresti, Categorical Data Analysis, section 7.3.5): a payload that fails on either side says nothing of a
    difference, even where the sides were not called with it equally often.
    """
    return _p_value(tuple(sorted(strata)))


@lru_cache(maxsize=65_536)
def _p_value(strata: tuple[Stratum, ...]) -> float:
    ways = [1]  # by how many of the failures are head's
    for head_failed, head, base_failed, base in strata:
        failed = head_failed + base_failed
        these = [comb(head, share) * comb(base, failed - share) for share in range(failed + 1)]
        ways = [
            sum(ways[first] * these[place - first] for first in range(len(ways)) if 0 <= place - first < len(these))
            for place in range(len(ways) + failed)
        ]
    observed = sum(stratum[0] for stratum in strata)
    total = prod(comb(head + base, head_failed + base_failed) for head_failed, head, base_failed, base in strata)
    return sum(ways[observed:]) / total


def _strata(base: Sequence[Answered], head: Sequence[Answered]) -> list[Stratum]:
    """Return the counts by payload; not by cold start, as there are more of them where failures end the runtime."""
    calls = [Counter(one.payload for one in side) for side in (base, head)]
    failed = [Counter(one.payload for one in side if one.failed) for side in (base, head)]
    return [(failed[1][one], calls[1][one], failed[0][one], calls[0][one]) for one in {*calls[0], *calls[1]}]


def _share(side: Sequence[Answered]) -> float:
    return sum(one.failed for one in side) / len(side) if side else 0.0


def fails_with_its_size(variant: Variant, failures: Mapping[Variant, Failures]) -> bool:
    """Tell whether a Configuration fails more often than the others together, so that it is not to be recommended."""
    return _against_others(variant, failures) < _WITH_THE_SIZE


def doubtful_sizes(plan: Plan, cells: Mapping[Variant, Cell]) -> dict[Variant, int]:
    """Return the answered calls that it takes until chance failures of a size are told from those that go with it."""
    if plan.failures is None:
        return {}
    failures = {one: cells[one].failures for one in plan.contest(cells) if cells[one].open and cells[one].invocations}
    wanted: dict[Variant, int] = {}
    for variant, own in failures.items():
        if _SURELY < _against_others(variant, failures) < _SUSPICIOUS:
            wanted[variant] = next((look for look in _OF_A_SIZE if own.answered < look), 0)
    return {variant: calls for variant, calls in wanted.items() if calls}


def _against_others(variant: Variant, failures: Mapping[Variant, Failures]) -> float:
    own, others = failures[variant], [one for other, one in failures.items() if other != variant]
    failed, answered = sum(one.failed for one in others), sum(one.answered for one in others)
    return p_value([(own.failed, own.answered, failed, answered)]) if own.failed and answered else 1.0


def told(one: Failures) -> str:
    """Return `10 of 10 calls (HTTP 500: 'count')`."""
    reason = f" ({one.reason})" if one.reason else ""
    return f"{one} calls{reason}"
