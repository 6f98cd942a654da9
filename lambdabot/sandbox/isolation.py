"""How workers are kept from everything that is not theirs, on this machine: decided once, told in words.

The user's code is hostile until proved otherwise. Each means covers what another may lack: a user id of its own (root
only), namespaces (where the kernel lets us), Landlock (where the kernel has it).
"""

import os
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from lambdabot.sandbox import landlock
from lambdabot.sandbox.confinement import Confinement, Namespaces
from lambdabot.sandbox.namespaces import Bind, View
from lambdabot.sandbox.users import may_run_other_users

_PACKAGE_ROOT = Path(__file__).parents[2]
_PROBE = "import sys; sys.path.insert(0, {root!r}); from lambdabot.sandbox.namespaces import probe; probe()"

# What programs and libraries of a Linux system read; the rest of /etc, and every other folder, is out of reach.
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/sys/devices/system/cpu", "/sys/devices/system/node")
_SETTINGS = [
    "/etc/ImageMagick-6",
    "/etc/ImageMagick-7",
    "/etc/alternatives",
    "/etc/ca-certificates",
    "/etc/fonts",
    "/etc/gai.conf",
    "/etc/group",
    "/etc/host.conf",
    "/etc/hosts",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/localtime",
    "/etc/mime.types",
    "/etc/nsswitch.conf",
    "/etc/os-release",
    "/etc/passwd",
    "/etc/pki/tls/certs",
    "/etc/protocols",
    "/etc/resolv.conf",
    "/etc/services",
    "/etc/ssl/certs",
    "/etc/ssl/openssl.cnf",
    "/etc/timezone",
]
_DEVICES = ("/dev/full", "/dev/null", "/dev/random", "/dev/urandom", "/dev/zero")
# Folders of people, services and jobs: in a view of its own a worker finds them empty.
_HIDDEN = ("/github", "/home", "/media", "/mnt", "/root", "/run", "/srv", "/var")
_SYSTEM_FOLDERS = ("/", "/bin", "/dev", "/etc", "/lib", "/lib32", "/lib64", "/opt", "/proc", "/sbin", "/sys", "/usr")
_NEVER_HIDDEN = frozenset(map(Path, _SYSTEM_FOLDERS))
_STANDARD_LIBRARY = [sysconfig.get_path(name) for name in ("stdlib", "platstdlib")]  # at import: see programs.py


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where a worker sees its code, the runtime's packages and the folder that it may write to."""

    code: Path
    runtime: Path
    temporary: Path

    def seen(self, path: str) -> str:
        """Return where a file of the package lies that goes by its path on Lambda; any other path as it is."""
        on_lambda = _ON_LAMBDA.code
        return str(self.code / Path(path).relative_to(on_lambda)) if Path(path).is_relative_to(on_lambda) else path


