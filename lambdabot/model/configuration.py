"""Which code, at which memory size and on which architecture."""

from dataclasses import dataclass
from enum import StrEnum


class Architecture(StrEnum):
    """A CPU architecture, by the names of Lambda's `Architectures`."""

    X86_64 = "x86_64"
    ARM64 = "arm64"


class Side(StrEnum):
    """Which code: `base` is the target branch, `head` the pull request."""

    BASE = "base"
    HEAD = "head"


@dataclass(frozen=True, slots=True, kw_only=True)
class Commits:
    """The commits that GitHub's event names for a pull request; None where it does not."""

    base: str | None = None  # of the target branch
    head: str | None = None  # the pull request's own last one
    merge: str | None = None  # what GitHub merged both into, and a workflow checks out
    queued: bool = False  # a merge queue built `head` on `base`, which waits to become the target branch


@dataclass(frozen=True, slots=True, kw_only=True)
class Since:
    """What a run without a pull request looks back to: a push to what it replaced, any other to the last release."""

    before: str | None = None  # the commit that a push replaced; None where there was none
    pushed: bool = False
    default_branch: str | None = None  # its name, without `refs/heads/`


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Configuration:
    """Memory size and architecture: what a sweep varies."""

    memory_mb: int
    architecture: Architecture

    def __str__(self) -> str:
        """Return it as a reader says it: `512 MB arm64`."""
        return f"{self.memory_mb} MB {self.architecture}"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Variant:
    """One side's code at one Configuration: what is deployed and measured."""

    side: Side
    configuration: Configuration
