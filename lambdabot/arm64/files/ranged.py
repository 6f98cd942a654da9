"""A remote file read in ranges, so that a wheel's metadata costs kilobytes and not the wheel."""

import io
import re
from collections.abc import Callable
from typing import BinaryIO

import requests

from lambdabot.arm64.files.contents import UnreadableError

TAIL = 32 * 1024  # an archive's directory and the metadata of most wheels lie within
_AHEAD = 16 * 1024
_WHOLE_LIMIT = 64 * 1024 * 1024  # a server without ranges sends everything; more than this is not read

Get = Callable[[str, dict[str, str]], requests.Response]


class RangedFile(io.RawIOBase):
    """A seekable read-only file over HTTP ranges; the tail comes with the first request."""

    def __init__(self, get: Get, url: str) -> None:
        """Ask for the tail, which also tells the size; raise UnreadableError when there is none to be had."""
        super().__init__()
        self._get, self._url, self._position = get, url, 0
        with get(url, {"Range": f"bytes=-{TAIL}"}) as response:
            self._block = bounded(response)
            self._start, self._size = 0, len(self._block)
            if response.status_code == requests.codes.partial_content:
                match = re.fullmatch(r"bytes (\d+)-\d+/(\d+)", response.headers.get("Content-Range", ""))
                if match is None:
                    raise UnreadableError(why="the server answers a range without saying which")
                self._start, self._size = int(match[1]), int(match[2])
        self._tail_start, self._tail = self._start, self._block

    def readable(self) -> bool:
        """It is for reading."""
        return True

    def seekable(self) -> bool:
        """`zipfile` seeks."""
        return True

    def tell(self) -> int:
        """Return the position in bytes."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move; nothing is fetched before it is read."""
        origin = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = max(0, origin + offset)
        return self._position

    def read(self, size: int = -1) -> bytes:
        """Return up to `size` bytes, from memory where they are there already."""
        end = self._size if size < 0 else min(self._size, self._position + size)
        if end <= self._position:
            return b""
        start = self._position
        if start >= self._tail_start:
            block_start, block = self._tail_start, self._tail
        else:
            if not self._start <= start <= end <= self._start + len(self._block):
                self._fetch(start, max(end, min(start + _AHEAD, self._tail_start)))
            block_start, block = self._start, self._block
        self._position = end
        return block[start - block_start : end - block_start]

    def _fetch(self, start: int, end: int) -> None:
        if end - start > _WHOLE_LIMIT:
            raise UnreadableError(why="more would have to be read than is sensible")
        with self._get(self._url, {"Range": f"bytes={start}-{end - 1}"}) as response:
            if response.status_code != requests.codes.partial_content:
                raise UnreadableError(why=f"HTTP {response.status_code}")
            self._start, self._block = start, bounded(response)
        if len(self._block) != end - start:
            raise UnreadableError(why="the server sent another range than was asked for")


def save(response: requests.Response, target: BinaryIO, limit: int) -> None:
    """Write the body and go back to its start; raise UnreadableError when it is larger than `limit` bytes."""
    for chunk in response.iter_content(256 * 1024):
        target.write(chunk)
        if target.tell() > limit:
            raise UnreadableError(why=f"it is too large to be read (over {limit >> 20} MB)")
    target.seek(0)


def bounded(response: requests.Response) -> bytes:
    """Return the body, but never more than the limit, whatever the server says of its length."""
    body = bytearray()
    for chunk in response.iter_content(1024 * 1024):
        body += chunk
        if len(body) > _WHOLE_LIMIT:
            raise UnreadableError(why="the server sends the file whole, and it is too large to be read")
    return bytes(body)
