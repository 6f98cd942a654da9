import threading

import pytest

from lambdabot.errors import EndpointError
from lambdabot.local.worker.admission import Admission


def test_never_hands_out_more_than_there_is_and_keeps_the_order():
    admission = Admission(2)
    first_holds, may_end = threading.Event(), threading.Event()
    order, used, most = [], [0.0], [0.0]
    lock = threading.Lock()

    def work(name, vcpus, wait):
        with admission.hold(vcpus):
            with lock:
                order.append(name)
                used[0] += vcpus
                most[0] = max(most[0], used[0])
            if wait:
                first_holds.set()
                may_end.wait(10)
            with lock:
                used[0] -= vcpus

    threads = [threading.Thread(target=work, args=("first", 1.5, True))]
    threads[0].start()
    first_holds.wait(10)
    for name, vcpus in (("large", 1.0), ("small", 0.25)):  # small would fit, but came later
        threads.append(threading.Thread(target=work, args=(name, vcpus, False)))
        threads[-1].start()
        while len(admission._queue) < len(threads) - 1:
            threading.Event().wait(0.001)
    may_end.set()
    for thread in threads:
        thread.join(10)
    assert order == ["first", "large", "small"]
    assert most[0] <= 2


def test_grants_all_to_what_asks_for_more_than_there_is():
    admission = Admission(1)
    with admission.hold(5):
        assert admission._free == 0
    assert admission._free == 1


def test_lets_those_go_that_gave_up():
    admission = Admission(1)
    stopped, failed = threading.Event(), threading.Event()

    def wait():
        with pytest.raises(EndpointError, match="before its turn"), admission.hold(1, stopped.is_set):
            pass
        failed.set()

    with admission.hold(1):
        thread = threading.Thread(target=wait)
        thread.start()
        stopped.set()
        admission.wake()
        assert failed.wait(10)
        thread.join(10)
    with admission.hold(1):
        assert not admission._queue
