"""What a built package ships: installed distributions with the tags of their wheels, and every file of machine code."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from email.parser import HeaderParser
from typing import IO

from packaging.utils import canonicalize_name
from packaging.version import Version

from lambdabot.arm64.files.contents import BAD_ARCHIVE, UnreadableError
from lambdabot.arm64.files.native import AARCH64, HEAD, NativeFile, machine

_DIST_INFO = re.compile(r"(?:^|.*/)[^/]+\.dist-info/(METADATA|WHEEL|RECORD)$")
_TEXT_LIMIT = 8 * 1024 * 1024
_CHUNK = 1024 * 1024
_GLIBC = re.compile(rb"\0GLIBC_(2\.\d{1,3})(?:\.\d+)?(?=\0)")  # a version's name in the dynamic string table
_OVERLAP = 32  # bytes; longer than a version's name


@dataclass(slots=True)
class Distribution:
    """A distribution as it was installed: where its `.dist-info` is, its wheel's tags, the files that are its own."""

    place: str
    name: str = ""
    version: str = ""
    tags: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    files: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Shipped:
    """All of a built package that matters for ARM64."""

    distributions: tuple[Distribution, ...]
    natives: tuple[NativeFile, ...]

    def owner(self, path: str) -> Distribution | None:
        """Return the distribution that a file belongs to."""
        return next((each for each in self.distributions if path in each.files), None)


def read_shipped(files: Iterable[tuple[str, IO[bytes]]]) -> Shipped:
    """Read the files of a package in their order, each as far as is needed; raise UnreadableError for a damaged one."""
    found: dict[str, Distribution] = {}
    natives = []
    try:
        for path, stream in files:
            if match := _DIST_INFO.match(path):
                place = path.rpartition("/")[0]
                text = stream.read(_TEXT_LIMIT).decode(errors="replace")
                _note(found.setdefault(place, Distribution(place)), match[1], text)
                continue
            head = stream.read(HEAD)
            if (kind := machine(head)) is not None:
                natives.append(NativeFile(path, kind, _newest_glibc(head, stream) if kind == AARCH64 else None))
    except BAD_ARCHIVE as error:
        raise UnreadableError(why=f"it is damaged: {error}") from error
    whole = tuple(each for each in found.values() if each.name and each.version)
    return Shipped(whole, tuple(natives))


def _note(distribution: Distribution, kind: str, text: str) -> None:
    """Add what one file of a `.dist-info` says."""
    if kind == "RECORD":
        root = distribution.place.rpartition("/")[0]
        prefix = f"{root}/" if root else ""
        distribution.files = frozenset(prefix + line.split(",")[0].strip('"') for line in text.splitlines())
        return
    message = HeaderParser().parsestr(text)
    if kind == "WHEEL":
        distribution.tags = tuple(str(tag).strip() for tag in message.get_all("Tag", []))
        return
    distribution.name = canonicalize_name(str(message.get("Name", "")).strip())
    distribution.requires = tuple(" ".join(str(line).split()) for line in message.get_all("Requires-Dist", []))
    try:
        distribution.version = str(Version(str(message.get("Version", ""))))
    except ValueError:  # InvalidVersion, or thousands of digits
        distribution.version = ""


def _newest_glibc(head: bytes, stream: IO[bytes]) -> str | None:
    """Return the newest glibc version that a dynamic ELF file names, read in pieces of a bounded size."""
    newest: tuple[int, str] | None = None
    piece = head
    while chunk := stream.read(_CHUNK):
        piece = piece[-_OVERLAP:] + chunk
        for match in _GLIBC.finditer(piece):
            version = match[1].decode()
            newest = max(filter(None, (newest, (int(version[2:]), version))))
    return None if newest is None else newest[1]
