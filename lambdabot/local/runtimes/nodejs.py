"""Node.js: the machine's own, with a client of ours for the Runtime API; AWS's is compiled when it is installed."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lambdabot.interpreters import Interpreter
from lambdabot.local.worker.layout import Layout
from lambdabot.local.worker.spec import EnvironmentSpec

CLIENT = "nodejs_client.cjs"
FILES = {name: Path(__file__).resolve().with_name(name) for name in (CLIENT, "nodejs_handler.cjs", "nodejs_log.cjs")}
OLDEST = 16
"""The first major version that has all that the client uses."""

_HEADERS = 81920  # bytes, as AWS's bootstrap has it


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeJs:
    """Node.js of this machine, whichever version a function asks for."""

    identifier: str
    interpreter: Interpreter

    @property
    def version(self) -> str:
        """The version that runs."""
        return f"nodejs:{self.interpreter.version} of this machine"

    @property
    def note(self) -> str:
        """Which version ran, and for which."""
        asked = "" if self._major == _major(self.interpreter.version) else f", where it asks for {self.identifier}"
        return f"It was run by Node.js {self.interpreter.version} of this machine{asked}."

    @property
    def parts(self) -> tuple[Path, ...]:
        """The program itself."""
        return self.interpreter.parts

    @property
    def files(self) -> Mapping[str, Path]:
        """The client."""
        return FILES

    def command(self, layout: Layout, spec: EnvironmentSpec) -> tuple[str, ...]:
        """Return Node.js with the heap that AWS's bootstrap gives it: a tenth of the memory for what is new."""
        new = spec.memory_mb // 10
        options = [
            "--expose-gc",
            f"--max-http-header-size={_HEADERS}",
            f"--max-semi-space-size={new // 2}",
            f"--max-old-space-size={spec.memory_mb - new}",
        ]
        return (str(self.interpreter.program), *options, str(layout.runtime / CLIENT))

    def variables(self, layout: Layout, spec: EnvironmentSpec) -> dict[str, str]:  # noqa: ARG002 - as of the others
        """Return where modules are looked for, as "Defined runtime environment variables" has it."""
        layers = layout.layers / "nodejs"
        folders = (layers / f"node{self._major}/node_modules", layers / "node_modules", layout.runtime / "node_modules")
        return {"NODE_PATH": ":".join(map(str, folders))}

    @property
    def _major(self) -> int:
        return _major(self.identifier.removeprefix("nodejs"))


def is_too_old(interpreter: Interpreter) -> bool:
    """Tell whether the client does not run on it."""
    return _major(interpreter.version) < OLDEST


def _major(version: str) -> int:
    return int(version.partition(".")[0])
