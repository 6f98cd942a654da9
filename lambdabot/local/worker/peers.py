"""Who is at the other end of a loopback connection: only an environment's own processes may use its Runtime API.

Another environment could otherwise take its events and answer in its name, and make the other side of a comparison
look slow.
"""

import os
import socket
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

_TABLE = Path("/proc/net/tcp")  # proc_net_tcp: addresses in the machine's byte order, in hexadecimal


def _written(address: tuple[str, int]) -> str:
    packed = int.from_bytes(socket.inet_aton(address[0]), "little")
    return f"{packed:08X}:{address[1]:04X}"


def _peer(connection: socket.socket) -> tuple[int, str] | None:
    """Return the user id and the inode of the socket at the other end, None when it is gone."""
    theirs, ours = _written(connection.getpeername()), _written(connection.getsockname())
    for line in _TABLE.read_text().splitlines():
        fields = line.split()
        if fields[1:3] == [theirs, ours]:
            return int(fields[7]), fields[9]
    return None


def belongs_to(connection: socket.socket, user: int, pids: Iterable[int]) -> bool:
    """Return True when a process of the environment holds the other end: by its user id, if that is not ours as well.

    Else it is one of these processes that must have the socket open.
    """
    try:
        peer = _peer(connection)
    except OSError:
        return False
    if peer is None:
        return False
    peer_user, inode = peer
    if peer_user != user or user != os.geteuid():
        return peer_user == user
    wanted = f"socket:[{inode}]"
    return any(wanted in _open_files(pid) for pid in pids)


def _open_files(pid: int) -> set[str]:
    found = set()
    with suppress(OSError):
        for handle in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(OSError):
                found.add(str(handle.readlink()))
    return found
