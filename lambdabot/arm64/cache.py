"""What was read before, on disk, so that it is asked for again only when it may have changed."""

import hashlib
import json
import os
from contextlib import suppress
from pathlib import Path
from threading import get_ident
from typing import Any


class Cache:
    """JSON documents by kind and key under a folder; without a folder it remembers nothing."""

    def __init__(self, folder: Path | None) -> None:
        """Take the folder as it is; it is made when something is put into it."""
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
        temporary = path.with_suffix(f".{os.getpid()}-{get_ident()}")
        text = json.dumps(document, separators=(",", ":"))
        with suppress(OSError):
            try:
                temporary.write_text(text)
            except FileNotFoundError:
                path.parent.mkdir(parents=True, exist_ok=True)
                temporary.write_text(text)
            temporary.replace(path)

    @staticmethod
    def _path(folder: Path, kind: str, key: str) -> Path:
        digest = hashlib.sha256(key.encode()).hexdigest()
        return folder / f"{kind}-1" / f"{digest}.json"
