"""What was seen of each Variant: warm samples by execution environment, cold starts, failures."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from lambdabot.model import Invocation, Outcome, Status, Variant

_STATUS = {
    Outcome.ERROR: Status.ERROR,
    Outcome.TIMEOUT: Status.TIMEOUT,
    Outcome.OUT_OF_MEMORY: Status.OUT_OF_MEMORY,
}
_CONFIRMED = 2  # one failure may be an accident
_PATIENCE = 3  # rounds in a row without one usable warm sample


@dataclass(frozen=True, slots=True)
class Environment:
    """One execution environment and its warm samples by payload; `round` is the one that first used it."""

    name: str
    round: int
    cpu_model: str | None = None
    known: bool = True
    billed_ms: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    duration_ms: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """All that was seen of one Variant.

    `environments` are those with warm samples of every payload, in the order of their first use; `waiting` counts those
    that were started and have no warm sample yet.
    """

    variant: Variant
    status: Status
    reason: str
    environments: tuple[Environment, ...]
    waiting: int
    invocations: int
    inits_ms: tuple[float, ...]
    max_memory_used_mb: int | None

    @property
    def open(self) -> bool:
        """True when it is worth invoking again."""
        return self.status is Status.MEASURED


def cells(variants: Iterable[Variant], payloads: Iterable[str], seen: Sequence[Invocation]) -> dict[Variant, Cell]:
    """Return a Cell for every Variant, in the order given."""
    by_variant: Mapping[Variant, list[Invocation]] = defaultdict(list)
    for invocation in seen:
        by_variant[invocation.variant].append(invocation)
    names = frozenset(payloads)
    return {variant: _cell(variant, names, by_variant.get(variant, [])) for variant in variants}


def _cell(variant: Variant, payloads: frozenset[str], seen: Sequence[Invocation]) -> Cell:
    environments, waiting = _environments(seen)
    complete = tuple(one for one in environments if payloads <= one.billed_ms.keys())
    status, reason = _status(seen, rounds_used={one.round for one in complete})
    memory = [one.max_memory_used_mb for one in seen if one.max_memory_used_mb is not None]
    return Cell(
        variant=variant,
        status=status,
        reason=reason,
        environments=complete,
        waiting=waiting,
        invocations=sum(one.outcome is not Outcome.DISCARDED for one in seen),
        inits_ms=tuple(one.init_ms for one in seen if one.init_ms is not None and one.outcome is Outcome.OK),
        max_memory_used_mb=max(memory, default=None),
    )


def _environments(seen: Sequence[Invocation]) -> tuple[list[Environment], int]:
    """Group the warm samples; also count the environments of the last cold wave that are still to be used."""
    found: dict[tuple[int, str], Environment] = {}
    spoilt: set[tuple[int, str]] = set()
    generation, last_wave, started = 0, -1, 0
    for one in seen:
        if one.cold and one.wave != last_wave:
            # Lanes are numbered anew in every wave: after a cold start the same lane is another environment.
            generation, started = generation + 1, 0
        last_wave = one.wave
        key = (0 if one.environment_known else generation, one.environment)
        environment = found.setdefault(
            key, Environment(one.environment, one.round, one.cpu_model, one.environment_known)
        )
        if one.outcome is Outcome.DISCARDED:
            continue
        if one.cold:
            started += 1
        elif one.outcome is Outcome.OK and key not in spoilt and one.duration_ms is not None:
            environment.duration_ms[one.payload].append(one.duration_ms)
            billed = one.duration_ms if one.billed_ms is None else float(one.billed_ms)
            environment.billed_ms[one.payload].append(billed)
            started = 0
        # After a failure the next call initialises again inside its duration, and says so nowhere.
        if one.outcome is Outcome.OK:
            spoilt.discard(key)
        else:
            spoilt.add(key)
    return list(found.values()), started


def _status(seen: Sequence[Invocation], *, rounds_used: set[int]) -> tuple[Status, str]:
    by_payload: Mapping[str, list[Invocation]] = defaultdict(list)
    for one in seen:
        if one.outcome is not Outcome.DISCARDED:
            by_payload[one.payload].append(one)
    for payload, invocations in by_payload.items():
        failed = [one for one in invocations if one.outcome is not Outcome.OK]
        if len(failed) >= _CONFIRMED and len(failed) > len(invocations) / 2:
            outcome = Counter(one.outcome for one in failed).most_common(1)[0][0]
            words = next((one.reason for one in failed if one.outcome is outcome and one.reason), str(outcome))
            where = f" with payload {payload}" if len(by_payload) > 1 else ""
            return _STATUS[outcome], f"{len(failed)} of {len(invocations)} invocations{where}: {words}"
    tried = sorted({one.round for one in seen})[-_PATIENCE:]
    if len(tried) == _PATIENCE and not any(round_ in rounds_used for round_ in tried):
        recent = [one for one in seen if one.round in tried]
        if not any(one.outcome is Outcome.OK and not one.cold for one in recent):
            words = next((one.reason for one in reversed(recent) if one.reason), "every call met a cold environment")
            return Status.NOT_MEASURED, f"no warm result in {_PATIENCE} rounds: {words}"
    return Status.MEASURED, ""
