"""The ledger on disk: what a run was about to create, for whoever cleans up after it was killed."""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from io import FileIO
from pathlib import Path
from typing import Any, Self

from lambdabot import output
from lambdabot.aws.copies.identity import RunIdentity
from lambdabot.workspace import Workspace

_FORMAT = 1


class Journal:
    """One run's file of JSON lines, appended to and locked as long as the run's process lives.

    The first line says whose it is and where; each further one `{"planned" | "gone": [kind, name]}`.
    """

    def __init__(self, path: Path, file: FileIO) -> None:
        """Write to a file that is open and locked; `begin` is the way to call this."""
        self.path = path
        self._file = file

    @classmethod
    def begin(
        cls,
        folder: Path,
        identity: RunIdentity,
        *,
        endpoint: str | None,
        region: str,
        workspace: Workspace | None = None,
    ) -> Self:
        """Create the file of a run. UsageError when it cannot be made, OSError when it cannot be written."""
        name = f"{identity.name}.jsonl"
        with output.opened(folder, workspace, mode=0o700) as place:
            journal = cls(folder / name, place.begin(name))
        fcntl.flock(journal._file, fcntl.LOCK_EX)
        head = {
            "lambdabot": _FORMAT,
            "run": identity.run,
            "repository": identity.repository,
            "expires": identity.expires.isoformat(),
            "endpoint": endpoint,
            "region": region,
        }
        journal._write(head)
        return journal

    def planned(self, kind: str, name: str) -> None:
        """Write down what is about to be created; it is on the disk when this returns. OSError when it cannot be."""
        self._write({"planned": [kind, name]})
        os.fsync(self._file.fileno())

    def gone(self, kind: str, name: str) -> None:
        """Write down that it was not created, or no longer exists; who cannot read it looks in vain, and no more."""
        with suppress(OSError, ValueError):  # a full disk, or the end
            self._write({"gone": [kind, name]})

    def end(self, *, nothing_left: bool) -> None:
        """Close the file, and remove it when there is nothing that it could tell."""
        self._file.close()
        if nothing_left:
            with suppress(OSError):
                self.path.unlink(missing_ok=True)

    def _write(self, line: Mapping[str, object]) -> None:
        self._file.write(json.dumps(line).encode() + b"\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What a journal holds: whose it is, where, and which resources may still be there, as (kind, name)."""

    path: Path
    identity: RunIdentity
    endpoint: str | None
    region: str
    open: tuple[tuple[str, str], ...]
    alive: bool  # the run's process still holds it

    def end(self) -> None:
        """Remove the file: nothing is left of the run."""
        with suppress(OSError):
            self.path.unlink()


def records(folder: Path) -> Iterator[Record]:
    """Give the journals of a folder; a file that is none, or whose first line was never finished, is passed over."""
    for path in sorted(folder.glob("*.jsonl")):
        with suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
            yield _read(path)


def _read(path: Path) -> Record:
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            alive = False
        except OSError:
            alive = True
        head, *lines = file.read().splitlines()
    says: dict[str, Any] = json.loads(head)
    identity = RunIdentity(
        repository=says["repository"],
        pull_request=None,
        run=str(says["run"]),
        expires=datetime.fromisoformat(says["expires"]),
    )
    left: dict[tuple[str, str], None] = {}
    for line in lines:
        with suppress(ValueError, TypeError, AttributeError):  # one may have been cut by a full disk
            for what, (kind, name) in json.loads(line).items():
                if what == "planned":
                    left[kind, name] = None
                else:
                    left.pop((kind, name), None)
    return Record(
        path=path,
        identity=identity,
        endpoint=says["endpoint"],
        region=says["region"],
        open=tuple(left),
        alive=alive,
    )


def journal_folder(environ: Mapping[str, str]) -> Path:
    """Return where runs keep their journals: the runner's temporary folder, or the user's state."""
    if "RUNNER_TEMP" in environ:
        return Path(environ["RUNNER_TEMP"], "lambdabot-journal")
    return Path(environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state", "lambdabot")
