"""What an index holds of a project: releases and their files, and which file fits a target best."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from lambdabot.arm64.target import Target, ranks
from lambdabot.model import Architecture

_SDIST = (".tar.gz", ".zip", ".tgz", ".tar.bz2", ".tar.xz")
_FOREIGN = ("-win32.", "-win_", "-macosx_", "-ios_", "-android_", ".exe", ".egg", ".rpm", ".msi", ".dmg", ".deb")


@dataclass(frozen=True, slots=True)
class File:
    """One file of a release, by what its name and the index say."""

    filename: str
    url: str
    version: str  # normalised (PEP 440)
    tags: tuple[str, ...]  # expanded wheel tags; empty: an sdist
    requires_python: str | None = None
    sha256: str | None = None
    yanked: bool = False

    @property
    def is_wheel(self) -> bool:
        """Tell a wheel from an sdist."""
        return bool(self.tags)

    @property
    def is_any(self) -> bool:
        """True for a wheel that claims to run on every platform."""
        return any(tag.endswith("-any") for tag in self.tags)

    def rank(self, target: Target, architecture: Architecture) -> int | None:
        """Return how specific the best fitting tag is (0: most), None when no tag fits."""
        fitting = ranks(target, architecture)
        return min((fitting[tag] for tag in self.tags if tag in fitting), default=None)

    def supports_python(self, target: Target) -> bool:
        """Judge Requires-Python; one that cannot be read counts as none, as installers have it."""
        return self.requires_python is None or accepts_python(self.requires_python, target.python_full)


@dataclass(frozen=True, slots=True)
class Project:
    """A project on one index: files by normalised version."""

    name: str
    index: str  # address without credentials
    releases: Mapping[str, tuple[File, ...]] = field(repr=False)

    def newest_first(self) -> list[str]:
        """Return the versions, newest first."""
        return sorted(self.releases, key=parsed, reverse=True)


@lru_cache(maxsize=4096)
def parsed(version: str) -> Version:
    """Return the parsed version; versions are compared often and parsed once."""
    return Version(version)


@lru_cache(maxsize=2048)
def accepts_python(requires_python: str, python: str) -> bool:
    """Return whether a Requires-Python accepts this version."""
    try:
        return SpecifierSet(requires_python).contains(python, prereleases=True)
    except InvalidSpecifier:
        return True


@lru_cache(maxsize=8192)
def _normalised(version: str) -> str | None:
    try:
        return str(Version(version))
    except InvalidVersion:
        return None


def parse_filename(filename: str, name: str) -> tuple[str, tuple[str, ...]] | None:
    """Return version and expanded tags (none for an sdist), or None for what no Linux installer reads.

    Written for pages of thousands of files: `packaging.utils.parse_wheel_filename` says the same, and takes 20 times as
    long.
    """
    if filename.endswith(".whl"):
        if any(mark in filename for mark in _FOREIGN):
            foreign = filename[:-4].rpartition("-")[2].split(".")
            if not any("linux" in platform or platform == "any" for platform in foreign):
                return None
        parts = filename[:-4].split("-")
        if len(parts) not in {5, 6} or canonicalize_name(parts[0]) != name:
            return None
        version = _normalised(parts[1])
        expanded = tuple(_expanded(*parts[-3:]))
        return None if version is None else (version, expanded)
    for suffix in _SDIST:
        if filename.endswith(suffix):
            stem = filename[: -len(suffix)]
            break
    else:
        return None
    cut = stem.find("-")
    while cut > 0:
        if canonicalize_name(stem[:cut]) == name and (version := _normalised(stem[cut + 1 :])) is not None:
            return version, ()
        cut = stem.find("-", cut + 1)
    return None


def _expanded(pythons: str, abis: str, platforms: str) -> Iterator[str]:
    """Yield the compressed tag set one by one (PEP 425)."""
    for python in pythons.lower().split("."):
        for abi in abis.lower().split("."):
            for platform in platforms.lower().split("."):
                yield f"{python}-{abi}-{platform}"
