"""What a package must run on: a runtime's Python and glibc on an architecture, or this very interpreter."""

import platform
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from lambdabot.errors import PackagingError
from lambdabot.interpreters import OWN_PYTHON, Interpreter
from lambdabot.model import Architecture, runtimes

LATE_PATCH = 99
"""Stands for the newest patch release: Lambda keeps its runtimes patched (AWS, Lambda runtimes)."""

UV_GLIBC_MINORS = (17, 28, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40)
"""The glibc 2.N for which uv has a `--python-platform` (`uv pip install --help`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where a package is to run."""

    runtime: str  # Lambda's identifier, or the local interpreter in the same form
    python: str | None  # `3.13`; None: the runtime is not Python
    architecture: Architecture
    glibc: str | None  # None: not known
    interpreter: Path | None = None  # the local interpreter; None: Lambda's
    parts: tuple[Path, ...] = ()  # files and folders of a local interpreter that is not our own

    @classmethod
    def of_runtime(cls, runtime: str, architecture: Architecture) -> "Target":
        """Return the target of a Lambda runtime; only Python's need a glibc, for nothing else is installed."""
        python = re.fullmatch(r"python(3\.\d+)", runtime)
        return cls(
            runtime=runtime,
            python=python[1] if python else None,
            architecture=architecture,
            glibc=runtimes.glibc(runtime) if python else None,
        )

    @classmethod
    def local(cls, other: Interpreter | None = None) -> "Target":
        """Return this interpreter on this machine, or another one. PackagingError on a machine that Lambda has not."""
        machine = platform.machine()
        architecture = runtimes.ARCHITECTURE.get(machine.lower())
        if architecture is None:
            what = f"this machine is {machine}, which is no architecture of Lambda's"
            raise PackagingError(what, advice="Run lambdabot on an x86_64 or arm64 machine, or use `--endpoint aws`.")
        python = ".".join(other.version.split(".")[:2]) if other else OWN_PYTHON
        library, version = platform.libc_ver()
        return cls(
            runtime=f"python{python}",
            python=python,
            architecture=architecture,
            glibc=version if library == "glibc" else None,
            interpreter=other.program if other else Path(sys.executable),
            parts=other.parts if other else (),
        )

    def describe(self) -> str:
        """Return it in words: `python3.13, x86_64, glibc 2.34`."""
        parts = [self.runtime, self.architecture.value]
        if self.glibc is not None:
            parts.append(f"glibc {self.glibc}")
        if self.interpreter is not None:
            parts.append("this machine")
        return ", ".join(parts)

    @property
    def uv_python(self) -> str:
        """Return uv's `--python-version`: with a late patch release, as Lambda has, where uv would take the first."""
        return f"{self.python}.{LATE_PATCH}"

    @property
    def uv_platform(self) -> str:
        """Return uv's `--python-platform`: the newest that does not ask for a newer glibc than the target has."""
        minor = int((self.glibc or runtimes.AL2).split(".")[1])
        fitting = max((known for known in UV_GLIBC_MINORS if known <= minor), default=UV_GLIBC_MINORS[0])
        return f"{runtimes.MACHINE[self.architecture]}-manylinux_2_{fitting}"
