"""How code of others is kept from everything that is not its own, on this machine: decided once, told in words.

It is hostile until proved otherwise. Each means covers what another may lack: a user id of its own (root only),
namespaces (where the kernel lets us), Landlock (where the kernel has it).
"""

import os
import platform
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from lambdabot.errors import ConfinementError
from lambdabot.interpreters import Interpreter
from lambdabot.sandbox import engines, landlock
from lambdabot.sandbox.confinement import Confinement, Namespaces
from lambdabot.sandbox.namespaces import Bind, View
from lambdabot.sandbox.system_files import (
    DEVICES,
    OPT,
    PASSWD,
    SETTINGS,
    SYSTEM,
    TMP,
    closed_itself,
    first_closed,
    private_folders,
    topmost,
)
from lambdabot.sandbox.users import may_run_other_users

_PACKAGE_ROOT = Path(__file__).parents[2]
_PROBE = "import sys; sys.path.insert(0, {root!r}); from lambdabot.sandbox.namespaces import probe; probe()"
INTERPRETER = os.path.realpath(sys.executable)
"""What runs Python code of others: our own, without our packages."""

PROGRAMS = (
    *(sys.base_prefix, sys.base_exec_prefix, str(Path(INTERPRETER).parent)),
    *(sysconfig.get_path(name) for name in ("stdlib", "platstdlib")),  # at import: see programs.py
)
"""The folders that it lies in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What the machine offers to confine code of others with."""

    namespaces: Namespaces
    landlock: int  # its version; 0 is none
    users: bool  # user ids of their own

    @classmethod
    def find(cls) -> Self:
        """Try out what this process is allowed."""
        command = [sys.executable, "-I", "-S", "-c", _PROBE.format(root=str(_PACKAGE_ROOT))]
        status = subprocess.run(command, env={}, check=False, stderr=subprocess.DEVNULL, timeout=60).returncode
        found: dict[int, Namespaces] = {0: "own", 1: "user"}
        return cls(namespaces=found.get(status, "none"), landlock=landlock.version(), users=may_run_other_users())


