"""The directory of a zip that somebody else wrote, read within bounds; its files are left alone."""

import zipfile
from typing import IO, cast

MAX_FILES = 100_000
"""No quota of Lambda's: files of a package that nobody means."""

MAX_BYTES = 16 * 1024 * 1024
"""The longest directory: 46 bytes and a name for each of MAX_FILES."""


class _Bounded:
    """A zip whose directory is read only where that is of a bearable length: each of its entries becomes an object."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.seek, self.tell = file.seek, file.tell

    def read(self, size: int = -1) -> bytes:
        if size > MAX_BYTES:
            message = f"its directory is larger than {MAX_BYTES // 1024**2} MB"
            raise zipfile.BadZipFile(message)
        return self._file.read(size)


def sizes(file: IO[bytes]) -> dict[str, int]:
    """Return the bytes of a zip's files, unpacked, by name; a name that is there twice is unpacked twice.

    Raises zipfile.BadZipFile, OSError, UnicodeDecodeError or NotImplementedError for what is no zip that can be read.
    """
    found: dict[str, int] = {}
    with zipfile.ZipFile(cast("IO[bytes]", _Bounded(file))) as opened:
        for entry in opened.infolist():
            found[entry.filename] = found.get(entry.filename, 0) + entry.file_size
        if len(opened.infolist()) > MAX_FILES:
            message = f"it holds more than {MAX_FILES:,} files"
            raise zipfile.BadZipFile(message)
    return found
