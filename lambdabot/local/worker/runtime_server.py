"""The loopback sockets of one Runtime API: one client asks for the next event, any may answer."""

import selectors
import socket
from collections.abc import Callable
from contextlib import suppress

from lambdabot.local.worker import runtime_api
from lambdabot.local.worker.runtime_api import ProtocolError, Reader, Request

_READ_SIZE = 256 * 1024


class RuntimeServer:
    """Listens on a port of its own and hands requests on; nothing in here waits."""

    def __init__(
        self,
        selector: selectors.BaseSelector,
        is_welcome: Callable[[socket.socket], bool],
        on_request: Callable[[Request, socket.socket], None],
    ) -> None:
        """Listen; `is_welcome` decides who is talked to, `on_request` answers through `reply`."""
        self._selector = selector
        self._is_welcome = is_welcome
        self._on_request = on_request
        self._connections: dict[socket.socket, Reader] = {}
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0)
        self.address = "{}:{}".format(*self._listener.getsockname())
        selector.register(self._listener, selectors.EVENT_READ, self._accept)

    def _accept(self) -> None:
        with suppress(OSError):
            connection, _ = self._listener.accept()
            if not self._is_welcome(connection):
                connection.close()
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._connections[connection] = Reader()
            self._selector.register(connection, selectors.EVENT_READ, lambda: self._read(connection))

    def _read(self, connection: socket.socket) -> None:
        reader = self._connections[connection]
        try:
            data = connection.recv(_READ_SIZE)
            if not data:
                self._drop(connection)
                return
            for request in reader.feed(data):
                self._on_request(request, connection)
            if reader.wants_continue:
                reader.wants_continue = False
                self.reply(connection, runtime_api.CONTINUE)
        except (OSError, ProtocolError):
            self._drop(connection)

    def _drop(self, connection: socket.socket) -> None:
        if self._connections.pop(connection, None) is not None:
            self._selector.unregister(connection)
            connection.close()

    def is_open(self, connection: socket.socket) -> bool:
        """Return True while the client has not hung up."""
        return connection in self._connections

    def reply(self, connection: socket.socket, data: bytes) -> None:
        """Send an answer; a client that hung up gets none, one that does not read it for 10 s is dropped."""
        try:
            connection.settimeout(10)
            connection.sendall(data)
        except OSError:
            self._drop(connection)
