"""What the endpoint and the supervisor of an execution environment say to each other over a socket pair.

A message is a JSON header and a body of bytes, each preceded by its length (two unsigned 32-bit integers).
"""

import json
import socket
import struct
from typing import Any

_LENGTHS = struct.Struct(">II")

Header = dict[str, Any]


def send(connection: socket.socket, header: Header, body: bytes = b"") -> None:
    """Send one message, whole; raise OSError when the other side is gone."""
    text = json.dumps(header).encode()
    connection.sendall(_LENGTHS.pack(len(text), len(body)) + text + body)


def receive(connection: socket.socket) -> tuple[Header, bytes]:
    """Wait for one message and return its header and body; raise EOFError when the other side is gone."""
    header_length, body_length = _LENGTHS.unpack(_receive_exactly(connection, _LENGTHS.size))
    header = json.loads(_receive_exactly(connection, header_length))
    return header, _receive_exactly(connection, body_length)


def _receive_exactly(connection: socket.socket, length: int) -> bytes:
    data = bytearray(length)
    view = memoryview(data)
    while view:
        count = connection.recv_into(view)
        if count == 0:
            raise EOFError
        view = view[count:]
    return bytes(data)
