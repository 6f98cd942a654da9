"""What was seen of each Variant: warm samples by execution environment, cold starts, failures, spending."""

from bisect import bisect, bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import groupby, takewhile
from math import comb
from operator import attrgetter
from typing import NamedTuple

from lambdabot.model import Failures, Invocation, Outcome, Side, Status, Variant

_STATUS = {
    Outcome.ERROR: Status.ERROR,
    Outcome.FAILING_ANSWER: Status.ERROR,
    Outcome.TIMEOUT: Status.TIMEOUT,
    Outcome.OUT_OF_MEMORY: Status.OUT_OF_MEMORY,
}
_CONFIRMED = 2  # one failure may be an accident
_FLAKY = 0.3  # what calls may fail by chance, as with an upstream that is often away
_SURELY = 0.001  # how likely such chance must be at most, so that a size is given up
_WITH_THE_SIZE = frozenset({Outcome.TIMEOUT, Outcome.OUT_OF_MEMORY})
_PATIENCE = 3  # rounds in a row that bring no new environment


@dataclass(frozen=True, slots=True)
class Environment:
    """One execution environment and its warm invocations by payload, in the order of their waves."""

    name: str
    cpu_model: str | None = None
    known: bool = True
    warm: dict[str, list[Invocation]] = field(default_factory=dict)

    def billed_ms(self, payload: str) -> list[float]:
        """Return what its calls with a payload were billed; where a REPORT does not say, what they took."""
        return [one.billed_ms or one.duration_ms or 0.0 for one in self.warm[payload]]

    def durations_ms(self, payload: str) -> list[float]:
        """Return how long its calls with a payload took."""
        return [one.duration_ms for one in self.warm[payload] if one.duration_ms is not None]

    @property
    def round(self) -> int:
        """Return the round that first met it warm."""
        return min(calls[0].round for calls in self.warm.values())

    @property
    def calls(self) -> int:
        """Return how many warm calls it served."""
        return sum(map(len, self.warm.values()))


class Answered(NamedTuple):
    """An answered call: with which payload, and whether it failed."""

    payload: str
    failed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """All that was seen of one Variant.

    `environments` are those with warm calls of every payload that counts, in the order of their first use; `waiting`
    counts those of the last cold wave when no warm call came after it. `waited_share` is the share of their time on the
    clock that calls waited for other work of the machine. `billed_ms` is the sum over all calls, `longest_ms` the
    longest call with its INIT, `aside_usd` and `longest_aside_ms` the same of what runs around the waves, `invocations`
    counts all calls that ran, `refused` those that the endpoint did not take (`refusal`: why not the first since the
    last new environment), `answered` those with a result, `fruitless` the rounds since the last one that brought a new
    environment. `failures` and `answers` are those of the payloads that count; what failed is billed and quick, so it
    is in no environment.
    """

    variant: Variant
    status: Status = Status.MEASURED
    reason: str = ""
    environments: tuple[Environment, ...] = ()
    waiting: int = 0
    invocations: int = 0
    refused: int = 0
    refusal: str = ""
    answered: int = 0
    failures: Failures = field(default_factory=Failures)
    answers: tuple[Answered, ...] = field(default=(), repr=False)  # in their order
    fails_always: bool = False  # by errors and failing answers, not for want of memory or time
    lanes: int = 0  # calls of the last wave that was answered
    inits_ms: tuple[float, ...] = ()
    max_memory_used_mb: int | None = None
    billed_ms: float = 0.0
    waited_share: float = 0.0
    longest_ms: float = 0.0
    aside_usd: Decimal = Decimal(0)
    longest_aside_ms: float = 0.0
    fruitless: int = 0

    @property
    def open(self) -> bool:
        """True when what was seen can stand for the Variant."""
        return self.status is Status.MEASURED

    @property
    def exhausted(self) -> bool:
        """True when no more environments are to be had."""
        return self.fruitless >= _PATIENCE

    @property
    def calls(self) -> int:
        """Return how many warm samples its environments have."""
        return sum(one.calls for one in self.environments)


