import os
import subprocess
import sys

import pytest

from lambdabot.sandbox import processes

GONE = 2**22 + 1  # beyond the largest pid that Linux gives


def test_knows_nothing_of_a_process_that_is_gone():
    assert processes.start_time(GONE) is None
    assert processes.is_dead(GONE)
    assert processes.descendants(GONE) == []
    assert processes.resident_kib(GONE) == processes.peak_resident_kib(GONE) == 0
    assert processes.cpu_seconds(GONE) is None


def test_knows_itself():
    assert processes.start_time(os.getpid()) > 0
    assert not processes.is_dead(os.getpid())
    assert processes.resident_kib(os.getpid()) > 1000
    assert processes.peak_resident_kib(os.getpid()) > 1000
    assert processes.cpu_seconds(os.getpid()) > 0


@pytest.mark.parametrize("kernel_lists_children", [True, False])
def test_finds_children_and_theirs(monkeypatch, kernel_lists_children):
    if not kernel_lists_children:
        monkeypatch.setattr(processes.Path, "exists", lambda _: False)
    program = "import subprocess, sys; subprocess.Popen(['sleep', '60']); print(1, flush=True); sys.stdin.read()"
    child = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with child:
        child.stdout.readline()
        grandchildren = processes.descendants(child.pid)
        assert len(grandchildren) == 1
        assert {child.pid, *grandchildren} <= set(processes.descendants(os.getpid()))
        os.kill(grandchildren[0], 9)
        child.stdin.close()
    assert processes.is_dead(child.pid)


def test_counts_a_zombie_as_dead():
    child = subprocess.Popen([sys.executable, "-S", "-c", ""])
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert processes.is_dead(child.pid)
    assert processes.resident_kib(child.pid) == 0
    child.wait()


def test_rounds_memory_up():
    assert [processes.mebibytes(kib) for kib in (0, 1, 1024, 1025)] == [0, 1, 1, 2]
