"""Facts about other processes, read from /proc; a process that is gone has none."""

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

_PROC = Path("/proc")
_MEBIBYTE_IN_KIB = 1024


def _stat(pid: int) -> list[str] | None:
    """Return the fields of /proc/PID/stat after the name, which may hold anything; None without a process (proc(5))."""
    try:
        text = (_PROC / str(pid) / "stat").read_text(errors="replace")
    except OSError:
        return None
    return text[text.rfind(")") + 2 :].split()


def start_time(pid: int) -> int | None:
    """Return when the process started, in clock ticks since boot: with the pid it names a process for good."""
    fields = _stat(pid)
    return None if fields is None else int(fields[19])


def is_dead(pid: int) -> bool:
    """Return True when the process is gone or only waits to be reaped."""
    fields = _stat(pid)
    return fields is None or fields[0] in "ZX"


def descendants(pid: int) -> list[int]:
    """Return the living children of a process and theirs, parents first."""
    children = _children_by_task if (_PROC / "thread-self" / "children").exists() else _children_by_parent()
    found = children(pid)
    for each in found:
        found.extend(children(each))
    return [each for each in found if not is_dead(each)]


def _children_by_task(pid: int) -> list[int]:
    found: list[int] = []
    with suppress(OSError):
        for task in (_PROC / str(pid) / "task").iterdir():
            with suppress(OSError):
                found += map(int, (task / "children").read_text().split())
    return found


def _children_by_parent() -> Callable[[int], list[int]]:
    """Return the same from the parent of every process, for kernels without the list of children."""
    children: dict[int, list[int]] = {}
    for entry in _PROC.iterdir():
        if entry.name.isdigit() and (fields := _stat(int(entry.name))) is not None:
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    return lambda pid: list(children.get(pid, ()))


def resident_kib(pid: int) -> int:
    """Return the memory that a process holds now, in KiB, or 0."""
    return _status_kib(pid, "VmRSS:")


def peak_resident_kib(pid: int) -> int:
    """Return the most memory that a process ever held, in KiB, or 0."""
    return _status_kib(pid, "VmHWM:")


def _status_kib(pid: int, key: str) -> int:
    try:
        status = (_PROC / str(pid) / "status").read_text(errors="replace")
    except OSError:
        return 0
    for line in status.splitlines():
        if line.startswith(key):
            return int(line.split()[1])
    return 0


def cpu_seconds(pid: int) -> float | None:
    """Return the CPU time that all threads of a process have used, to the nanosecond, or None.

    The clock's number is that of clock_getcpuclockid(3): the pid's complement, shifted, and the scheduler's clock.
    """
    try:
        return time.clock_gettime((~pid << 3) | 2)
    except OSError:
        return None


def mebibytes(kib: int) -> int:
    """Return KiB as whole MB of Lambda's (1 MB = 1,048,576 bytes), rounded up."""
    return -(-kib // _MEBIBYTE_IN_KIB)
