"""Distribution files, read at most once per check and, where their hash is known, once for all.

What is kept is kept by the address that it came from: a hash is a claim of whoever wrote the page or the lock, and
tells only whether the file at that address is still the same.
"""

import tempfile
from concurrent.futures import Future
from contextlib import suppress
from threading import BoundedSemaphore, Lock
from typing import BinaryIO, cast

import requests

from lambdabot.arm64.files.contents import Contents, UnreadableError, parse_metadata
from lambdabot.arm64.files.ranged import RangedFile, bounded, save
from lambdabot.arm64.files.sdist import read_sdist
from lambdabot.arm64.files.wheel import read_wheel
from lambdabot.arm64.indexes.cache import Cache
from lambdabot.arm64.indexes.release import File
from lambdabot.arm64.indexes.transport import THREADS, Transport, UnreachableError, cause, status
from lambdabot.arm64.verdict_json import fingerprint

_SDIST_LIMIT = 64 * 1024 * 1024
_IN_MEMORY = 4 * 1024 * 1024


class Reader:
    """Reads wheels in ranges and sdists whole; what cannot be read says why in its `trouble`."""

    def __init__(self, transport: Transport, cache: Cache) -> None:
        """Take the connections and the cache."""
        self._transport = transport
        self._cache = cache
        self._lock = Lock()
        self._at_once = BoundedSemaphore(THREADS)  # however many the resolver asks for: a connection costs a handshake
        self._futures: dict[str, Future[Contents]] = {}
        self.repeatable = True  # so far, all that was read can be relied upon another time

    def read(self, file: File, name: str) -> Contents:
        """Return what the file of the project `name` holds; concurrent callers share one reading."""
        with self._lock:
            future = self._futures.get(file.url)
            mine = future is None
            if future is None:
                future = self._futures[file.url] = Future()
        if mine:
            try:
                future.set_result(self._read(file, name))
            except BaseException as error:
                future.set_exception(error)
                raise
        return future.result()

    def _read(self, file: File, name: str) -> Contents:
        key = _key(file, name)
        if file.sha256 and (known := self._kept(key)) is not None:
            return known
        try:
            with self._at_once:
                contents = self._read_wheel(file, name) if file.is_wheel else self._read_sdist(file)
        except (UnreadableError, UnreachableError) as error:
            self.repeatable = False
            return Contents(trouble=str(error))
        except requests.RequestException as error:
            self.repeatable = False
            return Contents(trouble=cause(error))
        if file.sha256:
            self._cache.put("contents", key, contents.document())
        else:
            self.repeatable = False
        return contents

    def _kept(self, key: str) -> Contents | None:
        """Return what was read before; a damaged note of it is none."""
        document = self._cache.get("contents", key)
        try:
            return None if document is None else Contents.of_document(document)
        except (KeyError, TypeError):
            return None

    def _get(self, url: str, headers: dict[str, str]) -> requests.Response:
        """Open a file as it is stored: a compressed transfer has no byte ranges."""
        response = self._transport.get(url, {"Accept-Encoding": "identity", **headers})
        if not response.ok:
            response.close()
            raise UnreadableError(why=status(response))
        return response

    def _read_wheel(self, file: File, name: str) -> Contents:
        if file.metadata and not file.is_any:  # one for any platform is looked into anyway
            # A mirror may copy the page that promises it, and not have it.
            with suppress(UnreadableError), self._get(f"{file.url}.metadata", {}) as response:
                return Contents(*parse_metadata(bounded(response).decode(errors="replace")))
        return read_wheel(cast("BinaryIO", RangedFile(self._get, file.url)), name, scan=file.is_any)

    def _read_sdist(self, file: File) -> Contents:
        with self._get(file.url, {}) as response, tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as spool:
            save(response, cast("BinaryIO", spool), _SDIST_LIMIT)
            return read_sdist(cast("BinaryIO", spool), file.filename)


def _key(file: File, name: str) -> str:
    """Return what the contents are kept by: where they came from, how they were read, and the hash of that time."""
    return fingerprint(file.url, name, file.filename, file.metadata, file.sha256)
