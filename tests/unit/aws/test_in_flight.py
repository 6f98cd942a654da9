import threading

import pytest

from lambdabot.aws.calls.in_flight import InFlight
from lambdabot.aws.calls.retry import StoppedError

NEVER = threading.Event()


def crowd(in_flight: InFlight, size: int) -> tuple[threading.Semaphore, threading.Event, list[threading.Thread]]:
    """Let so many try to come in; return a count of those who did, and what lets them go."""
    inside, go = threading.Semaphore(0), threading.Event()

    def stay() -> None:
        with in_flight.slot(NEVER):
            inside.release()
            go.wait(30)

    threads = [threading.Thread(target=stay) for _ in range(size)]
    for thread in threads:
        thread.start()
    return inside, go, threads


def count(inside: threading.Semaphore, most: int) -> int:
    """Count who is inside, once no more come."""
    return sum(inside.acquire(timeout=5 if number == 0 else 0.3) for number in range(most))


def test_without_a_refusal_all_are_let_in():
    in_flight = InFlight()
    inside, go, threads = crowd(in_flight, 20)
    assert count(inside, 20) == 20
    assert not in_flight.wait(0)
    go.set()
    assert in_flight.wait(30)
    for thread in threads:
        thread.join()


def test_a_refusal_halves_the_room_once_for_all_that_come_at_the_same_time():
    now = [0.0]
    in_flight = InFlight(clock=lambda: now[0])
    inside, go, threads = crowd(in_flight, 8)
    assert count(inside, 8) == 8
    in_flight.narrow()
    in_flight.narrow()
    go.set()
    for thread in threads:
        thread.join()
    inside, go, threads = crowd(in_flight, 8)
    assert count(inside, 8) == 4
    now[0] = 5.0
    in_flight.narrow()  # again, later: half of the four
    go.set()
    for thread in threads:
        thread.join()
    inside, go, threads = crowd(in_flight, 8)
    assert count(inside, 8) == 2
    for _ in range(2):
        in_flight.widen()
    in_flight.widen()
    assert count(inside, 8) == 1  # a third one, after as many as there was room for have passed
    go.set()
    for thread in threads:
        thread.join()


def test_one_is_always_let_in():
    in_flight = InFlight()
    with in_flight.slot(NEVER):
        in_flight.narrow()
    with in_flight.slot(NEVER):
        pass


def test_who_waits_for_room_ends_with_the_run():
    in_flight = InFlight()
    ended = threading.Event()
    with in_flight.slot(NEVER):
        in_flight.narrow()
        ended.set()
        with pytest.raises(StoppedError), in_flight.slot(ended):
            pass
