import numpy as np
import pytest
from scipy import stats

from lambdabot.measurement.interval import environment_means, located, mean
from lambdabot.measurement.noise import Noise
from lambdabot.measurement.samples import Environment

NOISE = Noise(between=0.14, within=0.03)


@pytest.fixture
def environments(invoked):
    def make(times, *, payload="usual", known=True):
        return [
            Environment(f"e{number}", None, known, {payload: [invoked(billed_ms=time) for time in calls]})
            for number, calls in enumerate(times)
        ]

    return make


def test_every_environment_counts_the_same_whatever_it_served(environments) -> None:
    found = mean(environments([[100, 100, 100, 100], [200]]), {"usual": 1.0}, NOISE)
    assert found.value == 150
    assert (found.environments, found.invocations) == (2, 5)


def test_many_environments_give_the_plain_t_interval(environments) -> None:
    values = np.random.default_rng(1).normal(100, 14, 300)
    low, high = mean(environments([[value] for value in values]), {"usual": 1.0}, NOISE).interval()
    expected = stats.t.interval(0.99, 299, values.mean(), values.std(ddof=1) / np.sqrt(300))
    assert (low, high) == pytest.approx(expected, rel=0.003)


def test_one_environment_has_the_width_that_is_known_of_lambda(environments) -> None:
    found = mean(environments([[100, 102]]), {"usual": 1.0}, NOISE)
    assert found.standard_error == pytest.approx(101 * np.sqrt(0.14**2 + 0.03**2 / 2))
    assert found.interval()[0] > 0


def test_two_that_agree_by_luck_do_not_pass_for_certainty(environments) -> None:
    found = mean(environments([[100], [101]]), {"usual": 1.0}, NOISE)
    assert found.interval()[1] - found.value > 20


def test_payloads_are_combined_by_weight(environments, invoked) -> None:
    both = [
        Environment("a", warm={"usual": [invoked(billed_ms=10)], "rare": [invoked(billed_ms=200)]}),
        Environment("b", warm={"usual": [invoked(billed_ms=20)] * 2, "rare": [invoked(billed_ms=220)]}),
    ]
    weights = {"usual": 0.9, "rare": 0.1}
    assert environment_means(both, weights).tolist() == pytest.approx([29, 40])
    assert mean(both, weights, NOISE).value == pytest.approx(34.5)


def test_lanes_are_wider_than_their_means_look(environments) -> None:
    generator = np.random.default_rng(2)
    speeds = np.exp(generator.normal(0, 0.14, 10))
    waves = np.array([generator.permutation(speeds) for _ in range(4)]).T * 100
    times = waves.tolist()
    lanes = mean(environments(times, known=False), {"usual": 1.0}, NOISE)
    same = mean(environments(times), {"usual": 1.0}, NOISE)
    assert lanes.value == pytest.approx(same.value)
    assert lanes.standard_error > 1.2 * same.standard_error


def test_trials_are_located_one_by_one() -> None:
    values = np.random.default_rng(3).normal(1, 0.1, (5, 8))
    together = located(values, 0.01)
    alone = located(values[2], 0.01)
    assert [float(one[2]) for one in together] == pytest.approx([float(one) for one in alone])
