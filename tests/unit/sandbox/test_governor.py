import signal

import pytest

from lambdabot.sandbox import governor, processes
from lambdabot.sandbox.governor import PERIOD_SECONDS, Governor


class Family:
    """Processes that use all the time that passes while they are not stopped."""

    def __init__(self, monkeypatch):
        self.now = 0.0
        self.used = {7: 3.0}
        self.threads = {7: 1}
        self.stopped = set()
        monkeypatch.setattr(processes, "cpu_seconds", self.used.get)
        monkeypatch.setattr(governor, "send_to_all", self.signal)

    def signal(self, pids, number):
        for pid in pids:
            (self.stopped.add if number == signal.SIGSTOP else self.stopped.discard)(pid)

    def pids(self):
        return list(self.used)

    def run(self, governor, seconds):
        """Let time pass as the governor asks for; return how much was used."""
        before, end = sum(self.used.values()), self.now + seconds
        while self.now < end - 1e-9:
            due = governor.look()
            assert 0 < due <= PERIOD_SECONDS + 1e-9
            self.now += due
            for pid in self.used:
                if pid not in self.stopped:
                    self.used[pid] += due * self.threads[pid]
        return sum(self.used.values()) - before


@pytest.fixture
def family(monkeypatch):
    return Family(monkeypatch)


@pytest.mark.parametrize("vcpus", [0.072, 0.29, 0.5, 0.9, 1.0])
def test_gives_one_thread_its_share(family, vcpus):
    watched = Governor(family.pids, vcpus, lambda: family.now)
    watched.start()
    assert family.run(watched, 4.0) == pytest.approx(4.0 * vcpus, rel=0.03)


def test_counts_every_thread_and_every_child(family):
    watched = Governor(family.pids, 0.5, lambda: family.now)
    watched.start()
    family.threads[7] = 2
    family.used[8], family.threads[8] = 0.0, 1
    assert family.run(watched, 4.0) == pytest.approx(2.0, rel=0.05)


def test_stops_a_child_that_appears_while_all_are_stopped(family):
    watched = Governor(family.pids, 0.1, lambda: family.now)
    watched.start()
    while not watched.stopped:
        family.run(watched, 0.001)
    family.used[8], family.threads[8] = 1.0, 1  # what it used so far is a debt
    family.run(watched, PERIOD_SECONDS)
    assert family.stopped == {7, 8}
    family.used.pop(7)
    watched.finish()
    assert 8 not in family.stopped


def test_forgives_what_was_used_before_it_began(family):
    watched = Governor(family.pids, 1.0, lambda: family.now)
    watched.start()
    watched.look()
    assert not watched.stopped
    watched.finish()


def test_gives_no_credit_for_idle_periods(family):
    watched = Governor(family.pids, 0.5, lambda: family.now)
    watched.start()
    family.now += 10
    watched.look()
    assert family.run(watched, 0.1) <= 0.5 * (0.1 + 2 * PERIOD_SECONDS)


def test_signals_only_who_is_there():
    governor.send_to_all([2**22 + 1], 0)
