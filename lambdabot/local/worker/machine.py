"""What this machine can do for an execution environment: processors, limits and confinement, decided once."""

import fcntl
import os
import shutil
import sys
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from typing import Self

from lambdabot.local.worker import cgroup, confinement, landlock
from lambdabot.local.worker.admission import Admission
from lambdabot.local.worker.cgroup import Controllers
from lambdabot.local.worker.confinement import Confinement
from lambdabot.local.worker.runtime_packages import link_runtime_packages

MEGABYTES_PER_VCPU = 1769  # "At 1,769 MB, a function has the equivalent of one vCPU" (Configure Lambda function memory)
_PREFIX = "lambdabot-worker-"


def vcpus_of(memory_mb: int) -> float:
    """Return the vCPUs that Lambda gives a memory size."""
    return memory_mb / MEGABYTES_PER_VCPU


class Machine:
    """The machine of one endpoint; it owns a folder in which everything of the endpoint's workers lies."""

    def __init__(self, *, controllers: Controllers | None = None) -> None:
        """Look at the machine, and remove what an endpoint that was killed left behind.

        `controllers` replaces what is found, `cgroup.NONE` forces the governor.
        """
        confinement.forbid_inspection()
        self.controllers = cgroup.find_controllers() if controllers is None else controllers
        self.vcpus = float(len(os.sched_getaffinity(0)))
        self.admission = Admission(self.vcpus)
        self._number = 0
        self._lock = threading.Lock()
        cgroup.remove_abandoned(self.controllers)
        _remove_abandoned_folders()
        self.folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
        self.folder.chmod(0o711)
        self._folder_lock = _lock(self.folder)
        self.runtime = self.folder / "runtime"
        self.runtime.mkdir()
        self.runtime_paths = link_runtime_packages(self.runtime)
        (self.runtime / "bootstrap.py").symlink_to(Path(__file__).with_name("bootstrap.py"))
        self.interpreter = (os.path.realpath(sys.executable), "-S", "-P")

    def __enter__(self) -> Self:
        """Return the machine; it is closed at the end."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def confinement(self, *, code: Path, folder: Path) -> Confinement:
        """Return how a worker with this code and this folder is confined."""
        return Confinement()

    def new_folder(self) -> Path:
        """Make a folder for one execution environment."""
        with self._lock:
            self._number += 1
            folder = self.folder / f"environment-{self._number}"
        folder.mkdir(mode=0o711)
        (folder / "tmp").mkdir(mode=0o700)
        return folder

    def supports(self, memory_mb: int) -> str:
        """Return why a memory size cannot be run here, or the empty string."""
        needed = vcpus_of(memory_mb)
        if needed <= self.vcpus:
            return ""
        return f"{memory_mb} MB has {needed:.2f} vCPUs on Lambda, and this machine has {self.vcpus:g}"

    def close(self) -> None:
        """Remove the folder; the environments must have been stopped."""
        shutil.rmtree(self.folder, ignore_errors=True)
        if self._folder_lock is not None:
            os.close(self._folder_lock)
            self._folder_lock = None


def _lock(folder: Path) -> int | None:
    """Lock a folder for as long as this process lives; None when another holds it."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        return None
    return handle


def _remove_abandoned_folders() -> None:
    """Remove the folders that no living endpoint holds."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(OSError):
            if folder.lstat().st_uid == os.geteuid() and (handle := _lock(folder)) is not None:
                shutil.rmtree(folder, ignore_errors=True)
                os.close(handle)
