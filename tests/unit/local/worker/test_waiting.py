"""What of an invocation's time is the machine's: by the scheduler's figures as they may be, and of a real worker."""

import json
import os
import subprocess
import sys

import pytest

from lambdabot.local.worker.waiting import least_ms, waited_ms
from lambdabot.sandbox.use import Use

MS = 1_000_000


def use(*threads: tuple[float, float], throttled: float = 0, running: float = 100, stolen: float = 0) -> Use:
    """Return figures in milliseconds as the scheduler gives them: by thread, how long it ran and how long it waited."""
    named = {str(number): (int(run * MS), int(wait * MS)) for number, (run, wait) in enumerate(threads)}
    return Use(threads=named, throttled=int(throttled * MS), running=int(running * MS), stolen=int(stolen * MS))


@pytest.mark.parametrize(
    ("clock", "vcpus", "had", "waited"),
    [
        pytest.param(20, 1, use((18, 0)), 0, id="nobody else computes"),
        pytest.param(60, 1, use((18, 40)), 40, id="a whole processor, shared with others"),
        pytest.param(60, 1, use((18, 45)), 42, id="never less than it ran"),
        pytest.param(110, 0.25, use((25, 84), throttled=84), 0, id="its quota alone held it back"),
        pytest.param(110, 0.25, use((25, 84), throttled=64), 20, id="its quota, and others in between"),
        pytest.param(
            110, 0.25, use((25, 84), throttled=4), 30.625, id="who waited for others would have for the quota"
        ),
        pytest.param(79, 0.25, use((25, 54)), 0, id="less than the quota demands in the mean"),
        pytest.param(540, 1, use((18, 20)), 20, id="what it slept is its own"),
        pytest.param(60, 2, use((20, 35), (18, 36)), 35, id="of two threads side by side the longer one"),
        pytest.param(60, 1, use((20, 40), (2, 90), running=22), 38, id="as long as all its threads need"),
        pytest.param(28, 1, use((18, 0), running=36, stolen=20), 10, id="its part of what a hypervisor took"),
        pytest.param(20, 1, use((18, 0), running=0, stolen=20), 0, id="nothing was counted to run"),
        pytest.param(20, 1, use(), 0, id="a worker that is gone"),
    ],
)
def test_what_others_took_is_taken_off_down_to_what_the_quota_demands(clock, vcpus, had, waited):
    assert waited_ms(clock, had, vcpus=vcpus) == pytest.approx(waited)


def test_a_quota_that_begins_anywhere_is_ahead_of_itself():
    assert least_ms(100, 1) == 100
    assert least_ms(100, 2) == 50
    assert least_ms(102.5, 0.25) == pytest.approx(410 - 0.75 * 20, abs=1)
    assert least_ms(2, 0.25) < least_ms(4, 0.25) < 16, "at most one period's quota, or a little of the next one's"


def test_only_what_was_added_counts_and_a_new_thread_counts_whole():
    before = Use(threads={"1": (10, 5), "2": (7, 7)}, throttled=3, running=50, stolen=1)
    now = Use(threads={"1": (30, 6), "3": (4, 2)}, throttled=8, running=90, stolen=1)
    assert now.since(before) == Use(threads={"1": (20, 1), "3": (4, 2)}, throttled=5, running=40, stolen=0)


def test_the_figures_of_a_process_are_its_threads_own():
    mine = Use.of([os.getpid(), 2**22 + 1], throttled_ns=7)  # no process has such a number
    assert str(os.getpid()) in mine.threads
    assert mine.throttled == 7
    ran = 0
    while not ran:  # the scheduler counts at its next tick
        later = Use.of([os.getpid()], throttled_ns=7).since(mine)
        ran = sum(run for run, _ in later.threads.values())
    assert later.running >= 0
    assert later.throttled == 0


HANDLER = """
import time
def handler(event, context):
    began, clock, total = time.process_time(), time.monotonic(), 0
    while time.process_time() < began + event["cpu"]:
        total += 1
    return [(time.process_time() - began) * 1000, (time.monotonic() - clock) * 1000]
"""


def test_beside_other_work_a_worker_reports_its_waiting_and_what_it_would_have_taken_alone(start, any_machine):
    call = start(any_machine, HANDLER, memory_mb=1769)
    call(cpu=0)
    busy = [sys.executable, "-I", "-S", "-c", "while True: pass"]
    others = [subprocess.Popen(busy) for _ in range(3 * len(os.sched_getaffinity(0)))]
    try:
        result = call(cpu=0.3)
    finally:
        for other in others:
            other.kill()
            other.wait()
    assert result.status == "ok", result
    cpu_ms, clock_ms = json.loads(result.payload)
    assert clock_ms > cpu_ms, "nobody else had the processors, so that this shows nothing"
    assert result.waited_ms > 0
    assert abs(result.duration_ms - cpu_ms) < abs(clock_ms - cpu_ms)


def test_an_invocation_that_starts_its_worker_anew_has_its_init_in_its_time_and_no_waiting(start, machine):
    call = start(machine, "import os\ndef handler(event, context):\n    event.get('end') and os._exit(1)\n")
    assert call(end=True).waited_ms is None
    assert call().waited_ms is None
    assert call().waited_ms is not None
