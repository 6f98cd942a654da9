import json
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from statistics import fmean, stdev

import numpy as np
import pytest

from lambdabot.measurement.interval import located
from lambdabot.measurement.noise import prior
from lambdabot.measurement.student import quantile
from lambdabot.model import Architecture, Configuration, Drawn, Form, Payload, Side, Variant, Wave
from lambdabot.pipeline.event_series import EventSeries

BASE, HEAD, LARGE = (
    Variant(side=side, configuration=Configuration(memory_mb=memory, architecture=Architecture.X86_64))
    for side, memory in ((Side.BASE, 512), (Side.HEAD, 512), (Side.HEAD, 1024))
)
PLAIN = Payload(name="plain", body=b'["{{uuid}}", "{{counter}}", "{{random 1 1000000}}"]', weight=Decimal(1))
LIST = Payload(
    name="list", body=b"", weight=Decimal(1), form=Form.LINES, events=(Drawn(b"10", 9), Drawn(b'"{{counter}}"', 1))
)


def series(*payloads: Payload, seed: int = 1) -> EventSeries:
    return EventSeries(payloads, seed=seed, function="pay", began=datetime(2026, 3, 1, tzinfo=UTC))


def wave(variant: Variant, concurrency: int, *, payload: str = "plain", fresh: bool = False) -> Wave:
    return Wave(variant=variant, payload=payload, concurrency=concurrency, fresh=fresh)


@pytest.fixture
def called():
    """Return the events of waves, each Variant's warm ones apart, in their order."""

    def of(events: EventSeries, *waves: Wave) -> dict[Variant, list[object]]:
        found: dict[Variant, list[object]] = {}
        for one in waves:
            is_cold = events.is_cold(one)
            numbers = events.numbers(one)
            if not is_cold:
                found.setdefault(one.variant, []).extend(
                    json.loads(events.event(one.payload, number, str(one.variant))) for number in numbers
                )
        return found

    return of


def test_warm_calls_of_a_number_are_alike_whatever_the_order_and_the_number_of_environments(called):
    found = called(
        series(PLAIN),
        wave(HEAD, 3),
        wave(BASE, 1),
        wave(LARGE, 2),
        wave(HEAD, 3),
        wave(BASE, 1),
        wave(BASE, 2, fresh=True),
        wave(BASE, 2),
        wave(LARGE, 3),
    )

    assert found[HEAD] == found[BASE] == found[LARGE]


def test_no_two_calls_to_a_copy_are_the_same():
    events, seen = series(PLAIN, LIST), []
    for one in (wave(HEAD, 3), wave(HEAD, 3), wave(HEAD, 3, payload="list"), wave(HEAD, 2, fresh=True), wave(HEAD, 2)):
        seen += events.numbers(one)

    assert len(seen) == len(set(seen)) == 13


def test_the_seed_and_the_payload_decide_what_is_drawn():
    def first(payload: str, seed: int = 1) -> bytes:
        return series(PLAIN, Payload(name="other", body=PLAIN.body, weight=Decimal(1)), seed=seed).event(
            payload, 0, "c"
        )

    assert first("plain") == first("plain")
    assert len({first("plain"), first("plain", seed=2), first("other")}) == 3


def test_events_of_a_list_are_drawn_by_their_counts_and_rendered():
    drawn = Counter(series(LIST).event("list", 2 * number, "c") for number in range(4_000))

    assert abs(drawn[b"10"] - 3_600) < 10
    assert len(drawn) == 4_001 - drawn[b"10"]  # every counter is another one


@pytest.mark.parametrize("seed", range(20))
def test_every_stretch_of_calls_has_each_event_by_its_share(seed):
    events = series(LIST, seed=seed)
    rare = [events.event("list", 2 * number + 1, "c") != b"10" for number in range(1_000)]

    assert {sum(rare[begin : begin + 20]) for begin in range(980)} <= {1, 2, 3}


def test_the_mean_over_drawn_events_is_their_mean():
    """Durations that are the event itself, 10 at nine of ten calls and 1,000 at one: an unbiased mean is 109."""
    events = (Drawn(b"10", 9), Drawn(b"1000", 1))
    payload = Payload(name="list", body=b"", weight=Decimal(1), form=Form.LINES, events=events)
    means = [
        fmean(int(series(payload, seed=seed).event("list", 2 * number + 1, "c")) for number in range(40))
        for seed in range(400)
    ]

    assert abs(fmean(means) - 109) < 4 * stdev(means) / len(means) ** 0.5
    assert max(map(abs, (one - 109 for one in means))) < 60  # independent draws would be as far off as 150


def test_the_interval_of_a_lists_mean_holds_with_few_environments():
    """Every tenth event takes a hundred times as long; six environments, two at a time, serve four calls each."""
    events = (Drawn(b"10", 9), Drawn(b"1000", 1))
    payload = Payload(name="list", body=b"", weight=Decimal(1), form=Form.LINES, events=events)
    held = 0
    for seed in range(200):
        drawn = series(payload, seed=seed)
        times = [int(drawn.event("list", 2 * index + 1, "c")) for index in range(24)]
        of_environments = [times[first : first + 8 : 2] for block in (0, 8, 16) for first in (block, block + 1)]
        means = np.array([fmean(one) for one in of_environments])
        value, error, degrees = located(means, prior(512, local=True).variance(4))
        held += abs(float(value) - 109) <= float(quantile(0.005, float(degrees)) * error)

    assert held >= 194  # 99 % of them, and three standard deviations less


def test_what_goes_before_a_call_has_the_calls_own_placeholders():
    events = series(PLAIN)
    assert (
        json.loads(events.around(b'{"id": "{{uuid}}"}', "plain", 7, "c"))["id"]
        == json.loads(events.event("plain", 7, "c"))[0]
    )


def test_a_recorded_event_is_sent_as_it_is():
    recorded = Payload(name="real", body=b"", weight=Decimal(1), form=Form.SAMPLE, events=(Drawn(b'"{{uuid}}"', 1),))
    assert series(recorded).event("real", 0, "c") == b'"{{uuid}}"'
