import pytest
from scipy import stats

from lambdabot.measurement.student import quantile


@pytest.mark.parametrize("upper_tail", [0.1, 0.05, 0.005, 0.0001, 0.00002])
@pytest.mark.parametrize("degrees", [2, 2.5, 3, 4, 7.3, 20, 100, 1e4])
def test_agrees_with_scipy(upper_tail: float, degrees: float) -> None:
    assert quantile(upper_tail, degrees) == pytest.approx(stats.t.isf(upper_tail, degrees), rel=1e-3)
    if degrees >= 3:
        assert quantile(upper_tail, degrees) == pytest.approx(stats.t.isf(upper_tail, degrees), rel=2e-5)
