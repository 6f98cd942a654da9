"""Whether what a function ships runs on arm64."""

from dataclasses import dataclass
from enum import StrEnum


class PackageVerdict(StrEnum):
    """Whether one dependency installs on arm64; all from `sdist only` to `not found` block."""

    WHEEL = "wheel"
    PURE = "pure"
    SDIST_ONLY = "sdist only"
    NO_ARM64_WHEEL = "no arm64 wheel"
    GLIBC_TOO_NEW = "glibc too new"
    PYTHON_NOT_SUPPORTED = "python not supported"
    HASH_NOT_LISTED = "hash not listed"
    NATIVE_FILE = "x86_64 native file"
    NOT_FOUND = "not found"
    NOT_CHECKED = "not checked"

    @property
    def blocks(self) -> bool:
        """True when the dependency cannot be installed as it stands."""
        return self not in {PackageVerdict.WHEEL, PackageVerdict.PURE, PackageVerdict.NOT_CHECKED}


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageCheck:
    """The verdict on one dependency, with its evidence and its mend."""

    name: str
    version: str | None
    requested_by: tuple[str, ...]  # from the manifest's line down to the package's parent
    verdict: PackageVerdict
    evidence: str
    fix: str = ""
    x86_64_verdict: PackageVerdict


class Arm64Verdict(StrEnum):
    """Whether everything that is shipped runs on arm64."""

    READY = "ready"
    BLOCKED = "blocked"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm64Check:
    """The ARM64 answer for one path."""

    path: str
    verdict: Arm64Verdict
    reason: str = ""
    packages: tuple[PackageCheck, ...] = ()
    native_files: tuple[str, ...] = ()
    layers: tuple[str, ...] = ()
    drift: tuple[str, ...] = ()
