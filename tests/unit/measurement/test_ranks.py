from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from lambdabot.measurement.ranks import differences, pairs_outside


@pytest.mark.parametrize(("base", "head"), [(3, 4), (5, 5), (2, 6)])
@pytest.mark.parametrize("tail", [0.1, 0.05, 0.01])
def test_pairs_outside_by_counting_every_arrangement(base, head, tail) -> None:
    statistics = [
        sum(rank - place for place, rank in enumerate(ranks)) for ranks in combinations(range(base + head), base)
    ]
    within = [u for u in range(base * head + 1) if np.mean([one <= u for one in statistics]) <= tail]
    assert pairs_outside(base, head, tail) == len(within)


def test_pairs_outside_of_many_agrees_with_the_normal_approximation() -> None:
    expected = 800 - stats.norm.isf(0.0075) * np.sqrt(1600 * 81 / 12)
    assert pairs_outside(40, 40, 0.0075) == pytest.approx(expected, abs=3)


def test_too_few_observations_bound_nothing() -> None:
    assert pairs_outside(3, 3, 0.01) == 0


def test_differences_are_all_pairs_in_order() -> None:
    assert differences(np.array([1.0, 2.0]), np.array([4.0, 1.0])).tolist() == [-1.0, 0.0, 2.0, 3.0]
    assert differences(np.zeros((7, 2)), np.zeros((7, 3))).shape == (7, 6)
