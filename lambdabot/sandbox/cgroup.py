"""Control groups of both versions: a CPU quota, a memory limit and a freezer for one execution environment.

Sources: the kernel's documentation of cgroup v1 (sched-bwc, memory, freezer-subsystem) and v2.
"""

import math
import os
import re
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from lambdabot.sandbox import processes

QUOTA_PERIOD_US = 20_000  # Lambda's own period: the duration curve of one vCPU is a staircase of 20 ms
_MEBIBYTE = 1024 * 1024
_DYING_SECONDS = 0.0005
_NAME = re.compile(r"lambdabot-(\d+)-(\d+)")  # pid and start time of the supervisor that owns the group


@dataclass(frozen=True, slots=True, kw_only=True)
class Controllers:
    """The groups below which ours are made, None where a controller cannot be had; all the same folder in version 2."""

    version: int
    cpu: Path | None
    memory: Path | None
    freezer: Path | None

    def folders(self) -> list[Path]:
        """Return each folder once."""
        return list(dict.fromkeys(path for path in (self.cpu, self.memory, self.freezer) if path is not None))


NONE = Controllers(version=0, cpu=None, memory=None, freezer=None)


class Group:
    """The control group of one execution environment, in every hierarchy that it needs."""

    def __init__(self, controllers: Controllers, name: str | None = None) -> None:
        """Make the group, named after this process; raise OSError when it cannot be made or has no controller files.

        A folder alone proves nothing: in a container the file system at the root of the hierarchies may be a
        writable tmpfs, where a folder is just a folder.
        """
        name = name or f"lambdabot-{os.getpid()}-{processes.start_time(os.getpid())}"
        self._version = controllers.version
        self._cpu, self._memory, self._freezer = (
            None if parent is None else parent / name
            for parent in (controllers.cpu, controllers.memory, controllers.freezer)
        )
        self._folders = [folder / name for folder in controllers.folders()]
        try:
            for folder in self._folders:
                folder.mkdir()
            for purpose, file in (
                (self._cpu, self._file("cpu.cfs_quota_us", "cpu.max")),
                (self._memory, self._file("memory.limit_in_bytes", "memory.max")),
                (self._freezer, self._file("freezer.state", "cgroup.freeze")),
            ):
                if purpose is not None:
                    (purpose / file).read_bytes()
        except OSError:
            self.remove()
            raise

    def __enter__(self) -> Self:
        """Return the group; it is removed at the end."""
        return self

    def __exit__(self, *_: object) -> None:
        """Kill what is inside and remove the group."""
        self.kill()
        self.remove()

    @property
    def limits_cpu(self) -> bool:
        """True when `throttle` works."""
        return self._cpu is not None

    @property
    def limits_memory(self) -> bool:
        """True when `limit_memory` and `oom_kills` work."""
        return self._memory is not None

    @property
    def freezes(self) -> bool:
        """True when `freeze` works."""
        return self._freezer is not None

    def join(self) -> None:
        """Move the calling process into the group; its children are born in it."""
        for folder in self._folders:
            (folder / "cgroup.procs").write_text("0")

    def throttle(self, vcpus: float | None) -> None:
        """Set the CPU quota in vCPUs; None lifts it."""
        if self._cpu is None:
            return
        quota = -1 if vcpus is None else round(vcpus * QUOTA_PERIOD_US)
        if self._version == 1:
            (self._cpu / "cpu.cfs_period_us").write_text(str(QUOTA_PERIOD_US))
            (self._cpu / "cpu.cfs_quota_us").write_text(str(quota))
        else:
            (self._cpu / "cpu.max").write_text(f"{'max' if quota < 0 else quota} {QUOTA_PERIOD_US}")

    def throttled_ns(self) -> int:
        """Return for how long the quota has held processes back, 0 where none does."""
        if self._cpu is None:
            return 0
        name, factor = ("throttled_time ", 1) if self._version == 1 else ("throttled_usec ", 1000)
        lines = (self._cpu / "cpu.stat").read_text().splitlines()
        return next((int(line.removeprefix(name)) * factor for line in lines if line.startswith(name)), 0)

    def limit_memory(self, megabytes: int) -> None:
        """Set the memory limit; swap is no way around it."""
        if self._memory is None:
            return
        limit = str(megabytes * _MEBIBYTE)
        (self._memory / self._file("memory.limit_in_bytes", "memory.max")).write_text(limit)
        swap = self._memory / self._file("memory.memsw.limit_in_bytes", "memory.swap.max")
        with suppress(OSError):  # the file is there only where the kernel accounts swap
            swap.write_text(self._file(limit, "0"))

    def oom_kills(self) -> int:
        """Return how many processes of the group the kernel killed for want of memory."""
        if self._memory is None:
            return 0
        text = (self._memory / self._file("memory.oom_control", "memory.events")).read_text()
        return next((int(line.split()[1]) for line in text.splitlines() if line.startswith("oom_kill ")), 0)

    def freeze(self, *, frozen: bool) -> None:
        """Stop every process of the group where it stands, or let them go on."""
        if self._freezer is None:
            return
        if self._version == 1:
            (self._freezer / "freezer.state").write_text("FROZEN" if frozen else "THAWED")
        else:
            (self._freezer / "cgroup.freeze").write_text("1" if frozen else "0")

    def pids(self) -> list[int]:
        """Return the processes in the group."""
        for folder in self._folders[:1]:  # every process is in all of them
            with suppress(OSError):
                return [int(pid) for pid in (folder / "cgroup.procs").read_text().split()]
        return []

    def kill(self) -> None:
        """Kill every process of the group, however fast it forks."""
        for folder in self._folders if self._version > 1 else ():
            with suppress(OSError):  # new in Linux 5.14
                (folder / "cgroup.kill").write_text("1")
        while True:
            with suppress(OSError):  # frozen, they cannot fork away from us
                self.freeze(frozen=True)
            pids = [pid for pid in self.pids() if not processes.is_dead(pid)]
            for pid in pids:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            with suppress(OSError):
                self.freeze(frozen=False)
            if not pids:
                return
            time.sleep(_DYING_SECONDS)

    def remove(self) -> None:
        """Remove the group; what still holds a process stays, for `remove_abandoned` of a later start."""
        for folder in self._folders:
            with suppress(OSError):
                folder.rmdir()

    def _file(self, version_1: str, version_2: str) -> str:
        return version_1 if self._version == 1 else version_2


