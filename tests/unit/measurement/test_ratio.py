import numpy as np
import pytest
from scipy import stats

from lambdabot.measurement.interval import Mean
from lambdabot.measurement.ratio import ratio, ratio_of_means


def costs(generator, count, factor=1.0, spread=0.04):
    return factor * np.exp(generator.normal(0, spread, count))


def test_within_cpu_models_luck_with_hosts_cancels() -> None:
    generator = np.random.default_rng(1)
    fast, slow = np.array([1.0, 1.5])
    base_models, head_models = np.array([0] * 8 + [1] * 2), np.array([0] * 2 + [1] * 8)
    base = costs(generator, 10) * np.where(base_models, slow, fast)
    head = costs(generator, 10, 1.05) * np.where(head_models, slow, fast)
    found = ratio(base, head, (base_models, head_models), 0.002)
    assert float(np.exp(found.log_value)) == pytest.approx(1.05, abs=0.05)
    low, high = found.bounds(0.005)
    assert low < 1.05 < high
    assert high - low < 0.25
    assert head.mean() / base.mean() > 1.3  # what a plain ratio would have said


def test_without_cpu_models_the_shift_is_hodges_and_lehmanns() -> None:
    generator = np.random.default_rng(2)
    base, head = costs(generator, 20, 1.0, 0.2), costs(generator, 20, 1.2, 0.2)
    found = ratio(base, head, None, 0.02)
    pairs = np.sort((np.log(head)[:, None] - np.log(base)).ravel())
    assert float(found.log_value) == pytest.approx(float(np.median(pairs)))
    low, high = (float(one) for one in found.bounds(0.005))
    # The bounds are where Mann and Whitney's test turns.
    for bound, side in ((low, "greater"), (high, "less")):
        inner = stats.mannwhitneyu(
            head, base * bound * (0.999 if side == "greater" else 1.001), alternative=side, method="exact"
        )
        outer = stats.mannwhitneyu(
            head, base * bound * (1.001 if side == "greater" else 0.999), alternative=side, method="exact"
        )
        assert inner.pvalue <= 0.005 < outer.pvalue


def test_a_change_that_is_no_shift_is_judged_by_means() -> None:
    generator = np.random.default_rng(3)
    base, head = costs(generator, 40), costs(generator, 40)
    head[:6] *= 20  # now and then very slow
    found = ratio(base, head, None, 0.02)
    assert not found.alike
    assert float(np.exp(found.log_value)) == pytest.approx(head.mean() / base.mean())
    assert found.bounds(0.0075)[1] > 1.1


def test_too_few_for_ranks_fall_back_on_means() -> None:
    generator = np.random.default_rng(4)
    found = ratio(costs(generator, 3), costs(generator, 3, 2.0), None, 0.02)
    low, high = found.bounds(0.01)
    assert low < 2 < high


def test_no_cpu_model_in_common_says_nothing() -> None:
    generator = np.random.default_rng(5)
    models = np.zeros(5, dtype=np.int64), np.ones(5, dtype=np.int64)
    low, high = ratio(costs(generator, 5), costs(generator, 5), models, 0.002).bounds(0.01)
    assert low < 1e-20
    assert high > 1e20


def test_trials_are_judged_one_by_one() -> None:
    generator = np.random.default_rng(6)
    base, head = costs(generator, (7, 10)), costs(generator, (7, 10), 1.1)
    models = generator.integers(0, 2, (7, 10)), generator.integers(0, 2, (7, 10))
    for known in (models, None):
        together = ratio(base, head, known, 0.002).bounds(0.01)
        alone = ratio(base[3], head[3], (models[0][3], models[1][3]) if known else None, 0.002).bounds(0.01)
        assert [one[3] for one in together] == pytest.approx(list(alone))


def test_means_are_compared_by_the_delta_method() -> None:
    base, head = (
        Mean(value=value, standard_error=value / 10, degrees=8, environments=5, invocations=9) for value in (2.0, 3.0)
    )
    found = ratio_of_means(base, head)
    assert float(np.exp(found.log_value)) == pytest.approx(1.5)
    assert float(found.standard_error) == pytest.approx(np.sqrt(0.02))
    assert float(found.degrees) == pytest.approx(16)
