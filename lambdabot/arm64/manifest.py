"""What a manifest asks for, whatever its format: requirements with their place, and what cannot be looked up."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

from lambdabot.arm64.indexes.environment import Indexes
from lambdabot.arm64.indexes.release import File


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One requirement: where it stands (`requirements.txt:3`), and the hashes that its files must have, if any."""

    requirement: Requirement
    source: str
    hashes: frozenset[str] = frozenset()  # sha256, hexadecimal

    @property
    def name(self) -> NormalizedName:
        """Return the project's normalised name (PEP 503)."""
        return canonicalize_name(self.requirement.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unchecked:
    """Something that is asked for and cannot be looked up, such as a repository or a local path."""

    name: str
    source: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """One package of a lock: its version, when it is installed, what it asks for, its files where they are listed."""

    version: str
    source: str  # where it stands: `uv.lock:120`
    marker: Marker | None = None
    requires: tuple[str, ...] = ()
    hashes: frozenset[str] = frozenset()
    files: tuple[File, ...] = ()
    unchecked: str = ""  # why no index can tell of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """Everything that one path asks for.

    A lock has `pins` by normalised name, in the order of preference where a name has several; it is not resolved. With
    `walked`, a pin counts when it is reached from `requests`, else when its marker holds.
    """

    path: str
    requests: tuple[Request, ...] = ()
    constraints: tuple[Request, ...] = ()
    unchecked: tuple[Unchecked, ...] = ()
    indexes: Indexes = field(default_factory=Indexes)
    require_hashes: bool = False
    prereleases: bool = False
    requires_python: str | None = None  # of the project that the manifest describes
    only_binary: frozenset[str] = frozenset()  # normalised names, or `:all:`
    no_binary: frozenset[str] = frozenset()
    environments: tuple[Marker, ...] = ()  # of a lock: for which machines it was made; for all when there is none
    groups: frozenset[str] = frozenset()  # of a lock: the dependency groups that are installed without being asked for
    pins: Mapping[str, tuple[Pin, ...]] | None = None
    walked: bool = False
