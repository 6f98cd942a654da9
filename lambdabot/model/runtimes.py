"""Lambda's runtimes: which glibc each has, and what its machines are called."""

import re

from lambdabot.model.configuration import Architecture

AL2, AL2023 = "2.26", "2.34"
"""glibc of Amazon Linux 2 and Amazon Linux 2023 (AWS Lambda, "Lambda runtimes")."""

PYTHON_RUNTIMES = ("python3.9", "python3.10", "python3.11", "python3.12", "python3.13", "python3.14")

MACHINE = {Architecture.X86_64: "x86_64", Architecture.ARM64: "aarch64"}
"""An architecture as `platform.machine()` says it on Linux."""

ARCHITECTURE = {
    "x86_64": Architecture.X86_64,
    "amd64": Architecture.X86_64,
    "aarch64": Architecture.ARM64,
    "arm64": Architecture.ARM64,
}
"""An architecture by `platform.machine()` of any system, in lower case."""

_FIRST_ON_AL2023 = {"python": (3, 12), "nodejs": (20,), "java": (21,), "dotnet": (8,), "ruby": (3, 3)}
_IDENTIFIER = re.compile(r"(python|nodejs|java|dotnet|ruby)(\d+(?:\.\d+)?)(?:\.x)?")


def glibc(runtime: str) -> str | None:
    """Return the glibc of a runtime identifier such as `python3.13` or `provided.al2023`; None: no such runtime."""
    if runtime.endswith(".al2023"):
        return AL2023
    if runtime.endswith(".al2"):
        return AL2
    found = _IDENTIFIER.fullmatch(runtime)
    if found is None:
        return None
    version = tuple(int(part) for part in found[2].split("."))
    return AL2023 if version >= _FIRST_ON_AL2023[found[1]] else AL2


def python(runtime: str) -> str:
    """Return the version of a Python runtime as its identifier has it (`3.13`), empty for any other."""
    found = _IDENTIFIER.fullmatch(runtime)
    return found[2] if found and found[1] == "python" else ""


def nodejs(runtime: str) -> str:
    """Return the version of a Node.js runtime as its identifier has it (`22`), empty for any other."""
    found = _IDENTIFIER.fullmatch(runtime)
    return found[2] if found and found[1] == "nodejs" else ""


def is_provided(runtime: str) -> bool:
    """Tell whether a runtime is an operating system alone, whose functions bring their own program."""
    return runtime.startswith("provided")
