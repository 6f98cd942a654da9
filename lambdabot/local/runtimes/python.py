"""Python: in the version that a function asks for where this machine has it, else in our own."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lambdabot.interpreters import Interpreter
from lambdabot.local.worker.layout import Layout
from lambdabot.local.worker.spec import EnvironmentSpec

_FIRST_SAFE_PATH = (3, 11)
"""The first version with `-P`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Python:
    """An interpreter of this machine with the packages that Lambda's has; `files` is what a worker sees of them."""

    identifier: str
    interpreter: Interpreter
    files: Mapping[str, Path]

    @property
    def version(self) -> str:
        """The version that runs."""
        return f"python:{self.interpreter.version} of this machine"

    @property
    def note(self) -> str:
        """Which version ran, where it is another than the one asked for."""
        if f"python{_minor(self.interpreter)}" == self.identifier:
            return ""
        return f"It was run by Python {self.interpreter.version} of this machine, where it asks for {self.identifier}."

    @property
    def parts(self) -> tuple[Path, ...]:
        """The interpreter and its library."""
        return self.interpreter.parts

    def command(self, layout: Layout, spec: EnvironmentSpec) -> tuple[str, ...]:  # noqa: ARG002 - as of the others
        """Return the interpreter, without its own packages and the main program's folder on the path."""
        version = tuple(map(int, _minor(self.interpreter).split(".")))
        options = ["-S", *(["-P"] if version >= _FIRST_SAFE_PATH else [])]
        return (str(self.interpreter.program), *options, str(layout.runtime / "bootstrap.py"), str(layout.layers))

    def variables(self, layout: Layout, spec: EnvironmentSpec) -> dict[str, str]:  # noqa: ARG002 - as of the others
        """Return where the runtime's packages are."""
        return {"PYTHONPATH": str(layout.runtime)}


def _minor(interpreter: Interpreter) -> str:
    return ".".join(interpreter.version.split(".")[:2])
