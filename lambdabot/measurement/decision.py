"""What to invoke next, given what was seen: the one question that the pipeline asks."""

import random
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from operator import attrgetter

from lambdabot.measurement import gate, sweep
from lambdabot.measurement.budget import Allowance
from lambdabot.measurement.first_calls import first_calls
from lambdabot.measurement.plan import Plan, calls_of
from lambdabot.measurement.reliability import doubtful_sizes
from lambdabot.measurement.samples import Cell
from lambdabot.model import Invocation, Round, Side, Stop, Variant, Wave

_LONG_MS = 2000  # a call that lasts so long evens out by itself what slows a machine down for moments
_LONG_CALLS = 2


def next_step(plan: Plan, seen: Sequence[Invocation]) -> Round | Stop:
    """Return the next waves, or Stop and why; the same for the same plan and the same invocations.

    What is compared comes first: where head fails every time, nothing else is measured. Every Variant starts with a
    cold wave. Each batch after that is a cold wave on fresh environments and warm waves of every payload to the same
    environments. Waves of all Variants, and of base and head, are shuffled among one another. A wave may name a Variant
    that is not live yet: a size between those of the plan.
    """
    known = gate.known(plan, seen)
    compared = gate.compared(plan, known, seen)
    standing = gate.standing(plan, compared)
    start = first_calls(plan, {**known, **compared})
    wanted = {} if start.hopeless else dict(sweep.wanted(plan, known))
    known |= {added: Cell(variant=added) for added in wanted.keys() - known.keys()}
    if standing.wanted and plan.pair and not any(compared[variant].exhausted for variant in plan.pair):
        for variant in plan.pair:
            wanted[variant] = max(wanted.get(variant, 0), standing.since[variant] + standing.wanted)
    met = {**known, **compared}
    calls = {variant: standing.calls for variant in plan.pair or () if standing.calls}
    if not wanted and not start.hopeless:
        calls = {**doubtful_sizes(plan, known), **calls}
    if start.calls:
        # Nothing else until it is known that the function works at all.
        wanted = {one: wanted.get(one, 1) for one in start.calls if not met[one].invocations}
        calls = dict(start.calls)
    wanted = {variant: count for variant, count in wanted.items() if not met[variant].exhausted}
    calls = {variant: count for variant, count in calls.items() if _may_answer(met[variant], count)}
    if not wanted and not calls:
        return Stop(reason=_hopeless(met) if start.hopeless else _done(known))
    number = max(map(attrgetter("round"), seen), default=0) + 1
    generator = random.Random(f"{plan.seed}/{plan.function}/{number}")  # noqa: S311  # an order, no secret
    queues = []
    for variant in dict.fromkeys((*wanted, *calls)):
        waves = _waves(plan, met[variant], wanted[variant], generator) if variant in wanted else []
        queues.append([*waves, *_more_calls(plan, met[variant], calls.get(variant, 0), waves, generator)])
    generator.shuffle(queues)
    allowance = Allowance(plan, known, max(map(attrgetter("at_seconds"), seen), default=0.0))
    waves = [wave for turn in _turns(queues, generator) for wave in turn if allowance.take(wave)]
    for variant in allowance.refused:
        waves = _without_half(plan, variant, waves)
    if not waves:
        return Stop(reason=allowance.refusal)
    return Round(number=number, waves=tuple(waves))


def _waves(plan: Plan, cell: Cell, wanted: int, generator: random.Random) -> list[Wave]:
    """Return the waves that bring a Variant to so many environments, in their order."""
    if not cell.invocations and not cell.waiting:
        return [_cold(plan, cell.variant, min(wanted, plan.concurrency), fresh=False)]
    waves: list[Wave] = []
    missing = wanted - len(cell.environments)
    if cell.waiting:
        waves += _warm(plan, cell, cell.waiting, generator)
        missing -= cell.waiting
    while missing > 0:
        concurrency = min(missing, plan.concurrency)
        waves += [_cold(plan, cell.variant, concurrency, fresh=True)]
        waves += _warm(plan, cell, concurrency, generator)
        missing -= concurrency
    return waves


def _more_calls(plan: Plan, cell: Cell, calls: int, waves: Sequence[Wave], generator: random.Random) -> list[Wave]:
    """Return waves that bring a Variant to so many answered calls, after those that are planned for it."""
    missing = calls - cell.failures.answered - sum(wave.concurrency for wave in waves)
    lanes = max(1, min(plan.concurrency, waves[-1].concurrency if waves else cell.lanes))
    names = list(plan.gate_weights if cell.variant in (plan.pair or ()) else plan.weights)
    more = []
    while missing > 0:
        concurrency = min(lanes, missing)
        more.append(Wave(variant=cell.variant, payload=generator.choice(names), concurrency=concurrency))
        missing -= concurrency
    return more


def _may_answer(cell: Cell, calls: int) -> bool:
    """Tell whether it is worth asking for so many answers: where half of the calls give none, no more of them will."""
    return cell.failures.answered < calls and cell.invocations < 2 * calls


def _cold(plan: Plan, variant: Variant, concurrency: int, *, fresh: bool) -> Wave:
    return Wave(variant=variant, payload=plan.usual_payload(variant), concurrency=concurrency, fresh=fresh)


def _warm(plan: Plan, cell: Cell, concurrency: int, generator: random.Random) -> list[Wave]:
    variant = cell.variant
    calls = plan.noise(variant.configuration.memory_mb).calls
    if plan.waiting_counted and cell.longest_ms > _LONG_MS:
        calls = _LONG_CALLS
    wanted = {payload.name: calls_of(payload, calls) for payload in plan.called_with(variant)}
    names = [name for turn in range(max(wanted.values())) for name, count in wanted.items() if turn < count]
    generator.shuffle(names)
    return [Wave(variant=variant, payload=name, concurrency=concurrency) for name in names]


def _without_half(plan: Plan, variant: Variant, waves: Sequence[Wave]) -> list[Wave]:
    """Leave out a Variant's last environments where they get no warm call of every payload, and count for nothing."""
    begins = max((place for place, wave in enumerate(waves) if wave.variant == variant and wave.fresh), default=0)
    warm = {wave.payload for wave in waves[begins:] if wave.variant == variant and not wave.fresh}
    return [
        wave
        for place, wave in enumerate(waves)
        if wave.variant != variant or place < begins or warm == {payload.name for payload in plan.called_with(variant)}
    ]


def _turns(queues: Sequence[Sequence[Wave]], generator: random.Random) -> list[list[Wave]]:
    """Let every queue advance by one wave a turn, in another order each turn."""
    turns = [[wave for wave in turn if wave is not None] for turn in zip_longest(*queues)]
    for turn in turns:
        generator.shuffle(turn)
    return turns


def _hopeless(met: Mapping[Variant, Cell]) -> str:
    tried = [one for one in met.values() if one.variant.side is Side.HEAD and one.failures.failed]
    where = " and ".join(f"{one.failures} at {one.variant.configuration}" for one in tried)
    return f"every first call failed ({where}), so nothing else was measured"


def _done(known: Mapping[Variant, Cell]) -> str:
    if not known:
        return "nothing is deployed"
    if not any(cell.open for cell in known.values()):
        return "every Variant failed"
    if any(cell.exhausted for cell in known.values()):
        return "no more fresh environments are to be had"
    return "decided"
