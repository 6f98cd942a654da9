"""A handler that looks for a secret wherever a process can look."""

import ctypes
import os
import re
import socket
import struct
from contextlib import suppress
from pathlib import Path

LIBC = ctypes.CDLL(None, use_errno=True)
FOLDERS = ("/github", "/home", "/root", "/run", "/var", "/tmp", "/mnt", "/etc", "..")  # noqa: S108 - looked into
PTRACE_SEIZE = 0x4206  # attaches without stopping the process
PTRACE_DETACH = 17


def handler(event, context):
    secret = (event["half"] * 2).encode()
    found = []

    def look(place, data):
        if secret in data:
            found.append(place)

    look("own environment", repr(dict(os.environ)).encode())
    for handle in range(3, 256):
        with suppress(OSError):
            look(f"open file {handle}", os.pread(handle, 1 << 16, 0))
    listed = {int(name) for name in listing("/proc") if name.isdigit()}
    pids = ({*event["pids"], *range(1, 64)} | listed) - {os.getpid()}
    for pid in sorted(pids):
        look_into(pid, event["address"], look, found)
        for path in event["paths"]:
            look(f"/proc/{pid}/root{path}", read(f"/proc/{pid}/root{path}"))
    for path in event["paths"]:
        look(path, read(path))
    for folder in FOLDERS:
        for path in files(folder, 6):
            look(path, read(path))
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect("\0" + event["socket"])
            look("abstract socket", connection.recv(1024))
    except OSError:
        pass
    status = read("/proc/self/status").decode()
    capabilities = [int(value, 16) for value in re.findall(r"^Cap(?:Inh|Prm|Eff|Amb):\s*(\w+)", status, re.MULTILINE)]
    return {
        "found": found,
        "looked_at_processes": len(pids),
        "user": os.getuid(),
        "capabilities": sum(capabilities),
    }


def look_into(pid, address, look, found):
    for name in ("environ", "cmdline", "maps", "auxv"):
        look(f"/proc/{pid}/{name}", read(f"/proc/{pid}/{name}"))
    for name in listing(f"/proc/{pid}/fd"):
        look(f"/proc/{pid}/fd/{name}", read(f"/proc/{pid}/fd/{name}"))
    for folder in ("cwd", "root/github"):
        for path in files(f"/proc/{pid}/{folder}", 2):
            look(path, read(path))
    for line in read(f"/proc/{pid}/maps").decode().splitlines():
        start, end = (int(part, 16) for part in line.split()[0].split("-"))
        try:
            with Path(f"/proc/{pid}/mem").open("rb") as memory:
                memory.seek(start)
                look(f"/proc/{pid}/mem", memory.read(min(end - start, 1 << 22)))
        except (OSError, OverflowError, ValueError):  # [vsyscall] lies beyond every offset
            pass
    if LIBC.ptrace(PTRACE_SEIZE, pid, 0, 0) == 0:
        found.append(f"ptrace of {pid}")
        LIBC.ptrace(PTRACE_DETACH, pid, 0, 0)
    buffer = ctypes.create_string_buffer(64)
    here = struct.pack("QQ", ctypes.addressof(buffer), 64)
    if LIBC.process_vm_readv(pid, here, 1, struct.pack("QQ", address, 64), 1, 0) > 0:
        look(f"memory of {pid}", buffer.raw)


def read(path):
    try:
        with Path(path).open("rb") as file:
            return file.read(1 << 20)
    except OSError:
        return b""


def listing(folder):
    try:
        return [entry.name for entry in Path(folder).iterdir()]
    except OSError:
        return []


def files(folder, depth):
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            if depth:
                yield from files(entry.path, depth - 1)
        elif entry.is_file(follow_symlinks=False):
            yield entry.path
