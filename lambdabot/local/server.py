"""The HTTP side: loopback only, a thread for each connection, everything closed at the end."""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import cast

from lambdabot.local.exchange import Request, Response

LARGEST_BODY = 70_167_211  # bytes; Lambda's own limit of a request, the base64 of a 50 MB package


class Server(ThreadingHTTPServer):
    """Serves on 127.0.0.1, from a thread of its own, until closed."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    answer: Callable[[Request], Response]

    def __init__(self, port: int) -> None:
        """Listen; port 0 takes a free one. Connections wait until the start."""
        super().__init__(("127.0.0.1", port), _Connection)
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
            with suppress(OSError):
                connection, address = self.socket.accept()
                with self._lock:
                    self._connections.add(connection)
                self.process_request(connection, address)

    def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        """Forget a connection that has ended."""
        with self._lock:
            self._connections.discard(cast("socket.socket", request))
        super().shutdown_request(request)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no news; what goes wrong in an operation is answered, not raised."""


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def _call(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        length = headers.get("content-length", "0")
        if "transfer-encoding" in headers or not (length.isascii() and length.isdigit()):
            self._write(_refusal(411, "A request needs a Content-Length"))
            return
        if int(length) > LARGEST_BODY:
            self._write(_refusal(413, f"Request must be smaller than {LARGEST_BODY} bytes"))
            return
        path, _, query = self.path.partition("?")
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            self.close_connection = True
            return
        request = Request(method=self.command, path=path, query=query, headers=headers, body=body)
        self._write(cast("Server", self.server).answer(request))

    do_GET = do_POST = do_PUT = do_DELETE = _call  # noqa: N815  # the names that http.server looks for

    def _write(self, response: Response) -> None:
        lines = [f"HTTP/1.1 {response.status} {self.responses.get(response.status, ('',))[0]}"]
        lines += [f"{name}: {value}" for name, value in response.headers.items()]
        if response.status != 204:  # noqa: PLR2004  # No Content has no length either
            lines.append(f"Content-Length: {len(response.body)}")
        if response.status in {411, 413}:
            lines.append("Connection: close")
            self.close_connection = True
        head = "\r\n".join([*lines, "", ""]).encode("latin-1", "replace")
        self.wfile.write(head + response.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name in http.server
        """Write no access log."""


def _refusal(status: int, message: str) -> Response:
    body = f'{{"message": "{message}"}}'.encode()
    headers = {"x-amzn-ErrorType": "RequestEntityTooLargeException", "Content-Type": "application/json"}
    return Response(status=status, headers=headers, body=body)