def cells(
    variants: Iterable[Variant],
    payloads: Iterable[str],
    seen: Sequence[Invocation],
    *,
    of_base: Iterable[str] | None = None,
    at_once: bool = True,
) -> dict[Variant, Cell]:
    """Return a Cell for every Variant, in the order given, and then for those that were seen besides.

    Only calls with the payloads that are named count; `of_base` names the base's where those differ. `at_once` gives a
    Variant up that fails two calls of three, as the first versions did, though that may be chance.
    """
    by_identity: dict[int, list[Invocation]] = defaultdict(list)
    for variant, calls in groupby(seen, attrgetter("variant")):
        # Hashing a Variant takes longer than all the rest: it is done once for each object, not for each wave.
        by_identity[id(variant)] += calls
    by_variant: dict[Variant, list[Invocation]] = defaultdict(list)
    for group in by_identity.values():
        by_variant[group[0].variant] += group
    names = frozenset(payloads)
    base = names if of_base is None else frozenset(of_base)
    every = dict.fromkeys([*variants, *by_variant])
    return {
        variant: _cell(variant, base if variant.side is Side.BASE else names, by_variant.get(variant, []), at_once)
        for variant in every
    }


def _cell(variant: Variant, payloads: frozenset[str], seen: Sequence[Invocation], at_once: bool) -> Cell:
    ok = Outcome.OK
    cold = [one for one in seen if one.cold]
    failed = [one for one in seen if one.outcome is not ok]
    environments = [one for one in _environments(seen, failed, payloads) if all(map(one.warm.get, payloads))]
    newest = max([calls[0].round for one in environments for calls in one.warm.values()], default=-1)
    fruitless = len({one.round for one in takewhile(lambda one: one.round > newest, reversed(seen))})
    broken = [one for one in failed if one.payload in payloads and one.outcome is not Outcome.DISCARDED]
    answers = tuple(
        Answered(one.payload, one.outcome is not ok)
        for one in seen
        if one.outcome is not Outcome.DISCARDED and one.payload in payloads
    )
    status, reason = _failure(seen, broken, at_once=at_once)
    if status is Status.MEASURED and not environments and fruitless >= _PATIENCE:
        words = next((one.reason for one in reversed(seen) if one.reason), "every call met a cold environment")
        status, reason = Status.NOT_MEASURED, f"no warm result in {fruitless} rounds: {words}"
    inits = [one.init_ms for one in cold if one.init_ms is not None]
    return Cell(
        variant=variant,
        status=status,
        reason=reason,
        environments=tuple(environments),
        waiting=_waiting(seen, cold),
        invocations=sum(not one.refused for one in seen),
        refused=sum(one.refused for one in seen),
        refusal=next((one.reason for one in seen if one.refused and one.round >= newest), ""),
        answered=len(seen) - sum(one.outcome is Outcome.DISCARDED for one in failed),
        failures=Failures(failed=len(broken), answered=len(answers), reason=_most_frequent(broken)),
        answers=answers,
        fails_always=0 < len(broken) == len(answers) and not any(one.outcome in _WITH_THE_SIZE for one in broken),
        lanes=_lanes(seen),
        inits_ms=tuple(inits),
        max_memory_used_mb=max([one.max_memory_used_mb or 0 for one in seen], default=0) or None,
        waited_share=_waited_share(seen),
        billed_ms=sum([one.billed_ms or one.duration_ms or 0.0 for one in seen]),
        longest_ms=max([one.duration_ms or 0.0 for one in seen], default=0.0) + max(inits, default=0.0),
        aside_usd=sum([one.aside_usd for one in seen if one.aside_usd], Decimal(0)),
        longest_aside_ms=max([one.aside_ms for one in seen], default=0.0),
        fruitless=fruitless,
    )


def _waited_share(seen: Sequence[Invocation]) -> float:
    waited = sum([one.waited_ms for one in seen if one.waited_ms])
    return waited / (waited + sum([one.duration_ms or 0.0 for one in seen])) if waited else 0.0


def _environments(
    seen: Sequence[Invocation], failed: Sequence[Invocation], payloads: frozenset[str]
) -> list[Environment]:
    """Group the warm calls by environment.

    Lanes are numbered anew by every wave, so the same lane is another environment after a cold start.
    """
    ok = Outcome.OK
    warm = [one for one in seen if not one.cold and one.outcome is ok and one.duration_ms is not None]
    if failed:
        spoilt = _spoilt([one for one in seen if not one.refused])  # which met no environment
        warm = [one for one in warm if id(one) not in spoilt]
    groups: dict[object, list[Invocation]] = defaultdict(list)
    if all(map(attrgetter("environment_known"), warm)):
        for one in warm:
            groups[one.environment].append(one)
    else:
        starts = sorted({one.wave for one in seen if one.cold})
        for one in warm:
            groups[one.environment, bisect(starts, one.wave)].append(one)
    found = []
    for calls in groups.values():
        first = calls[0]
        by_payload = {first.payload: calls}
        if len(payloads) > 1 or not payloads.issuperset(map(attrgetter("payload"), calls)):
            by_payload = {name: [one for one in calls if one.payload == name] for name in payloads}
        found.append(Environment(first.environment, first.cpu_model, first.environment_known, by_payload))
    return found


