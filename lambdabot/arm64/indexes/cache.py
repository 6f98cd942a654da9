"""What was read before, on disk, so that it is asked for again only when it may have changed."""

import hashlib
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from lambdabot import output
from lambdabot.errors import UsageError


class Cache:
    """JSON documents by kind and key under a folder; without a folder it remembers nothing."""

    def __init__(self, folder: Path | None) -> None:
        """Take a folder of our own as it is; it is made when something is put into it."""
        self._folder = folder

    def get(self, kind: str, key: str) -> dict[str, Any] | None:
        """Return the document, or None when there is none or it is damaged."""
        if self._folder is None:
            return None
        try:
            document = json.loads(self._path(self._folder, kind, key).read_bytes())
        except (OSError, ValueError):
            return None
        return document if isinstance(document, dict) else None

    def put(self, kind: str, key: str, document: dict[str, Any]) -> None:
        """Write the document whole or not at all; a full or read-only disk costs the cache, not the check."""
        if self._folder is None:
            return
        path = self._path(self._folder, kind, key)
        data = json.dumps(document, separators=(",", ":")).encode()
        with suppress(OSError, UsageError), output.opened(path.parent, None) as place:
            place.write(path.name, data)

    @staticmethod
    def _path(folder: Path, kind: str, key: str) -> Path:
        digest = hashlib.sha256(key.encode()).hexdigest()
        return folder / f"{kind}-1" / f"{digest}.json"
