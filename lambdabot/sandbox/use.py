"""What a family of processes has had of the CPU, and how long it waited for it (proc(5), schedstat and stat).

The scheduler counts for every thread the time that it ran, and the time that it was ready to and did not. The second
has in it how long a quota held the thread back; not how long it was stopped by a signal, slept, or awaited an answer.
Time that a hypervisor gave to other machines is in neither: the machine counts it for all of its processors.
"""

import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Self

_PROC = "/proc"
_TICK_NS = 1_000_000_000 // os.sysconf("SC_CLK_TCK")
_RUNNING = (0, 1, 2, 5, 6)  # of /proc/stat: user, nice, system, irq, softirq
_STOLEN = 7
_ENOUGH = 200  # bytes: all of a schedstat, and the first line of stat


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """Nanoseconds since the beginning: run and waited by thread; what the quota held back; the machine's own two."""

    threads: dict[str, tuple[int, int]]
    throttled: int
    running: int  # all processors, whatever ran on them
    stolen: int

    @classmethod
    def of(cls, family: Iterable[int], *, throttled_ns: int) -> Self:
        """Read what there is of these processes; a thread that has ended has nothing any more."""
        threads = {}
        for pid in family:
            with suppress(OSError):
                for name in os.listdir(f"{_PROC}/{pid}/task"):  # noqa: PTH208 - as below
                    with suppress(OSError, ValueError):
                        run, waited, _ = _read(f"{_PROC}/{pid}/task/{name}/schedstat").split()
                        threads[name] = int(run), int(waited)
        running, stolen = _machine(_read(f"{_PROC}/stat"))
        return cls(threads=threads, throttled=throttled_ns, running=running, stolen=stolen)

    def since(self, before: "Use") -> "Use":
        """Return what was added since."""
        threads = {}
        for name, (run, waited) in self.threads.items():
            run_before, waited_before = before.threads.get(name, (0, 0))
            threads[name] = max(0, run - run_before), max(0, waited - waited_before)
        return Use(
            threads=threads,
            throttled=self.throttled - before.throttled,
            running=self.running - before.running,
            stolen=self.stolen - before.stolen,
        )


def _read(path: str) -> bytes:
    """Return the beginning of a file; no Path and no file object, as both an invocation's ends wait for this."""
    handle = os.open(path, os.O_RDONLY)
    try:
        return os.read(handle, _ENOUGH)
    finally:
        os.close(handle)


def _machine(stat: bytes) -> tuple[int, int]:
    fields = [int(field) * _TICK_NS for field in stat.partition(b"\n")[0].split()[1:]]
    return sum(fields[place] for place in _RUNNING), fields[_STOLEN]
