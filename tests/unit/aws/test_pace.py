from threading import Event

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdabot.aws.calls.pace import Pace


class Clock:
    """Time that passes only by waiting."""

    def __init__(self):
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> bool:
        self.now += seconds
        return False


@given(st.lists(st.floats(0, 0.5), min_size=1, max_size=60))
def test_no_second_sees_more_than_burst_and_rate_together(gaps):
    clock = Clock()
    pace = Pace(per_second=10, burst=5, clock=clock)
    sent = []
    for gap in gaps:
        clock.now += gap
        pace.wait(clock)
        sent.append(clock.now)
    assert all(sum(start <= moment < start + 1 for moment in sent) <= 15 for start in sent)


def test_a_burst_goes_at_once_and_the_rest_at_the_rate():
    clock = Clock()
    pace = Pace(per_second=10, burst=5, clock=clock)
    for _ in range(5):
        pace.wait(clock)
    assert clock.now == 0
    for _ in range(10):
        pace.wait(clock)
    assert abs(clock.now - 1) < 1e-6


def test_nobody_waits_once_the_run_ends():
    stop = Event()
    stop.set()
    pace = Pace(per_second=0.001, burst=1)
    pace.wait(stop)
    pace.wait(stop)


def test_a_refusal_halves_the_rate_and_it_grows_back():
    now = [0.0]
    pace = Pace(per_second=8, burst=2, clock=lambda: now[0])
    pace.slow_down()
    pace.slow_down()  # of the same moment
    assert pace._take() == pytest.approx(1 / 4)
    now[0] = 2.0  # four a second, and one more each second
    assert [pace._take() for _ in range(2)] == [0.0, 0.0]
    assert pace._take() == pytest.approx(1 / 6)
    now[0] = 60.0
    pace._take(), pace._take()
    assert pace._take() == pytest.approx(1 / 8)


def test_it_never_stops():
    now = [0.0]
    pace = Pace(per_second=8, burst=2, clock=lambda: now[0])
    for second in range(20):
        now[0] = 1.0 * second
        pace.slow_down()
    assert pace._take() <= 1.0
