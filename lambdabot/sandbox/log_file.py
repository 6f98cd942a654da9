"""The standard output and error of a worker, in a file without a name: writing never waits, nothing is left."""

import os
from pathlib import Path

_KEPT = 6 * 1024 * 1024  # bytes of one invocation's log that are kept, from its end
_EMPTIED_AT = 64 * 1024 * 1024


class LogFile:
    """A log that is read piece by piece, each piece once."""

    def __init__(self, folder: Path) -> None:
        """Open the file and remove its name."""
        path = folder / "log"
        # Appending, so that every process writes at the end, also after the file was emptied.
        self.handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        path.unlink()
        self._position = 0

    def read(self) -> bytes:
        """Return what was written since the last time, the end of it when it is more than 6 MB."""
        end = os.fstat(self.handle).st_size
        start = max(self._position, end - _KEPT)
        data = bytearray()
        while len(data) < end - start and (part := os.pread(self.handle, end - start - len(data), start + len(data))):
            data += part
        self._position = end
        if end > _EMPTIED_AT:
            os.ftruncate(self.handle, 0)
            self._position = 0
        return bytes(data)

    def close(self) -> None:
        """Give the file up."""
        os.close(self.handle)
