"""How much work something takes, to be held against itself for less of the same: no machine's speed is judged."""

import time
from collections.abc import Callable


def cpu_seconds(work: Callable[[], object]) -> float:
    """Return this process's CPU time, the least of some tries: what else the machine does can only add to it."""
    least = []
    for _ in range(3):
        start = time.process_time()
        work()
        least.append(time.process_time() - start)
    return min(least)