def _spoilt(seen: Sequence[Invocation]) -> set[int]:
    """Return the identities of calls that may follow a failure that their environment may not have survived.

    Such a call initialises again inside its duration, and says so nowhere. In which order the calls of one wave ran is
    not known. A failure whose environment is not known may have been in any, and a call whose environment is not known
    may follow any failure since all environments were new.
    """
    failed: dict[str, list[int]] = defaultdict(list)  # waves in which a call of the environment failed
    anywhere: list[int] = []
    somewhere: list[int] = []
    warm = {one.wave for one in seen if one.outcome is Outcome.OK and not one.cold}
    for one in seen:
        if one.outcome is not Outcome.OK and not one.survived:
            anywhere.append(one.wave)
            (failed[one.environment] if one.environment_known else somewhere).append(one.wave)
    for waves in (anywhere, somewhere, *failed.values()):
        waves.sort()  # those that were skipped stand at the end of their round
    new = sorted({one.wave for one in seen if one.cold} - warm)
    waves_of: dict[str, tuple[int, int]] = {}  # the last two in which each environment was called
    found = set()
    for one in seen:
        if one.environment_known:
            since, last = waves_of.get(one.environment, (0, 0))
            if one.wave != last:
                since = last
                waves_of[one.environment] = since, one.wave
            follows = _within(somewhere, since, one.wave) or _within(failed[one.environment], since, one.wave)
        else:
            started = bisect(new, one.wave)
            follows = _within(anywhere, new[started - 1] if started else 0, one.wave)
        if follows:
            found.add(id(one))
    return found


def _within(waves: Sequence[int], first: int, last: int) -> bool:
    """Say whether one of these waves, in order, lies between the two, or is one of them."""
    return bisect(waves, last) > bisect_left(waves, first)


def _waiting(seen: Sequence[Invocation], cold: Sequence[Invocation]) -> int:
    """Count the environments of the last cold wave, unless a later wave met them warm."""
    if not cold:
        return 0
    started = cold[-1].wave
    for one in reversed(seen):
        if one.wave == started:
            break
        if not one.cold and one.outcome is not Outcome.DISCARDED:
            return 0
    return sum(one.wave == started for one in cold)


def _lanes(seen: Sequence[Invocation]) -> int:
    last = next((one.wave for one in reversed(seen) if one.outcome is not Outcome.DISCARDED), None)
    return len(list(takewhile(lambda one: one.wave == last, reversed(seen))))


def _failure(seen: Sequence[Invocation], broken: Sequence[Invocation], *, at_once: bool) -> tuple[Status, str]:
    """Return what a Variant is given up for: failures that go with its size, or more of them than chance brings."""
    for payload in dict.fromkeys(one.payload for one in broken):
        these = [one for one in broken if one.payload == payload]
        tried = sum(one.payload == payload and one.outcome is not Outcome.DISCARDED for one in seen)
        if len(these) < _CONFIRMED or len(these) <= tried / 2:
            continue
        outcome = Counter(one.outcome for one in these).most_common(1)[0][0]
        if at_once or outcome in _WITH_THE_SIZE or _by_chance(len(these), tried) < _SURELY:
            words = _most_frequent([one for one in these if one.outcome is outcome]) or str(outcome)
            where = "" if all(one.payload == payload for one in seen) else f" with payload {payload}"
            return _STATUS[outcome], f"{len(these)} of {tried} invocations{where}: {words}"
    return Status.MEASURED, ""


def _by_chance(failed: int, tried: int) -> float:
    """Return how likely so many failures, or more, are of a function that fails by chance (binomial)."""
    return sum(
        comb(tried, count) * _FLAKY**count * (1 - _FLAKY) ** (tried - count) for count in range(failed, tried + 1)
    )


def _most_frequent(broken: Sequence[Invocation]) -> str:
    """Return the reason that most failures have, in the words of the first of them: messages differ, kinds do not."""
    kinds = Counter(one.error_type or one.reason for one in broken)
    kind = kinds.most_common(1)[0][0] if kinds else ""
    return next((one.reason for one in broken if (one.error_type or one.reason) == kind and one.reason), "")
