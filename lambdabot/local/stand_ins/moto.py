"""moto as the embedded endpoint starts it: confined as functions are, and nothing of it stays."""

import importlib.util
import json
import secrets
import socket
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Self

from lambdabot.errors import ConfinementError, EndpointError
from lambdabot.model import SeedCall
from lambdabot.sandbox.cell import Cell, Limits, Running
from lambdabot.sandbox.isolation import Isolation, Means

_PROGRAM = Path(__file__).resolve().with_name("moto_program.py")
_INSTALL = (
    "Install it beside lambdabot (`pip install 'lambdabot[moto]'`), or run it as a service of the workflow and name "
    "its `aws_endpoint`."
)
_NEEDED = ("moto", "flask", "flask_cors")
_LIMITS = Limits(seconds=24 * 3600, memory_mb=4096, storage_mb=2048)
_START_SECONDS = 120  # for moto and the seed; a machine that is busy measuring takes a few
_LOOK_SECONDS = 0.02
_ANSWER_SECONDS = 60


def missing() -> tuple[str, ...]:
    """Return the modules of moto's server that are not installed here."""
    return tuple(name for name in _NEEDED if importlib.util.find_spec(name) is None)


def version() -> str:
    """Return moto's version."""
    return metadata.version("moto")


@dataclass(frozen=True, slots=True, kw_only=True)
class MotoServer:
    """A copy's own server, which ends when its line is closed."""

    url: str
    line: socket.socket = field(repr=False)


def _silent(error: Exception) -> EndpointError:
    return EndpointError(f"moto has ended, or does not answer: {error}")


class Moto:
    """moto with the state of one seed in one Region; `server` gives each copy a server that begins with it."""

    def __init__(self, seed: Sequence[SeedCall], region: str) -> None:
        """Start it and make the seed. Raises EndpointError, also where moto refuses a call of the seed."""
        if absent := missing():
            what = f"`local: {{aws: moto}}` needs moto's server, and {', '.join(absent)} is not installed here"
            raise EndpointError(what, advice=_INSTALL)
        self._token = secrets.token_hex(16)
        self._stack = ExitStack()
        with ExitStack() as stack:
            self._port = self._start(stack, seed, region)
            self._stack = stack.pop_all()

    def _start(self, stack: ExitStack, seed: Sequence[SeedCall], region: str) -> int:
        folders = sorted({str(Path(entry).resolve()) for entry in sys.path if "-packages" in entry})
        shown = {path: Path(path) for path in (str(_PROGRAM), *folders) if Path(path).exists()}
        try:
            isolation = Isolation(Means.find(), shown.values())
            isolation.require_no_root()
            cell = stack.enter_context(Cell(isolation))
            calls = [
                {"service": one.service, "operation": one.operation, "parameters": one.parameters, "name": str(one)}
                for one in seed
            ]
            order = {"token": self._token, "region": region, "calls": calls}
            cell.put("order.json", json.dumps(order))
            running = cell.start(
                [str(isolation.interpreter.program), "-I", "-S", str(_PROGRAM), *folders],
                {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": str(cell.inside), "TMPDIR": str(cell.inside)},
                shown=shown,
                limits=_LIMITS,
            )
        except ConfinementError as error:
            what = f"moto cannot be started: {error.what}"
            raise EndpointError(what, advice=error.advice) from error
        stack.callback(running.end)
        told = self._told(cell.outside / "answer.json", running)
        if told["fault"]:
            what = f"moto refuses a call of the seed: {told['fault']}"
            raise EndpointError(what)
        return int(told["port"])

    def _told(self, answer: Path, running: Running) -> dict[str, str]:
        deadline = time.monotonic() + _START_SECONDS
        while not answer.exists():
            if running.ended or time.monotonic() > deadline:
                running.end()
                text = running.finished().text.strip().splitlines()
                what = f"moto could not be started: {text[-1] if text else 'it did not get ready'}"
                raise EndpointError(what)
            time.sleep(_LOOK_SECONDS)
        return dict(json.loads(answer.read_text()))

    def server(self, key: str) -> "MotoServer":
        """Return a new server, for who signs with this access key id. Raises EndpointError."""
        try:
            line = socket.create_connection(("127.0.0.1", self._port), _ANSWER_SECONDS)
        except OSError as error:
            raise _silent(error) from error
        try:
            line.sendall(json.dumps({"token": self._token, "key": key}).encode() + b"\n")
            told = json.loads(line.makefile("rb").readline())
        except (OSError, ValueError) as error:
            line.close()
            raise _silent(error) from error
        return MotoServer(url=f"http://127.0.0.1:{told['port']}", line=line)

    def __enter__(self) -> Self:
        """Give itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        self.close()

    def close(self) -> None:
        """End every server of it, and remove what it wrote."""
        self._stack.close()
