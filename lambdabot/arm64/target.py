"""What a package must run on: CPython X.Y and a glibc, on x86_64 or arm64, as wheel tags and as marker values."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from packaging import tags

from lambdabot.errors import Mistake, UsageError
from lambdabot.model import Architecture, runtimes

Environment = Mapping[str, str | frozenset[str]]  # values of PEP 508's markers
_OLDEST_GLIBC = {Architecture.X86_64: 5, Architecture.ARM64: 17}  # PEP 513 and PEP 599: no manylinux before these
_LEGACY = {  # the names that manylinux had before PEP 600
    Architecture.X86_64: {5: "manylinux1", 12: "manylinux2010", 17: "manylinux2014"},
    Architecture.ARM64: {17: "manylinux2014"},
}
_PATCH = 9  # a patch release that every runtime has passed; `Requires-Python: <=3.13` excludes 3.13.9 as pip would


@dataclass(frozen=True, slots=True)
class Target:
    """CPython version (`3.13`; empty for a runtime of another language) and glibc version (`2.34`)."""

    python: str
    glibc: str

    def __post_init__(self) -> None:
        """Refuse versions that are not two numbers, before they reach a tag or a command line."""
        mistakes = []
        if not re.fullmatch(r"(3\.\d{1,2})?", self.python):
            mistakes.append(Mistake(message=f"Python {self.python!r} is none that can be checked; write it as `3.13`"))
        if not re.fullmatch(r"2\.\d{1,2}", self.glibc):
            mistakes.append(Mistake(message=f"glibc {self.glibc!r} is none that can be checked; write it as `2.34`"))
        if mistakes:
            raise UsageError(mistakes)

    @classmethod
    def of_runtime(cls, runtime: str) -> "Target":
        """Return the target of a Lambda runtime identifier such as `python3.13` or `nodejs22.x`."""
        glibc = runtimes.glibc(runtime)
        if glibc is None:
            advice = "Known are python3.9 to python3.14, nodejs, java, dotnet, ruby and provided.al2[023]."
            raise UsageError([Mistake(message=f"{runtime!r} is no Lambda runtime that has arm64")], advice=advice)
        return cls(runtimes.python(runtime), glibc)

    @property
    def python_full(self) -> str:
        """Return the version that Requires-Python and markers are judged by: `3.13.9`."""
        return f"{self.python}.{_PATCH}"

    def __str__(self) -> str:
        """Return it as a reader says it."""
        return f"Python {self.python}, glibc {self.glibc}" if self.python else f"glibc {self.glibc}"


def platforms(architecture: Architecture, glibc: str) -> Iterator[str]:
    """Yield the platform tags that run there, best first: newest manylinux down, then plain linux (PEP 600)."""
    machine = runtimes.MACHINE[architecture]
    for minor in range(int(glibc.partition(".")[2]), _OLDEST_GLIBC[architecture] - 1, -1):
        yield f"manylinux_2_{minor}_{machine}"
        if minor in _LEGACY[architecture]:
            yield f"{_LEGACY[architecture][minor]}_{machine}"
    yield f"linux_{machine}"


@lru_cache(maxsize=64)
def ranks(target: Target, architecture: Architecture) -> dict[str, int]:
    """Return every wheel tag that fits (`cp313-abi3-manylinux_2_17_aarch64`) with its rank, 0 the most specific."""
    major, minor = (int(part) for part in target.python.split("."))
    fitting = list(platforms(architecture, target.glibc))
    interpreter = f"cp{major}{minor}"
    expanded = [
        *tags.cpython_tags((major, minor), abis=[interpreter], platforms=fitting),
        *tags.compatible_tags((major, minor), interpreter, fitting),
    ]
    return {str(tag): rank for rank, tag in enumerate(expanded)}


@lru_cache(maxsize=64)
def environment(target: Target, architecture: Architecture) -> Environment:
    """Return the values of PEP 508's markers on the target."""
    return {
        "implementation_name": "cpython",
        "implementation_version": target.python_full,
        "os_name": "posix",
        "platform_machine": runtimes.MACHINE[architecture],
        "platform_python_implementation": "CPython",
        "platform_release": "",
        "platform_system": "Linux",
        "platform_version": "",
        "python_full_version": target.python_full,
        "python_version": target.python,
        "sys_platform": "linux",
        "extra": "",
    }
