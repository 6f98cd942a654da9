"""What an index holds of a project: releases and their files, and which file fits a target best."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from lambdabot.arm64.target import Target, ranks
from lambdabot.model import Architecture

_LONGEST_NAME = 255  # characters that a file system takes
_SDIST = (".tar.gz", ".zip", ".tgz", ".tar.bz2", ".tar.xz")


class File(NamedTuple):
    """One file of a release, by what its name and the index say; a tuple, for there are tens of thousands of them."""

    filename: str
    place: str  # its address, without the file's name where it ends in it
    version: str  # normalised (PEP 440)
    tags: str  # compressed (PEP 425): `cp313-cp313-manylinux_2_17_aarch64.manylinux2014_aarch64`; empty: sdist
    requires_python: str | None = None
    sha256: str | None = None
    yanked: bool = False
    metadata: bool = False  # the index serves the wheel's METADATA beside it (PEP 658)

    @property
    def url(self) -> str:
        """Return where the file is."""
        return self.place + self.filename if self.place.endswith("/") else self.place

    @property
    def is_wheel(self) -> bool:
        """Tell a wheel from an sdist."""
        return bool(self.tags)

    @property
    def is_any(self) -> bool:
        """True for a wheel that claims to run on every platform."""
        return "any" in self.platforms

    @property
    def platforms(self) -> list[str]:
        """Return the platform tags; none for an sdist."""
        return self.tags.rpartition("-")[2].split(".") if self.tags else []

    def supports_python(self, target: Target) -> bool:
        """Judge Requires-Python; one that cannot be read counts as none, as installers have it."""
        return self.requires_python is None or accepts_python(self.requires_python, target.python_full)


@dataclass(frozen=True, slots=True)
class Project:
    """A project on one index: files by normalised version."""

    name: str
    index: str  # address without credentials
    releases: Mapping[str, tuple[File, ...]] = field(repr=False)


@lru_cache(maxsize=8192)
def rank(compressed: str, target: Target, architecture: Architecture) -> int | None:
    """Return how specific the best fitting tag of a compressed set is (0: most), None when none fits."""
    fitting = ranks(target, architecture)
    return min((fitting[tag] for tag in expanded(compressed) if tag in fitting), default=None)


def expanded(compressed: str) -> list[str]:
    """Return the tags of a compressed set one by one (PEP 425)."""
    if not compressed:
        return []
    pythons, abis, platforms = (part.split(".") for part in compressed.split("-"))
    return [f"{python}-{abi}-{platform}" for python in pythons for abi in abis for platform in platforms]


@lru_cache(maxsize=8192)
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


@lru_cache(maxsize=16384)
def _normalised(version: str) -> str | None:
    try:
        return str(Version(version))
    except ValueError:  # InvalidVersion, or thousands of digits
        return None


_canonical = lru_cache(maxsize=4096)(canonicalize_name)


@lru_cache(maxsize=8192)
def _matters(platform: str) -> bool:
    """Tell whether a compressed platform tag is for Linux on x86_64 or arm64, or for any platform."""
    tags = platform.lower().split(".")
    return any(tag == "any" or ("linux" in tag and tag.endswith(("_x86_64", "_aarch64"))) for tag in tags)


def filename_of(address: str) -> str:
    """Return the last part of an address's path, whatever the rest of it is."""
    return unquote(re.split(r"[?#]", address, maxsplit=1)[0].rpartition("/")[2])


def parse_filename(filename: str, name: str) -> tuple[str, str] | None:
    """Return version and compressed tags (none for an sdist), or None for what no Linux installer here reads.

    Written for pages of thousands of files: `packaging.utils.parse_wheel_filename` says the same and takes far longer.
    """
    if filename.endswith(".whl"):
        head, _, platform = filename[:-4].rpartition("-")
        if len(filename) > _LONGEST_NAME or not _matters(platform):
            return None
        parts = head.split("-")  # name, version, perhaps a build number, Python, ABI
        if len(parts) not in {4, 5} or _canonical(parts[0]) != name:
            return None
        version = _normalised(parts[1])
        return None if version is None else (version, f"{parts[-2]}-{parts[-1]}-{platform}".lower())
    suffix = _SDIST[0] if filename.endswith(_SDIST[0]) else next(filter(filename.endswith, _SDIST), None)
    if suffix is None or len(filename) > _LONGEST_NAME:
        return None
    stem = filename[: -len(suffix)]
    cut = stem.find("-")
    while cut > 0:
        if _canonical(stem[:cut]) == name and (version := _normalised(stem[cut + 1 :])) is not None:
            return version, ""
        cut = stem.find("-", cut + 1)
    return None
