"""A place where one program of others runs confined: a folder and a user of its own, and nothing of it stays."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from lambdabot.errors import ConfinementError
from lambdabot.sandbox import cgroup
from lambdabot.sandbox.folder import PrivateFolder, remove_closed
from lambdabot.sandbox.isolation import Isolation
from lambdabot.sandbox.keeper import End
from lambdabot.sandbox.order import Order
from lambdabot.sandbox.system_files import TMP
from lambdabot.sandbox.users import Users

_PACKAGE_ROOT = Path(__file__).parents[2]
_PROGRAM = "import sys; sys.path.insert(0, {root!r}); from lambdabot.sandbox.keeper import main; main()"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a program may use."""

    seconds: float
    memory_mb: int
    storage_mb: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """How a program ended: by itself or at a limit, with what status, and what it wrote."""

    end: End
    status: int
    text: str


class Running:
    """A confined program and the small process that keeps it."""

    def __init__(self, keeper: "subprocess.Popen[str]", asked: str) -> None:
        """Tell the keeper what to start."""
        assert keeper.stdin is not None  # noqa: S101 - as asked for
        self._keeper = keeper
        self._stdin = keeper.stdin
        try:
            keeper.stdin.write(asked + "\n")
            keeper.stdin.flush()
        except BrokenPipeError:  # it has ended already, and its answer says why
            with suppress(BrokenPipeError):
                keeper.stdin.close()

    @property
    def ended(self) -> bool:
        """True once neither the program nor its keeper is there."""
        return self._keeper.poll() is not None

    def finished(self) -> Finished:
        """Wait for the end and return how it was. Raises ConfinementError when it could not be started as it should."""
        with self._keeper as keeper:
            assert keeper.stdout is not None  # noqa: S101 - as asked for
            answer = keeper.stdout.read()
        if keeper.returncode != 0:
            what = f"a program of others could not be confined: {''.join(answer.strip().splitlines()[-1:])}"
            raise ConfinementError(what)
        return Finished(**json.loads(answer.splitlines()[-1]))

    def end(self) -> None:
        """End the program and everything that it started, and wait until nothing of it is left."""
        with suppress(BrokenPipeError):
            self._stdin.close()
        self._keeper.wait()
        self._keeper.__exit__(None, None, None)


class Cell:
    """For one program; `outside` is its folder as this process has it, `inside` the same as the program sees it."""

    def __init__(self, isolation: Isolation) -> None:
        """Make the folder and take a user. Raises ConfinementError when there is none left."""
        self._isolation = isolation
        self._users = Users() if isolation.own_users else None
        try:
            self._user = self._users.take() if self._users else os.geteuid()
            self._folder = PrivateFolder(prefix="lambdabot-cell-")
        except BaseException:
            if self._users:
                self._users.close()
            raise
        self.outside = self._folder.path / "tmp"
        self.inside = TMP if isolation.own_view else self.outside
        self._make(self.outside)

    def folder(self, name: str) -> Path:
        """Make a folder for the program; return where this process has it."""
        return self._make(self.outside / name)

    def put(self, name: str, text: str) -> None:
        """Put a file into the folder, for the program alone."""
        path = self.outside / name
        path.touch(mode=0o600)
        path.write_text(text)
        if self._users:
            os.chown(path, self._user, self._user)

    def _make(self, path: Path) -> Path:
        path.mkdir(mode=0o700)
        if self._users:
            os.chown(path, self._user, self._user)
        return path

    def run(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        *,
        shown: Mapping[str, Path],
        limits: Limits,
        programs: Iterable[Path] | None = None,
    ) -> Finished:
        """Run a program in the folder to its end, or to a limit; it reads what is `shown` beside the system's files.

        `programs` are the files and folders of another interpreter than our own, to be used in its place.

        Raises ConfinementError when it could not be started as it should.
        """
        return self.start(command, environment, shown=shown, limits=limits, programs=programs).finished()

    def start(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        *,
        shown: Mapping[str, Path],
        limits: Limits,
        programs: Iterable[Path] | None = None,
    ) -> Running:
        """Start a program as `run` does, which goes on beside this process until it ends, or is ended."""
        confinement = self._isolation.confinement(
            user=self._user,
            temporary=self.outside,
            shown=shown,
            largest_file_mb=limits.storage_mb,
            programs=programs,
        )
        order = Order(
            command=tuple(command),
            environment=environment,
            working_folder=str(self.inside),
            folder=str(self._folder.path),
            memory_mb=limits.memory_mb,
            storage_mb=limits.storage_mb,
            vcpus=float(os.cpu_count() or 1),
            controllers=cgroup.find_controllers(),
            confinement=confinement,
        )
        locks = self._users.handle if self._users else None
        asked = json.dumps({"order": order.to_json(), "seconds": limits.seconds, "locks": locks})
        keeper = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _PROGRAM.format(root=str(_PACKAGE_ROOT))],
            env={},  # nothing could leak from it
            cwd="/",
            stdin=subprocess.PIPE,  # when it closes, the program is ended
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=() if locks is None else (locks,),
            start_new_session=True,  # an interrupt at the terminal is ours to handle
            encoding="utf-8",
        )
        return Running(keeper, asked)

    def __enter__(self) -> Self:
        """Give itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Remove the folder, and let the user be used again."""
        remove_closed(self.outside)
        self._folder.close()
        if self._users:
            self._users.give_back(self._user)
            self._users.close()
