"""What a manifest asks for, whatever its format: requirements with their place, and what cannot be looked up."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One requirement: where it stands (`requirements.txt:3`), and the hashes that its files must have (any when empty)."""

    requirement: Requirement
    source: str
    line: int | None = None
    hashes: frozenset[str] = frozenset()  # sha256, hexadecimal
    requested_by: tuple[str, ...] = ()  # of a lock: the chain down to the parent

    @property
    def name(self) -> NormalizedName:
        """Return the project's normalised name (PEP 503)."""
        return canonicalize_name(self.requirement.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unchecked:
    """Something that is asked for and cannot be looked up: a repository, a local path."""

    name: str
    source: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Indexes:
    """Where projects are looked up: `default` and, before it, `extra`; None is the environment's or the public one."""

    default: str | None = None
    extra: tuple[str, ...] = ()
    none: bool = False  # --no-index


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """Everything that one path asks for; `locked` when it is complete by itself, so that nothing is resolved."""

    path: str
    requests: tuple[Request, ...] = ()
    constraints: tuple[Request, ...] = ()
    unchecked: tuple[Unchecked, ...] = ()
    indexes: Indexes = field(default_factory=Indexes)
    locked: bool = False
    require_hashes: bool = False
    prereleases: bool = False
    only_binary: frozenset[str] = frozenset()  # normalised names, or `:all:`
    no_binary: frozenset[str] = frozenset()
    registries: Mapping[str, str] = field(default_factory=dict)  # of a lock: the index that a project was locked from
