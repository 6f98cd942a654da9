import numpy as np
import pytest

from benchmarks.lambda_simulator.hosts import MIXED, within
from lambdabot.measurement.noise import prior
from lambdabot.measurement.variance import PRIOR_DEGREES, lanes_variance, shrink


def test_little_evidence_stays_near_what_is_known() -> None:
    variance, degrees = shrink(0.03, 0.02, 1)
    assert float(variance) == pytest.approx((PRIOR_DEGREES * 0.02 + 0.03) / (PRIOR_DEGREES + 1))
    assert degrees == PRIOR_DEGREES + 1


def test_much_evidence_wins() -> None:
    variance, _ = shrink(0.04, 0.02, 1000)
    assert float(variance) == pytest.approx(0.04, rel=0.01)


def test_what_the_data_refute_is_not_used() -> None:
    variance, degrees = shrink(0.0001, 0.02, 9)
    assert (float(variance), float(degrees)) == (0.0001, 9)


def test_without_a_single_pair_only_what_is_known_counts() -> None:
    variance, degrees = shrink(0.0, 0.02, 0)
    assert (float(variance), float(degrees)) == (0.02, PRIOR_DEGREES)


@pytest.mark.parametrize("size", [128, 512, 2048])
def test_lanes_show_the_variance_of_environments_that_they_mix(size) -> None:
    generator = np.random.default_rng(3)
    trials, environments, waves = 2000, 10, 4
    _, logs = MIXED.draw(generator, (trials, 1, environments, 1))
    noise = np.exp(generator.normal(0, within(size), (trials, 1, environments, waves)))
    samples = MIXED.effect(logs, size) * noise
    true = samples.mean(axis=-1).var(axis=-1, ddof=1).mean()
    found, _ = lanes_variance(generator.permuted(samples, axis=2), prior(size, local=False))
    mixed = generator.permuted(samples, axis=2).mean(axis=-1).var(axis=-1, ddof=1).mean()
    if size == 2048:  # hardly any difference to find: an estimate that cannot be negative is too large, never too small
        assert true * 0.95 < found.mean() < true * 1.6
    else:
        assert found.mean() == pytest.approx(true, rel=0.12)
        assert mixed < 0.5 * true  # what a plain variance over lanes would have said


def test_lanes_of_one_wave_are_environments() -> None:
    generator = np.random.default_rng(4)
    samples = 1 + 0.15 * generator.standard_normal((500, 1, 8, 1))
    found, degrees = lanes_variance(samples, prior(128, local=False))
    assert found.mean() == pytest.approx(0.0225, rel=0.05)
    assert degrees == pytest.approx(7, rel=0.05)
