"""What this machine can do for execution environments: processors, limits and isolation, decided once."""

import os
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from lambdabot.local.runtimes import python_packages
from lambdabot.local.runtimes.available import Runtimes, unsupported
from lambdabot.local.runtimes.nodejs import FILES
from lambdabot.local.runtimes.runtime import Runtime
from lambdabot.local.worker.admission import Admission
from lambdabot.local.worker.layout import Layout, passwd
from lambdabot.local.worker.nursery import Nursery
from lambdabot.sandbox import cgroup
from lambdabot.sandbox.cgroup import Controllers
from lambdabot.sandbox.folder import PrivateFolder, remove_closed
from lambdabot.sandbox.isolation import Isolation, Means
from lambdabot.sandbox.users import Users

MEGABYTES_PER_VCPU = 1769  # "At 1,769 MB, a function has the equivalent of one vCPU" (Configure Lambda function memory)


def vcpus_of(memory_mb: int) -> float:
    """Return the vCPUs that Lambda gives a memory size."""
    return memory_mb / MEGABYTES_PER_VCPU


@dataclass(frozen=True, slots=True, kw_only=True)
class Berth:
    """What one execution environment is lent: a folder, and a user id; our own where there are none to give."""

    folder: Path
    user: int

    @property
    def temporary(self) -> Path:
        """The part of the folder that the worker may write to."""
        return self.folder / "tmp"

    @property
    def passwd(self) -> Path:
        """The list of users that the worker sees in a view of its own."""
        return self.folder / "passwd"


class Machine:
    """The machine of one endpoint; everything that its workers leave on disk lies in one folder of it."""

    def __init__(self, *, controllers: Controllers | None = None, means: Means | None = None) -> None:
        """Look at the machine, and remove what an endpoint that was killed left behind.

        `controllers` and `means` replace what is found: `cgroup.NONE` forces the governor. Raises ConfinementError
        where no code of others may run.
        """
        self.controllers = cgroup.find_controllers() if controllers is None else controllers
        cgroup.remove_abandoned(self.controllers)
        self.vcpus = min(float(len(os.sched_getaffinity(0))), cgroup.granted_vcpus())
        self.admission = Admission(self.vcpus)
        self._folder = PrivateFolder()
        self._no_layers = self._folder.path / "opt"
        self._no_layers.mkdir(mode=0o755)
        packages = python_packages.packages()
        self.isolation = Isolation(means or Means.find(), [*packages.values(), *FILES.values()])
        self.isolation.require_no_root()
        self.runtimes = Runtimes(self._folder.path, self.isolation, packages)
        self._users = Users() if self.isolation.own_users else None
        self.nursery = Nursery(self._users.handle if self._users else None)
        self._lock = threading.Lock()
        self._berths = 0

    def __enter__(self) -> Self:
        """Return the machine; it is closed at the end."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def lend(self) -> Berth:
        """Return a folder, and a user id, that no other environment has."""
        with self._lock:
            self._berths += 1
            folder = self._folder.path / f"environment-{self._berths}"
            user = self._users.take() if self._users else os.geteuid()
        berth = Berth(folder=folder, user=user)
        folder.mkdir(mode=0o711)
        berth.temporary.mkdir(mode=0o700)
        berth.passwd.write_text(passwd(user))
        berth.passwd.chmod(0o644)
        if self._users:
            os.chown(berth.temporary, user, user)
        return berth

    def take_back(self, berth: Berth) -> None:
        """Remove the folder and let the user id be used again; the supervisor must have ended."""
        remove_closed(berth.folder)
        if self._users:
            with self._lock:
                self._users.give_back(berth.user)

    def layout(self, runtime: Runtime, code: Path, layers: Path | None, berth: Berth) -> Layout:
        """Return where a worker of this runtime with this code and these layers sees things."""
        if self.isolation.own_view:
            return Layout.as_on_lambda(code, layers, runtime.files)
        return Layout.as_it_lies(
            code, layers or self._no_layers, self.runtimes.linked(runtime), runtime.files, berth.temporary
        )

    def supports(self, memory_mb: int) -> str:
        """Return why a memory size cannot be run here, or the empty string."""
        needed = vcpus_of(memory_mb)
        if needed <= self.vcpus:
            return ""
        return f"{memory_mb} MB has {needed:.2f} vCPUs on Lambda, and this machine has {self.vcpus:g}"

    def runs(self, runtime: str) -> str:
        """Return why a runtime cannot be run here, or the empty string."""
        return unsupported(runtime)

    def describe(self) -> str:
        """Return in words how CPU and memory are limited and workers isolated here, and what is missing."""
        version = f"control groups (version {self.controllers.version})"
        cpu = f"{version}, 20 ms periods" if self.controllers.cpu else "stopping and continuing its processes"
        memory = version if self.controllers.memory else "looking at its processes every 5 ms"
        parts = [
            f"{self.vcpus:g} vCPUs.",
            f"CPU in proportion to memory by {cpu}; memory limited by {memory}.",
            self.isolation.describe(),
            *self.warnings(),
        ]
        return " ".join(parts)

    def warnings(self) -> list[str]:
        """Return what is missing on this machine, a sentence each."""
        return self.isolation.warnings()

    def close(self) -> None:
        """Remove everything; the environments must have been stopped."""
        self.nursery.close()
        if self._users:
            self._users.close()
        self._folder.close()
