"""A zip that somebody else wrote: its directory, and what it holds, read within bounds."""

import hashlib
import zipfile
from typing import IO, cast

MAX_FILES = 100_000
"""No quota of Lambda's: files of a package that nobody means."""

MAX_BYTES = 16 * 1024 * 1024
"""The longest directory: 46 bytes and a name for each of MAX_FILES."""

_PIECE = 1 << 20

FAULTS = (OSError, zipfile.BadZipFile, UnicodeDecodeError, NotImplementedError, RuntimeError, EOFError, ValueError)
"""What the zip of somebody else raises: damaged, encrypted, compressed in a way that is not known."""


class _Bounded:
    """A zip whose directory is read only where that is of a bearable length: each of its entries becomes an object."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.seek, self.tell, self.seekable = file.seek, file.tell, file.seekable

    def read(self, size: int = -1) -> bytes:
        if size > MAX_BYTES:
            message = f"its directory is larger than {MAX_BYTES // 1024**2} MB"
            raise zipfile.BadZipFile(message)
        return self._file.read(size)


def _opened(file: IO[bytes]) -> zipfile.ZipFile:
    found = zipfile.ZipFile(cast("IO[bytes]", _Bounded(file)))
    if len(found.infolist()) > MAX_FILES:
        message = f"it holds more than {MAX_FILES:,} files"
        raise zipfile.BadZipFile(message)
    return found


def sizes(file: IO[bytes]) -> dict[str, int]:
    """Return the bytes of a zip's files, unpacked, by name; a name that is there twice is unpacked twice.

    Raises zipfile.BadZipFile, OSError, UnicodeDecodeError or NotImplementedError for what is no zip that can be read.
    """
    found: dict[str, int] = {}
    with _opened(file) as opened:
        for entry in opened.infolist():
            found[entry.filename] = found.get(entry.filename, 0) + entry.file_size
    return found


def contents(file: IO[bytes], *, largest: int) -> str:
    """Return a digest of names, modes and bytes of a zip's files, in the order in which they are unpacked.

    Times, compression and owners are not in it. Raises one of FAULTS, also for more than `largest` bytes unzipped.
    """
    digest = hashlib.sha256()
    with _opened(file) as archive:
        entries = archive.infolist()
        if sum(entry.file_size for entry in entries) > largest:
            message = f"it holds more than {largest // 1024**2} MB"
            raise zipfile.BadZipFile(message)
        last = {entry.filename: entry for entry in entries}  # of those of one name the last stays
        for name in sorted(last):
            entry, content = last[name], hashlib.sha256()
            with archive.open(entry) as opened_entry:
                while piece := opened_entry.read(_PIECE):
                    content.update(piece)
            mode = entry.external_attr >> 16 if entry.create_system == 3 else 0  # noqa: PLR2004  # Unix
            digest.update(f"{len(name)} {name} {mode:o} {content.hexdigest()}\n".encode(errors="surrogateescape"))
    return digest.hexdigest()
