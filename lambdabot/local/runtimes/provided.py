"""Runtimes that bring their own program (`provided.al2023`, `provided.al2`): `bootstrap`, of the package or a layer."""

import os
import platform
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lambdabot.local.runtimes.runtime import EntryPointError
from lambdabot.local.worker.layout import Layout
from lambdabot.local.worker.spec import EnvironmentSpec
from lambdabot.model import Architecture, runtimes

BOOTSTRAP = "bootstrap"
HEAD_BYTES = 20
"""How much of a program tells what it was built for."""

_ELF, _MACHINE_AT = b"\x7fELF", 18
_MACHINES = {0x3E: Architecture.X86_64, 0xB7: Architecture.ARM64}  # e_machine of elf(5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Provided:
    """The machine's own system, on which the package's program runs as it is."""

    identifier: str
    note: str = ""
    parts: tuple[Path, ...] = ()

    @property
    def version(self) -> str:
        """The identifier: there is no other version."""
        return f"{self.identifier} on this machine's own system"

    @property
    def files(self) -> Mapping[str, Path]:
        """Nothing is provided."""
        return {}

    def command(self, layout: Layout, spec: EnvironmentSpec) -> tuple[str, ...]:
        """Return the first bootstrap that is there, in Lambda's order."""
        for lies, seen in ((spec.code, layout.code), (spec.layers, layout.layers)):
            if lies is not None and (lies / BOOTSTRAP).is_file():
                place = seen / BOOTSTRAP
                _check(lies / BOOTSTRAP, place)
                return (str(place),)
        message = f"Couldn't find valid bootstrap(s): [/var/task/{BOOTSTRAP} /opt/{BOOTSTRAP}]"
        raise EntryPointError(message)

    def variables(self, layout: Layout, spec: EnvironmentSpec) -> dict[str, str]:  # noqa: ARG002 - as of the others
        """Return nothing more."""
        return {}


def built_for(head: bytes) -> Architecture | None:
    """Return the architecture of a program by its first bytes; None: a script, or what nobody knows."""
    if len(head) < HEAD_BYTES or not head.startswith(_ELF):
        return None
    return _MACHINES.get(struct.unpack_from("<H", head, _MACHINE_AT)[0])


def elsewhere(head: bytes) -> str:
    """Return why a program with these first bytes does not run on this machine, empty where it may."""
    architecture, machine = built_for(head), runtimes.ARCHITECTURE.get(platform.machine().lower())
    if architecture is None or architecture is machine:
        return ""
    return f"its bootstrap is built for {architecture}, and this machine is {machine or platform.machine()}"


def _check(path: Path, place: Path) -> None:
    """Refuse what the kernel would refuse, in the words that Lambda has for it."""
    if not os.access(path, os.X_OK):
        reason = "permission denied"
    else:
        with path.open("rb") as file:
            reason = "exec format error" if elsewhere(file.read(HEAD_BYTES)) else ""
    if reason:
        message = f"fork/exec {place}: {reason}"
        raise EntryPointError(message)