_LAMBDA_TMP = Path("/tmp")  # noqa: S108 - its name on Lambda; each worker has its own
_ON_LAMBDA = Layout(code=Path("/var/task"), runtime=Path("/var/runtime"), temporary=_LAMBDA_TMP)


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What the machine offers to confine a worker with."""

    namespaces: Namespaces
    landlock: int  # its version; 0 is none
    users: bool  # user ids of their own

    @classmethod
    def find(cls) -> Self:
        """Try out what this process is allowed."""
        command = [sys.executable, "-I", "-S", "-c", _PROBE.format(root=str(_PACKAGE_ROOT))]
        status = subprocess.run(command, env={}, check=False, stderr=subprocess.DEVNULL, timeout=60).returncode
        namespaces: dict[int, Namespaces] = {0: "own", 1: "user"}
        return cls(namespaces=namespaces.get(status, "none"), landlock=landlock.version(), users=may_run_other_users())


class Isolation:
    """The isolation of all workers of one endpoint."""

    def __init__(self, means: Means, runtime: Path, runtime_packages: Mapping[str, Path]) -> None:
        """Decide; `runtime` is a folder of links to the packages."""
        self._means = means
        self._runtime = runtime
        self._runtime_packages = dict(runtime_packages)
        self.interpreter = os.path.realpath(sys.executable)
        self._interpreter_paths = _topmost(
            [sys.base_prefix, sys.base_exec_prefix, Path(self.interpreter).parent, *_STANDARD_LIBRARY]
        )
        self._own_view = means.namespaces != "none"
        # Another user must be let through by the modes of folders, unless they are replaced in its view.
        closed = [folder for path in self._interpreter_paths if (folder := _first_closed_folder(path)) is not None]
        unreadable = [path for path in runtime_packages.values() if not path.stat().st_mode & 0o004]
        obstacles = unreadable if self._own_view else unreadable + closed
        self.own_users = means.users and not obstacles
        self._obstacle = obstacles[0] if means.users and obstacles else None
        self._hidden = _topmost(_private_folders() + closed) if self._own_view else []

    def layout(self, code: Path, folder: Path) -> Layout:
        """Return where a worker with this code and this private folder sees things."""
        if self._own_view:
            return _ON_LAMBDA
        return Layout(code=code, runtime=self._runtime, temporary=folder / "tmp")

    def confinement(self, code: Path, folder: Path, user: int | None) -> Confinement:
        """Return how a worker with this code, this private folder and this user id is confined."""
        layout = self.layout(code, folder)
        readable = [*_SYSTEM, *_SETTINGS, *self._interpreter_paths, layout.code, layout.runtime]
        if not self._own_view:
            readable += self._runtime_packages.values()
        return Confinement(
            user=user,
            namespaces=self._means.namespaces,
            view=self._view(code, folder) if self._own_view else None,
            landlock=self._means.landlock > 0,
            read_only=tuple(map(str, readable)),
            read_write=(*_DEVICES, str(layout.temporary)),
        )

    def _view(self, code: Path, folder: Path) -> View:
        runtime = str(_ON_LAMBDA.runtime)
        needed = [*self._interpreter_paths, Path("/etc/resolv.conf").resolve()]
        covers = [*self._hidden, _LAMBDA_TMP]
        concealed = [path for path in needed if any(path.is_relative_to(cover) for cover in covers)]
        binds = [Bind(source=str(folder / "tmp"), target=str(_LAMBDA_TMP), writable=True)]
        binds += [Bind(source=str(path), target=str(path)) for path in concealed if path.exists()]
        binds += [Bind(source=str(code), target=str(_ON_LAMBDA.code))]
        binds += [Bind(source=str(path), target=f"{runtime}/{name}") for name, path in self._runtime_packages.items()]
        return View(hidden=tuple(map(str, self._hidden)), binds=tuple(binds))

    def describe(self) -> str:
        """Return in a sentence what keeps workers apart."""
        means = []
        if self.own_users:
            means.append("a user id of its own")
        if self._own_view:
            means.append("its own view of files and processes")
        if self._means.landlock:
            means.append(f"Landlock (version {self._means.landlock})")
        return f"Each worker has {', '.join(means) or 'no isolation but a clean environment'}."

    def warnings(self) -> list[str]:
        """Return what is missing on this machine, a sentence each."""
        missing = []
        if not self._own_view:
            missing.append(
                "No namespaces: /tmp is redirected in Python's own functions only, native libraries need TMPDIR; "
                "sockets with a path can be connected to where their mode allows it."
            )
        if not self._means.landlock:
            missing.append(
                "No Landlock: the function reads every file that its user may read"
                + ("." if self.own_users else ", yours among them.")
            )
        if self._obstacle is not None:
            missing.append(f"No user id of its own: {self._obstacle} is closed to other users.")
        elif not self._means.users and os.geteuid() == 0:
            missing.append("No user id of its own: this process is root without the capabilities to give one.")
        return missing


def _private_folders() -> list[Path]:
    """Return the folders that hold what is ours: the home, the working folder, and where a job keeps its files."""
    variables = ("HOME", "GITHUB_WORKSPACE", "RUNNER_TEMP", "XDG_RUNTIME_DIR", "GITHUB_EVENT_PATH")
    named = [Path(value) for name in variables if (value := os.environ.get(name))]
    folders = [path if path.is_dir() else path.parent for path in named]
    resolved = [path.resolve() for path in (*map(Path, _HIDDEN), Path.cwd(), *folders) if path.is_dir()]
    return [path for path in resolved if path not in _NEVER_HIDDEN and not path.is_relative_to(_LAMBDA_TMP)]


def _topmost(paths: Iterable[str | Path]) -> list[Path]:
    """Return the paths, resolved, without those that lie inside another."""
    every = {Path(path).resolve() for path in paths}
    return sorted(path for path in every if not any(parent in every for parent in path.parents))


def _first_closed_folder(path: Path) -> Path | None:
    """Return the first folder on the way to a path, or itself, that other users cannot pass through."""
    for folder in (*reversed(path.parents), path):
        if not folder.stat().st_mode & 0o001:
            return folder
    return None
