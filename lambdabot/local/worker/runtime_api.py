"""The Runtime API of one execution environment: the HTTP/1.1 that a runtime client speaks, without its sockets.

Paths, headers and answers as "Using the Lambda runtime API for custom runtimes" of the AWS Lambda Developer Guide has
them. What comes in was written by the user's function: anything may be wrong with it, and nothing of it is kept
beyond `RESPONSE_LIMIT`.
"""

import json
from base64 import b64decode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

RESPONSE_LIMIT = 6_291_556  # bytes, as Lambda's own message says: 6 MB and a little
_HEAD_LIMIT = 2 * 1024 * 1024  # awslambdaric sends an X-Ray cause of up to 1 MB as a header
_PREFIX = "/2018-06-01/runtime/"
ERROR_TYPE, _ERROR_BODY = "lambda-runtime-function-error-type", "lambda-runtime-function-error-body"
_REASONS = {200: "OK", 202: "Accepted", 400: "Bad Request", 403: "Forbidden", 404: "Not Found", 413: "Too Large"}


class ProtocolError(Exception):
    """What came is no HTTP that a runtime client would send."""

    def __init__(self, *, what: str) -> None:
        """Say what came instead."""
        super().__init__(what)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request; header names in lower case, and the trailers of a streamed body among them."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    too_large: bool

    @property
    def action(self) -> str:
        """Return what is asked for: `next`, `response`, `error`, `init error`, or `` for everything else."""
        parts = self.path.removeprefix(_PREFIX).split("/") if self.path.startswith(_PREFIX) else []
        match self.method, parts:
            case "GET", ["invocation", "next"]:
                return "next"
            case "POST", ["invocation", _, ("response" | "error") as what]:
                return what
            case "POST", ["init", "error"]:
                return "init error"
        return ""

    @property
    def streamed_error(self) -> bytes | None:
        """Return the error that a streamed response ended in, None for every other.

        It follows what was streamed before it, in trailers ("Response streaming" in "Using the Lambda runtime API").
        """
        streams = self.headers.get("lambda-runtime-function-response-mode") == "streaming"
        if not streams or ERROR_TYPE not in self.headers:
            return None
        try:
            return b64decode(self.headers.get(_ERROR_BODY, ""), validate=True)
        except ValueError:
            return b""

    @property
    def request_id(self) -> str:
        """Return the invocation that a `response` or an `error` belongs to."""
        return self.path.split("/")[-2]


@dataclass(slots=True)
class _Head:
    method: str
    path: str
    headers: dict[str, str]
    chunked: bool
    remaining: int  # bytes of the body, or of the present chunk
    body: bytearray = field(default_factory=bytearray)
    first_chunk: bool = True
    too_large: bool = False


class Reader:
    """Turns the bytes of one connection into requests."""

    def __init__(self) -> None:
        """Start at the beginning of a connection."""
        self._buffer = bytearray()
        self._head: _Head | None = None
        self.wants_continue = False  # the client waits for `100 Continue` before it sends the body

    def feed(self, data: bytes) -> Iterator[Request]:
        """Yield every request that is now complete; raise ProtocolError for what is no HTTP."""
        self._buffer += data
        while True:
            if self._head is None and not self._read_head():
                return
            request = self._read_body()
            if request is None:
                return
            yield request

    def _read_head(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self._buffer) > _HEAD_LIMIT:
                raise ProtocolError(what="the head of a request is too long")
            return False
        lines = bytes(self._buffer[:end]).decode("latin-1").split("\r\n")
        del self._buffer[: end + 4]
        try:
            method, path, _ = lines[0].split(" ")
            headers = _headers(lines[1:])
            length = int(headers.get("content-length", "0"))
        except ValueError as error:
            raise ProtocolError(what=f"a request that is no HTTP: {lines[0][:80]!r}") from error
        if length < 0:
            raise ProtocolError(what="a request with a negative length")
        chunked = "chunked" in headers.get("transfer-encoding", "").lower()
        self._head = _Head(method, path, headers, chunked, 0 if chunked else length)
        self.wants_continue = headers.get("expect", "").lower() == "100-continue"
        return True

    def _read_body(self) -> Request | None:
        head = self._head
        assert head is not None  # noqa: S101 - feed() reads the head first
        while True:
            self._take(head)
            if head.remaining:
                return None
            if not head.chunked:
                break
            size = self._chunk_size(head)
            if size is None:
                return None
            head.first_chunk = False
            if size == 0:
                break
            head.remaining = size
        self._head = None
        return Request(
            method=head.method, path=head.path, headers=head.headers, body=bytes(head.body), too_large=head.too_large
        )

    def _take(self, head: _Head) -> None:
        part = self._buffer[: head.remaining]
        del self._buffer[: head.remaining]
        head.remaining -= len(part)
        if head.too_large or len(head.body) + len(part) > RESPONSE_LIMIT:
            head.too_large = True  # read to its end, so that the client sees the answer, and thrown away
        else:
            head.body += part

    def _chunk_size(self, head: _Head) -> int | None:
        """Return the size of the next chunk, 0 after the last one and its trailers, None when more bytes are needed."""
        start = 0 if head.first_chunk else 2  # the line break that ends the previous chunk
        end = self._buffer.find(b"\r\n", start)
        if end < 0:
            if len(self._buffer) > _HEAD_LIMIT:
                raise ProtocolError(what="a chunk without a size")
            return None
        try:
            size = int(bytes(self._buffer[start:end]).split(b";")[0], 16)
        except ValueError as error:
            raise ProtocolError(what="a chunk without a size") from error
        if size < 0:
            raise ProtocolError(what="a chunk of a negative size")
        if size == 0:
            last = self._buffer.find(b"\r\n\r\n", end)
            if last < 0:
                if len(self._buffer) > _HEAD_LIMIT:
                    raise ProtocolError(what="trailers that are too long")
                return None
            trailers = bytes(self._buffer[end + 2 : last]).decode("latin-1")
            del self._buffer[: last + 4]
            try:
                head.headers |= _headers(trailers.split("\r\n") if trailers else [])
            except ValueError as error:
                raise ProtocolError(what="trailers that are no HTTP") from error
            return 0
        del self._buffer[: end + 2]
        return size


def _headers(lines: Iterable[str]) -> dict[str, str]:
    pairs = (line.split(":", 1) for line in lines)
    return {name.strip().lower(): value.strip() for name, value in pairs}


CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


def answer(status: int, body: bytes = b"", headers: Mapping[str, str] | None = None) -> bytes:
    """Return a response as bytes; header values must be free of line breaks."""
    lines = [f"HTTP/1.1 {status} {_REASONS[status]}", "Content-Type: application/json", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def accepted() -> bytes:
    """Return the answer to what was taken."""
    return answer(202, b'{"status":"OK"}\n')


def refused(status: int, kind: str, message: str) -> bytes:
    """Return an error as the Runtime API words it."""
    return answer(status, json.dumps({"errorMessage": message, "errorType": kind}).encode())
