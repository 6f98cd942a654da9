"""The HTTP side: loopback only, a thread for each connection, everything closed at the end."""

import re
import socket
import struct
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import cast

from lambdabot.local.exchange import WHOLE, Delivery, Request, Response

LARGEST_BODY = 70_167_211  # bytes; Lambda's own limit of a request, the base64 of a 50 MB package
_LONGEST_LINE = 65_536  # bytes, as http.server has it
_MOST_HEADERS = 100
_BREATH_SECONDS = 0.01
_SIZE = re.compile(r"[0-9A-Fa-f]{1,8}")  # of a chunk
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER of no time: closing sends RST (socket(7))


class Server(ThreadingTCPServer):
    """Serves on 127.0.0.1, from a thread of its own, until closed."""

    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    answer: Callable[[Request], Response]

    def __init__(self, port: int, *, chunks: bool = False) -> None:
        """Listen; port 0 takes a free one. Connections wait until the start. `chunks`: bodies may come in them."""
        super().__init__(("127.0.0.1", port), _Connection)
        self.chunks = chunks
        self._connections: set[socket.socket] = set()
        self._closed = False
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._accept, name="embedded Lambda endpoint", daemon=True)

    def start(self, answer: Callable[[Request], Response]) -> None:
        """Answer requests from now on."""
        self.answer = answer
        self._thread.start()

    @property
    def url(self) -> str:
        """The address to give a client as its endpoint."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def close(self) -> None:
        """Stop listening and cut every connection; answers that are still being made find nobody."""
        self._closed = True
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)  # wakes the thread in accept(2)
        if self._thread.is_alive():
            self._thread.join()
        self.server_close()
        with self._lock:
            connections = list(self._connections)
        for connection in connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while not self._closed:
            try:
                connection, address = self.socket.accept()
            except OSError:  # closed, or no descriptor is free right now
                time.sleep(_BREATH_SECONDS)
                continue
            with self._lock:
                self._connections.add(connection)
            try:
                self.process_request(connection, address)
            except RuntimeError:  # no thread to be had right now
                self.shutdown_request(connection)

    def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        """Forget a connection that has ended."""
        with self._lock:
            self._connections.discard(cast("socket.socket", request))
        super().shutdown_request(request)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no news; what goes wrong in an operation is answered, not raised."""


class _RefusedError(Exception):
    """A request that cannot be read to its end: the connection ends with this answer."""

    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status.description)
        self.response = Response(status=status, headers={"Connection": "close"}, body=status.phrase.encode())


class _CutError(Exception):
    """A response of which no more is to arrive."""


class _Connection(StreamRequestHandler):
    """HTTP/1.1 as far as AWS's SDKs speak it (RFC 9112): a length, or S3's chunks, connections that are used again."""

    disable_nagle_algorithm = True

    def handle(self) -> None:
        """Answer one request after the other until the client is gone, or wants to go."""
        try:
            while (request := self._read()) is not None:
                self._write(cast("Server", self.server).answer(request))
                if request.headers.get("connection", "").lower() == "close":
                    break
        except _RefusedError as refused:
            self._write(refused.response)
        except _CutError:
            self._reset()

    def _read(self) -> Request | None:
        """Return the next request; None when the client has ended."""
        line = self._line()
        if not line:
            return None
        method, _, rest = line.partition(" ")
        target, _, version = rest.partition(" ")
        if not version.startswith("HTTP/1."):
            raise _RefusedError(HTTPStatus.BAD_REQUEST)
        headers = self._headers()
        length = headers.get("content-length", "0")
        chunked = "transfer-encoding" in headers
        if (chunked and not cast("Server", self.server).chunks) or not (length.isascii() and length.isdigit()):
            raise _RefusedError(HTTPStatus.LENGTH_REQUIRED)
        if int(length) > LARGEST_BODY:
            raise _RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        if headers.get("expect", "").lower() == "100-continue":
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = self._chunks() if chunked else self.rfile.read(int(length))
        if not chunked and len(body) < int(length):
            return None
        path, _, query = target.partition("?")
        return Request(method=method, path=path, query=query, headers=headers, body=body)

    def _chunks(self) -> bytes:
        """Read chunks and what follows the last one."""
        body = bytearray()
        while (size := self._line().partition(";")[0]).strip("0"):
            if not _SIZE.fullmatch(size) or len(body) + int(size, 16) > LARGEST_BODY:
                raise _RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            body += self.rfile.read(int(size, 16))
            self._line()
        self._headers()
        return bytes(body)

    def _headers(self) -> dict[str, str]:
        headers: dict[str, str] = {}
        while line := self._line():
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
            if len(headers) > _MOST_HEADERS:
                raise _RefusedError(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        return headers

    def _line(self) -> str:
        line = self.rfile.readline(_LONGEST_LINE + 1)
        if len(line) > _LONGEST_LINE:
            raise _RefusedError(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        return line.decode("latin-1").rstrip("\r\n")

    def _write(self, response: Response) -> None:
        body = response.body[: int(len(response.body) * response.delivery.kept)]
        lines = [f"HTTP/1.1 {response.status} {HTTPStatus(response.status).phrase}"]
        lines += [f"{name}: {value}" for name, value in response.headers.items()]
        if response.status != HTTPStatus.NO_CONTENT:
            lines.append(f"Content-Length: {len(body)}")
        head = "\r\n".join([*lines, "", ""]).encode("latin-1", "replace")
        if response.delivery == WHOLE:
            self.wfile.write(head + body)
        else:
            self._deliver(head, body, response.delivery)

    def _deliver(self, head: bytes, body: bytes, delivery: Delivery) -> None:
        """Write what is to arrive, in two parts; raise _CutError when that is not all."""
        sent = head + body[: int(len(body) * delivery.share)] if delivery.share else b""
        middle = len(sent) - len(body) // 2
        self.wfile.write(sent[:middle])
        time.sleep(delivery.pause_seconds)
        self.wfile.write(sent[middle:])
        if delivery.share < 1:
            raise _CutError

    def _reset(self) -> None:
        """Close the connection as a crashed peer does."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        for stream in (self.rfile, self.wfile, self.connection):  # each holds the descriptor
            stream.close()
