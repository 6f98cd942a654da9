"""The event of every call: the same one for the calls of the same number to both sides and to every size."""

from bisect import bisect
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from itertools import accumulate
from math import sqrt
from random import Random

from lambdabot.model import Form, Payload, Variant, Wave
from lambdabot.model.placeholders import Call, EventTemplate

_GOLDEN = (sqrt(5) - 1) / 2


class EventSeries:
    """Numbers the calls of one function's measurement, and renders their events.

    Cold and warm calls of a Variant are counted apart, for each payload, so that the warm call of a number gets the
    same event whatever the order of the waves, and however many environments another Variant needed.
    """

    def __init__(self, payloads: Sequence[Payload], *, seed: int, function: str, began: datetime) -> None:
        """Keep the payloads, each called something else; `began` is the moment that `{{now}}` counts from."""
        self._payloads = {one.name: one for one in payloads}
        self._places = {name: place for place, name in enumerate(self._payloads)}
        self._sums = {name: list(accumulate(each.count for each in one.events)) for name, one in self._payloads.items()}
        self._key = f"{seed}/{function}"
        self._began = began
        self._called: set[Variant] = set()
        self._counts: Counter[tuple[Variant, str, bool]] = Counter()
        self._template = cache(EventTemplate.read)

    def is_cold(self, wave: Wave) -> bool:
        """Tell whether a wave that is next meets new environments: its Variant's first, or one on fresh ones."""
        return wave.fresh or wave.variant not in self._called

    def numbers(self, wave: Wave) -> tuple[int, ...]:
        """Count the calls of a wave that is run, and return their numbers, which no other call to its Variant has."""
        cold = self.is_cold(wave)
        self._called.add(wave.variant)
        counted = (wave.variant, wave.payload, cold)
        first = self._counts[counted]
        self._counts[counted] += wave.concurrency
        step, place = 2 * len(self._payloads), 2 * self._places[wave.payload] + (not cold)
        return tuple(step * index + place for index in range(first, first + wave.concurrency))

    def event(self, payload: str, number: int, copy: str) -> bytes:
        """Return the event of one call of a payload to the copy of that name."""
        one = self._payloads[payload]
        body = self._drawn(one, number) if one.events else one.body
        return body if one.form is Form.SAMPLE else self._template(body).rendered(self._call(payload, number, copy))

    def around(self, body: bytes, payload: str, number: int, copy: str) -> bytes:
        """Return an event that goes before or after a call: its placeholders are the call's."""
        return self._template(body).rendered(self._call(payload, number, copy))

    def _drawn(self, payload: Payload, number: int) -> bytes:
        """Return the event of a list that a call gets.

        Each has its share of every stretch of calls, as far as it divides, from a start that the seed draws: a
        Kronecker sequence by the golden ratio (Niederreiter, Random Number Generation and Quasi-Monte Carlo Methods,
        section 3.1). Independent draws would leave a rare event out of a few calls, or give one side more of them.
        """
        index, rest = divmod(number, 2 * len(self._payloads))
        start = Random(f"{self._key}/{payload.name}/{rest}").random()  # noqa: S311  # to be drawn again, no secret
        sums = self._sums[payload.name]
        return payload.events[bisect(sums, (start + index * _GOLDEN) % 1 * sums[-1])].body

    def _call(self, payload: str, number: int, copy: str) -> Call:
        return Call(key=f"{self._key}/{payload}", number=number, began=self._began, copy=copy)
