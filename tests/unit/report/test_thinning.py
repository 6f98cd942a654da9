from hypothesis import given
from hypothesis import strategies as st

from lambdabot.report.thinning import FEWEST, SHOWN_OF_A_VARIANT, ChartSamples, digits, thinned


def line(index=0, **fields):
    known = {
        "function": "thumbnail",
        "side": "head",
        "memory_mb": 512,
        "architecture": "arm64",
        "outcome": "ok",
        "duration_ms": 100.0 + index,
        "init_ms": None,
    }
    return {**known, **fields}


@given(st.lists(st.floats(0.01, 1e6)), st.integers(2, 50))
def test_the_extremes_stay(values, limit):
    shown = thinned(values, limit)

    assert len(shown) == min(len(values), limit)
    assert shown == sorted(shown)
    if values:
        assert [shown[0], shown[-1]] == [digits(min(values)), digits(max(values))]


def test_four_digits_are_more_than_a_chart_shows():
    assert [digits(value) for value in (123456.7, 123.456, 0.123456, 100.0)] == [123500, 123.5, 0.1235, 100]
    assert isinstance(digits(100.0), int)


def test_only_what_went_well_is_drawn_and_cold_starts_apart():
    samples = ChartSamples()
    first = line()
    assert samples.add(first) is first
    samples.add(line(1, init_ms=212.0))
    samples.add(line(2, outcome="timeout", duration_ms=30_000.0))
    samples.add(line(3, duration_ms=None))
    samples.add(line(function="orders"))

    assert samples.of("thumbnail") == [
        {"side": "head", "memory": 512, "architecture": "arm64", "duration": [100, 101], "init": [212]}
    ]
    assert samples.of("unknown") == []


def test_a_page_of_many_functions_shows_fewer_of_each():
    samples = ChartSamples()
    for name in range(5000):
        for index in range(6):
            samples.add(line(index, function=str(name)))
    assert len(samples.of("7")[0]["duration"]) == FEWEST

    few = ChartSamples()
    for index in range(1000):
        few.add(line(index))
    assert len(few.of("thumbnail")[0]["duration"]) == SHOWN_OF_A_VARIANT
