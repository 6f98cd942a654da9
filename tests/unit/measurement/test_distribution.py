from dataclasses import replace
from math import comb, inf

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdabot.measurement.distribution import Distribution, distribution, ranks
from lambdabot.measurement.samples import cells


def drawn(values, *, environments: int | None = None) -> Distribution:
    values = np.array(values, dtype=np.float64)
    return Distribution(
        values=values,
        shares=np.ones(len(values)),
        payloads=np.zeros(len(values), dtype=np.int64),
        environments=environments or len(values),
    )


def test_the_bounds_are_those_of_the_binomial_distribution():
    # Of 40 draws, 33 or fewer lie below the 95th percentile in 0.34 % of samples, 34 or fewer in 1.4 %.
    assert ranks(40, 0.95, 0.005) == (34, 0)
    # All of 104 lie below it in 0.48 % of samples, all of 103 in 0.507 %.
    assert (ranks(103, 0.95, 0.005)[1], ranks(104, 0.95, 0.005)[1]) == (0, 104)


@given(st.integers(1, 200), st.sampled_from([0.5, 0.95, 0.99]))
def test_no_bound_is_wrong_more_often_than_it_may(draws, share):
    low, high = ranks(draws, share, 0.005)
    chances = [comb(draws, one) * share**one * (1 - share) ** (draws - one) for one in range(draws + 1)]
    assert sum(chances[:low]) <= 0.005 < sum(chances[: low + 1])
    if high:
        assert sum(chances[high:]) <= 0.005 < sum(chances[high - 1 :])
    else:
        assert chances[draws] > 0.005


def test_a_percentile_may_lie_beyond_all_that_was_seen():
    found = drawn(range(1, 41))
    assert found.percentile(0.95) == 38
    assert (found.interval(0.95).low, found.interval(0.95).high) == (34, inf)


def test_many_environments_bound_it_above():
    found = drawn(range(1, 201)).interval(0.95)
    assert found.low < 190 < found.high <= 200


def test_too_few_samples_give_neither_a_percentile_nor_an_interval():
    few = drawn(range(19))
    assert (few.percentile(0.95), few.interval(0.95)) == (None, None)


def test_more_calls_of_the_same_environments_make_nothing_narrower():
    once, often = drawn(range(1, 121)), drawn(np.repeat(range(1, 121), 10), environments=120)
    assert often.interval(0.95) == once.interval(0.95)


def test_a_rare_slow_payload_is_not_mistaken_for_chance():
    usual, slow = np.linspace(9, 11, 20), np.linspace(190, 210, 20)
    mixed = Distribution(
        values=np.concatenate([usual, slow]),
        shares=np.repeat([0.9, 0.1], 20),
        payloads=np.repeat([0, 1], 20),
        environments=20,
    )
    assert 190 <= mixed.interval(0.95).low < mixed.percentile(0.95) < mixed.interval(0.95).high <= 210


def test_a_cells_calls_are_weighed_by_payload(sweeping, invoked, head):
    plan = sweeping()
    payloads = tuple(
        replace(plan.payloads[0], name=name, weight=weight) for name, weight in (("usual", 9), ("rare", 1))
    )
    seen = [
        invoked(environment=str(place), payload=name, duration_ms=duration)
        for place in range(3)
        for name, duration in (("usual", 10.0), ("usual", 20.0), ("rare", 100.0))
    ]
    plan = replace(plan, payloads=payloads)
    found = distribution(plan, cells([head], plan.weights, seen)[head])
    assert found.mean == pytest.approx(0.9 * 15 + 0.1 * 100)
    assert (found.environments, list(found.payloads[:3])) == (3, [0, 0, 1])