def find_controllers(mounts: Path = Path("/proc/self/mountinfo"), own: Path = Path("/proc/self/cgroup")) -> Controllers:
    """Return where groups can be made by this process, `NONE` where it cannot; tries it out."""
    try:
        membership = dict(_membership(own.read_text()))
        candidates = list(_candidates(mounts.read_text(), membership))
    except OSError:
        return NONE
    for controllers in candidates:
        working = Controllers(
            version=controllers.version,
            cpu=_working(controllers, "cpu"),
            memory=_working(controllers, "memory"),
            freezer=_working(controllers, "freezer"),
        )
        if working.folders():
            return working
    return NONE


def granted_vcpus(mounts: Path = Path("/proc/self/mountinfo"), own: Path = Path("/proc/self/cgroup")) -> float:
    """Return the vCPUs that the quotas of this process's own groups leave it, infinity without any."""
    try:
        membership = dict(_membership(own.read_text()))
        candidates = list(_hierarchies(mounts.read_text(), membership))
    except OSError:
        return math.inf
    quotas = (
        _quota(group, kind)
        for kind, _, mount, folder in candidates
        for group in (folder, *folder.parents)
        if group.is_relative_to(mount)
    )
    return min(quotas, default=math.inf)


def _quota(group: Path, kind: str) -> float:
    with suppress(OSError, ValueError):  # the root has none, and `max` or -1 is none
        if kind == "cgroup2":
            quota, period = (group / "cpu.max").read_text().split()
        else:
            quota, period = ((group / f"cpu.cfs_{name}_us").read_text() for name in ("quota", "period"))
        if int(quota) > 0:
            return int(quota) / int(period)
    return math.inf