class Isolation:
    """The isolation of all workers of one endpoint, or of one build."""

    def __init__(self, means: Means, packages: Iterable[Path]) -> None:
        """Decide; `packages` are files and folders beside the interpreter that the code must be able to read."""
        self._means = means
        self._programs = topmost(PROGRAMS)
        self.interpreter = Interpreter(
            program=Path(INTERPRETER), version=platform.python_version(), parts=tuple(self._programs)
        )
        self.own_view = means.namespaces != "none"
        # Another user must be let through by the modes of folders, unless they are replaced in its view.
        closed = [folder for path in self._programs if (folder := first_closed(path)) is not None]
        if self.own_view:
            obstacles = [path for path in packages if not path.stat().st_mode & 0o004]
        else:
            obstacles = closed + [folder for path in packages if (folder := first_closed(path)) is not None]
        self.own_users = means.users and not obstacles
        self._obstacle = obstacles[0] if means.users and obstacles else None
        self._hidden = topmost(private_folders() + closed) if self.own_view else []

    def require_no_root(self) -> None:
        """Raise ConfinementError where code of others would run as root with less around it than takes root away."""
        if os.geteuid() == 0 and not self.own_users and not (self.own_view and self._means.landlock):
            what = f"code of others would run as root here, and is not run. {self._no_users()}"
            raise ConfinementError(what, advice="Make lambdabot and its Python readable to everybody, or drop root.")

    def require_for_builds(self) -> None:
        """Raise ConfinementError where a build could read what is ours: a build may ask for anything, and is nobody's.

        Root gives it a user of its own, and it sees only its own files; another user can give it no user id, so that
        all the rest must be there.
        """
        view, kernel = self.own_view, bool(self._means.landlock)
        if (self.own_users and (view or kernel)) or (os.geteuid() != 0 and view and kernel):
            return
        missing = [name for name, there in (("namespaces", view), ("Landlock", kernel)) if not there]
        why = self._no_users() if os.geteuid() == 0 and not self.own_users else f"No {' and no '.join(missing)}."
        what = f"a build cannot be confined on this machine, and would see what is yours. {why}"
        raise ConfinementError(what, advice="Build its wheel in an earlier step and name the folder by UV_FIND_LINKS.")

    def closed(self, programs: Iterable[Path]) -> Path | None:
        """Return what keeps code of others from being run by programs here: a folder that other users do not enter.

        In a view of its own the folders around them are replaced, but not the programs themselves.
        """
        if not self.own_users:
            return None
        return next(filter(None, map(closed_itself if self.own_view else first_closed, programs)), None)

    def confinement(
        self,
        *,
        user: int,
        temporary: Path,
        shown: Mapping[str, Path],
        largest_file_mb: int,
        programs: Iterable[Path] | None = None,
        passwd: Path | None = None,
    ) -> Confinement:
        """Return how one process of others is confined.

        `temporary` is the one folder that it may write to, at /tmp in a view of its own; `shown` is what it reads
        beside the system's programs, by the places where a view of its own has it. There `passwd` stands in for the
        system's list of users, and /opt holds what is shown in it and of `programs` alone: the files and folders of
        what runs it; without them, our own interpreter's.
        """
        needed = self._programs if programs is None else topmost(programs)
        reached = engines.reachable(user, os.environ)
        readable = [*SYSTEM, *SETTINGS, *map(str, needed)]
        # In a view of its own the folders around the places are new, and hold nothing else.
        readable += {str(Path(place).parent) for place, path in shown.items() if place != str(path)}
        readable += map(str, shown.values())
        readable += [str(OPT)] if self.own_view else []
        return Confinement(
            user=user,
            namespaces=self._means.namespaces,
            view=self._view(temporary, shown, needed, reached, passwd) if self.own_view else None,
            landlock=self._means.landlock > 0,
            unix_sockets=self.own_view or not reached,
            largest_file_mb=largest_file_mb,
            read_only=tuple(readable),
            read_write=(*DEVICES, str(TMP if self.own_view else temporary)),
        )

    def _view(
        self,
        temporary: Path,
        shown: Mapping[str, Path],
        programs: list[Path],
        engine_sockets: Iterable[Path],
        passwd: Path | None,
    ) -> View:
        closed = filter(None, map(first_closed, programs))
        hidden = topmost([*self._hidden, *closed, *([OPT] if OPT.is_dir() else [])])
        covers = [*hidden, TMP]
        needed = [*programs, Path("/etc/resolv.conf").resolve()]
        binds = [Bind(source=str(temporary), target=str(TMP), writable=True)]
        binds += [Bind(source=str(path), target=str(path)) for path in needed if _lies_in(path, covers)]
        binds += [
            Bind(source=str(path), target=place)
            for place, path in shown.items()
            if place != str(path) or _lies_in(path, covers)
        ]
        binds += [Bind(source=str(passwd), target=str(PASSWD))] if passwd and PASSWD.is_file() else []
        binds += [Bind(source="/dev/null", target=str(path)) for path in engine_sockets if not _lies_in(path, covers)]
        return View(hidden=tuple(map(str, hidden)), binds=tuple(binds))

    def describe(self) -> str:
        """Return in a sentence what keeps workers apart."""
        means = []
        if self.own_users:
            means.append("a user id of its own")
        if self.own_view:
            means.append("its own view of files and processes")
        if self._means.landlock:
            means.append(f"Landlock (version {self._means.landlock})")
        return f"Each worker has {', '.join(means) or 'no isolation but a clean environment'}."

    def warnings(self) -> list[str]:
        """Return what is missing on this machine, a sentence each."""
        missing = []
        if not self.own_view:
            missing.append(
                "No namespaces: /tmp and /opt are redirected in Python's own functions only, and other code needs "
                "TMPDIR; System V's shared memory is refused; "
                "sockets with a path can be connected to where their mode allows it."
            )
            user = os.geteuid() if not self.own_users else -1
            missing += [
                f"{path} would make a function root on this machine: it gets no Unix sockets at all."
                for path in engines.reachable(user, os.environ)
            ]
        if not self._means.landlock:
            missing.append(
                "No Landlock: the function reads every file that its user may read"
                + ("." if self.own_users else ", yours among them.")
            )
        if os.geteuid() == 0 and not self.own_users:
            missing.append(self._no_users())
        return missing

    def _no_users(self) -> str:
        if self._obstacle is not None:
            return f"No user id of its own: {self._obstacle} is closed to other users."
        return "No user id of its own: this process is root without the capabilities to give one."


def _lies_in(path: Path, folders: Iterable[Path]) -> bool:
    return path.exists() and any(path.is_relative_to(folder) for folder in folders)
