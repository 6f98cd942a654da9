import pytest

from lambdabot.report import numbers
from lambdabot.report.table import bar


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (41.2, "$41.20"),
        (1240.4, "$1,240"),
        (0.123, "$0.12"),
        (0.0182, "$0.018"),
        (0.00021, "$0.00021"),
        (0.0, "$0.00"),
        (-3.5, "−$3.50"),
        (999.99, "$999.99"),
        (0.09, "$0.09"),
        (1e-12, "$0.00"),
    ],
)
def test_dollars(value, text):
    assert numbers.usd(value) == text


@pytest.mark.parametrize(("value", "text"), [(16.4, "$16"), (5.31, "$5.31"), (-212.4, "−$212"), (12345.6, "$12,346")])
def test_whole_dollars(value, text):
    assert numbers.whole_usd(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.832, "0.83 ms"),
        (8.31, "8.3 ms"),
        (83.4, "83 ms"),
        (999.4, "999 ms"),
        (999.6, "1.0 s"),
        (1240, "1.2 s"),
        (83_000, "83 s"),
    ],
)
def test_durations(value, text):
    assert numbers.milliseconds(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(38.2, "+38 %"), (-2.44, "−2.4 %"), (2.0, "+2 %"), (0.01, "0 %"), (-0.01, "0 %"), (1080, "+1,080 %")],
)
def test_changes(value, text):
    assert numbers.signed_percent(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(5_100_000, "5.1 M"), (2_000_000, "2 M"), (320_000, "320 k"), (1240, "1,240"), (0, "0")]
)
def test_counts(value, text):
    assert numbers.count(value) == text


@pytest.mark.parametrize(("value", "text"), [(38.2, "38 s"), (143.2, "2 min 23 s"), (59.7, "1 min 0 s")])
def test_how_long(value, text):
    assert numbers.duration(value) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [(1.0, "██████████"), (0.5, "█████"), (0.53, "█████▎"), (0.001, "▏"), (0.0, ""), (2.0, "██████████")],
)
def test_bars(share, text):
    assert bar(share, 10) == text


@pytest.mark.parametrize(
    ("share", "text"), [(0.99, "99 %"), (0.99984375, "99.98 %"), (0.999999, "99.99 %"), (1, "100 %")]
)
def test_a_confidence_is_never_rounded_up(share, text):
    assert numbers.confidence(share) == text


@pytest.mark.parametrize(("factor", "text"), [(1.15, "1.1"), (2.17, "2.2"), (14.3, "14")])
def test_how_often(factor, text):
    assert numbers.times(factor) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2026-11-23T14:05:12+02:00", "2026-11-23 12:05 UTC"),
        ("2026-11-23T12:05:12Z", "2026-11-23 12:05 UTC"),
    ],
)
def test_a_moment_is_told_in_utc(text, shown):
    assert numbers.moment(text) == shown
