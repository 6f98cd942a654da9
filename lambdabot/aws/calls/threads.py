"""Threads for calls that wait on the network, which must never keep the process alive.

`concurrent.futures` joins its threads when the interpreter ends: one invocation that hangs would hold back the exit
after a signal by as long as its read timeout. Starting a thread costs some 50 µs, a fiftieth of the call it makes.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import Future
from threading import Thread
from typing import TypeVar

T = TypeVar("T")


def start(call: Callable[[], T]) -> Future[T]:
    """Run `call` in a daemon thread; the future holds its value or its exception."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(call())
        except BaseException as error:  # noqa: BLE001 - it is raised again where the result is asked for
            future.set_exception(error)

    Thread(target=run, daemon=True).start()
    return future


def run_all(calls: Iterable[Callable[[], T]]) -> list[T]:
    """Run all calls at once and return their values in order; the first exception in that order is raised."""
    futures = [start(call) for call in calls]
    return [future.result() for future in futures]
