"""How long an invocation would have taken on a machine that has nothing else to do.

Of the time on the clock, what other processes of the machine took is taken off, down to what the quota alone demands:
who waits for others in the first half of a period of the quota would have waited for the quota in the second.
"""

from math import ceil

from lambdabot.sandbox.cgroup import QUOTA_PERIOD_US
from lambdabot.sandbox.use import Use

_PERIOD_MS = QUOTA_PERIOD_US / 1000
_NS_PER_MS = 1_000_000
_PLACES = 20  # of a period, at which a call may begin


def waited_ms(clock_ms: float, use: Use, *, vcpus: float) -> float:
    """Return how much of an invocation's time is the machine's, never negative: `use` is what it had of the CPU in it.

    Its longest thread's waiting counts, without what the quota held back, and its part of what a hypervisor took from
    the machine while something ran.
    """
    runs = [run for run, _ in use.threads.values()]
    total = sum(runs) / _NS_PER_MS
    longest_run, longest_wait = max(use.threads.values(), key=sum, default=(0, 0))
    others = max(0, longest_wait - use.throttled) / _NS_PER_MS
    stolen = use.stolen / _NS_PER_MS * min(1.0, sum(runs) / use.running) if use.running else 0.0
    idle = max(clock_ms - others - stolen, longest_run / _NS_PER_MS, least_ms(total, vcpus))
    return max(0.0, clock_ms - idle)


def least_ms(cpu_ms: float, vcpus: float) -> float:
    """Return how long a quota lets so much CPU time take that begins anywhere in a period, in the mean."""
    if vcpus >= 1:
        return cpu_ms / vcpus
    quota, total = vcpus * _PERIOD_MS, 0.0
    for place in range(_PLACES):
        room = (place + 0.5) / _PLACES * _PERIOD_MS
        left = cpu_ms - min(quota, room)
        if left <= 0:
            total += cpu_ms
        else:
            periods = ceil(left / quota) - 1
            total += room + periods * _PERIOD_MS + left - periods * quota
    return total / _PLACES
