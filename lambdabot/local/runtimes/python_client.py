"""AWS's `runtime_client` in Python, for an interpreter that its part in C was not built for.

It runs in the worker, without lambdabot, and stands for the module of that name: `awslambdaric` calls these functions.
The other end is the endpoint's own, whose answers always have a length.
"""

import os
import socket
from collections.abc import Callable, Iterable

_READ_SIZE = 65536

_connection: socket.socket


def initialize_client(user_agent: str) -> None:  # noqa: ARG001 - nobody here asks who it is
    """Connect to the Runtime API."""
    global _connection  # noqa: PLW0603 - one client, as AWS's is
    host, port = os.environ["AWS_LAMBDA_RUNTIME_API"].split(":")
    _connection = socket.create_connection((host, int(port)))
    _connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def next() -> tuple[bytes, dict[str, str]]:  # noqa: A001 - awslambdaric's name
    """Wait for an event; return it and the headers that came with it."""
    return _call("GET", "invocation/next", expected=200)


def post_invocation_result(invoke_id: str, result: bytes, content_type: str, invocation_id: str | None = None) -> None:  # noqa: ARG001 - of Lambdas that have several at once
    """Answer an event."""
    _call("POST", f"invocation/{invoke_id}/response", result, [f"Content-Type: {content_type}"])


def post_error(invoke_id: str, error: str, xray_cause: str, invocation_id: str | None = None) -> None:  # noqa: ARG001 - as above
    """Answer an event with an error, as JSON."""
    _call("POST", f"invocation/{invoke_id}/error", error.encode(), ["Content-Type: application/json"])


def _call(
    method: str, action: str, body: bytes = b"", headers: Iterable[str] = (), expected: int = 202
) -> tuple[bytes, dict[str, str]]:
    lines = [f"{method} /2018-06-01/runtime/{action} HTTP/1.1", "Host: runtime", f"Content-Length: {len(body)}"]
    _connection.sendall("\r\n".join([*lines, *headers, "", ""]).encode() + body)
    head, _, answer = _read_until(b"", lambda data: b"\r\n\r\n" in data).partition(b"\r\n\r\n")
    status, *pairs = head.decode("latin-1").split("\r\n")
    named = {name: value for name, _, value in (pair.partition(": ") for pair in pairs)}
    answer = _read_until(answer, lambda data: len(data) >= int(named["Content-Length"]))
    if int(status.split()[1]) != expected:
        message = f"the Runtime API answered {action} with {status}: {answer[:200]!r}"
        raise RuntimeError(message)
    return answer, named


def _read_until(start: bytes, is_enough: Callable[[bytearray], bool]) -> bytes:
    data = bytearray(start)
    while not is_enough(data):
        part = _connection.recv(_READ_SIZE)
        if not part:
            message = "the Runtime API is gone"
            raise RuntimeError(message)
        data += part
    return bytes(data)
