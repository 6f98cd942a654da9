import pytest

from lambdabot.measurement.cold_start import cold_start


def test_one_cold_start_has_no_interval():
    assert cold_start([150.0]) is None
    assert cold_start([]) is None


def test_the_interval_surrounds_the_mean_and_narrows_with_more_samples():
    few, many = cold_start([100.0, 140.0, 180.0]), cold_start([100.0, 140.0, 180.0] * 10)
    assert few.low < many.low < 140 < many.high < few.high
    assert few.confidence == 0.99


def test_two_that_agree_by_luck_do_not_pass_for_certainty():
    found = cold_start([150.0, 150.0])
    assert found.high - found.low > 0.5 * 150


def test_it_never_falls_below_zero():
    assert cold_start([1.0, 900.0]).low == 0


def test_it_scales_with_the_times():
    small, large = cold_start([10.0, 12.0, 11.0]), cold_start([1000.0, 1200.0, 1100.0])
    assert large.high == pytest.approx(100 * small.high)
