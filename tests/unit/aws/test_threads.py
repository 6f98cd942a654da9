import threading
from functools import partial

import pytest

from lambdabot.aws.calls.threads import run_all, start


def test_values_come_in_the_order_of_the_calls():
    barrier = threading.Barrier(3, timeout=10)

    def call(number: int) -> int:
        barrier.wait()  # passes only when all three run at once
        return number

    assert run_all(partial(call, number) for number in range(3)) == [0, 1, 2]
    assert run_all([]) == []


def test_an_exception_is_raised_where_the_value_is_asked_for():
    def call() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        start(call).result()


def test_a_thread_never_keeps_the_process():
    assert start(lambda: threading.current_thread().daemon).result()