def remove_abandoned(controllers: Controllers) -> None:
    """Kill and remove the groups of supervisors that are gone."""
    for parent in controllers.folders():
        for folder in parent.glob("lambdabot-*"):
            named = _NAME.fullmatch(folder.name)
            if named is None or processes.start_time(int(named[1])) == int(named[2]):
                continue
            with suppress(OSError):  # another endpoint that starts at this moment removes it as well
                for pid in (folder / "cgroup.procs").read_text().split():
                    with suppress(ProcessLookupError, PermissionError):
                        os.kill(int(pid), signal.SIGKILL)
                folder.rmdir()


def _membership(text: str) -> Iterator[tuple[str, str]]:
    """Yield (controller, path) for each line of /proc/PID/cgroup; the controller of version 2 is the empty string."""
    for line in text.splitlines():
        _, names, path = line.split(":", 2)
        for name in names.split(","):
            yield name, path


def _hierarchies(mountinfo: str, membership: dict[str, str]) -> Iterator[tuple[str, str, Path, Path]]:
    """Yield (kind of file system, controller, mount point, own folder) of each hierarchy that may limit something."""
    for line in mountinfo.splitlines():
        fields, _, rest = line.partition(" - ")
        kind, _, options = rest.split(" ", 2)
        root, mount = fields.split(" ")[3:5]
        names = {"cgroup2": {""}, "cgroup": {"cpu", "memory", "freezer"} & set(options.split(","))}.get(kind, set())
        for name in names & membership.keys():
            yield kind, name, Path(mount), _own_folder(mount, root, membership[name])


def _candidates(mountinfo: str, membership: dict[str, str]) -> Iterator[Controllers]:
    """Yield the hierarchies in the order of preference: version 2 when it has a CPU controller, else version 1."""
    version_1: dict[str, Path] = {}
    for kind, name, _, folder in _hierarchies(mountinfo, membership):
        if kind == "cgroup":
            version_1[name] = folder
            continue
        for parent in (folder, folder.parent):
            enabled = _enabled(parent)
            if "cpu" in enabled:
                memory = parent if "memory" in enabled else None
                yield Controllers(version=2, cpu=parent, memory=memory, freezer=parent)
    yield Controllers(
        version=1, cpu=version_1.get("cpu"), memory=version_1.get("memory"), freezer=version_1.get("freezer")
    )


def _own_folder(mount: str, root: str, path: str) -> Path:
    """Return the folder of this process's group: the hierarchy's limits on us keep holding for what we make below."""
    inside = path[len(root) :] if root != "/" and path.startswith(root) else path
    folder = Path(mount) / inside.lstrip("/")
    return folder if folder.is_dir() else Path(mount)


def _enabled(folder: Path) -> set[str]:
    """Return the controllers that children of a version 2 group have, after asking for what we need."""
    switch = folder / "cgroup.subtree_control"
    with suppress(OSError):  # a group with processes in it can give none to its children: then its parent may
        switch.write_text("+cpu +memory")
    try:
        return set(switch.read_text().split())
    except OSError:
        return set()


def _working(controllers: Controllers, purpose: str) -> Path | None:
    """Return the folder for one purpose when a group for it can be made and set there."""
    folders: dict[str, Path | None] = {"cpu": None, "memory": None, "freezer": None}
    folders[purpose] = getattr(controllers, purpose)
    try:
        group = Group(Controllers(version=controllers.version, **folders))
    except OSError:
        return None
    try:
        group.throttle(1)
        group.limit_memory(128)
        group.freeze(frozen=False)
    except OSError:
        return None
    finally:
        group.remove()
    return folders[purpose]
