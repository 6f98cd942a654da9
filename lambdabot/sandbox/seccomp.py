"""A filter over the system calls of code of others, for what neither user ids, namespaces nor Landlock take away.

It can only be added to, needs no privilege, and holds for every process that is started from here. Sources: the
kernel's documentation, "Seccomp BPF"; numbers of asm/unistd_64.h and asm-generic/unistd.h.
"""

import ctypes
import errno
import os
import platform
import struct
from collections.abc import Iterable

_PR_SET_SECCOMP, _FILTER = 22, 2
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06  # BPF_LD|W|ABS, BPF_JMP|JEQ|K, BPF_JMP|JGE|K, BPF_RET|K
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000  # SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16  # places in struct seccomp_data
_FOREIGN_NUMBERS = 0x40000000  # from here on x86_64 has the calls of x32, another way to the same
_AF_UNIX = 1

_ALWAYS = ("add_key", "request_key", "keyctl", "io_uring_setup")
"""Keys of the user's that outlive a process, and a way around a filter of sockets; docker's own filter has them too."""

_IPC = ("shmget", "semget", "msgget", "mq_open")
"""What outlives every process of its maker, beside files."""

_NAMES = (*_ALWAYS, *_IPC, "socket")
_MACHINES = {
    "x86_64": (0xC000003E, dict(zip(_NAMES, (248, 249, 250, 425, 29, 64, 68, 240, 41), strict=True))),
    "aarch64": (0xC00000B7, dict(zip(_NAMES, (217, 218, 219, 425, 194, 190, 186, 180, 198), strict=True))),
}

_libc = ctypes.CDLL(None, use_errno=True)


def restrict(*, ipc: bool, unix_sockets: bool) -> None:
    """Refuse the calling process what is not its own; `ipc` and `unix_sockets` say whether it may have those.

    OSError where the kernel has no filter, or the machine is none of Lambda's.
    """
    refused = [*_ALWAYS, *(() if ipc else _IPC)]
    program = b"".join(_program(refused, unix_sockets=unix_sockets))
    code = ctypes.create_string_buffer(program, len(program))
    filters = ctypes.create_string_buffer(struct.pack("HP", len(program) // 8, ctypes.addressof(code)))
    if _libc.prctl(_PR_SET_SECCOMP, _FILTER, filters, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"seccomp: {os.strerror(ctypes.get_errno())}")


def _program(refused: Iterable[str], *, unix_sockets: bool) -> list[bytes]:
    machine = platform.machine()
    if machine not in _MACHINES:
        raise OSError(errno.ENOSYS, f"seccomp: the system calls of {machine} are not known")
    architecture, numbers = _MACHINES[machine]
    program = [
        _step(_LOAD, _ARCHITECTURE),
        _step(_EQUAL, architecture, yes=1),
        _step(_RETURN, _REFUSE | errno.ENOSYS),  # another architecture's calls have other numbers
        _step(_LOAD, _NUMBER),
        _step(_AT_LEAST, _FOREIGN_NUMBERS, no=1),
        _step(_RETURN, _REFUSE | errno.ENOSYS),
    ]
    for name in refused:
        program += [_step(_EQUAL, numbers[name], no=1), _step(_RETURN, _REFUSE | errno.ENOSYS)]
    if not unix_sockets:
        program += [
            _step(_EQUAL, numbers["socket"], no=3),
            _step(_LOAD, _FIRST_ARGUMENT),
            _step(_EQUAL, _AF_UNIX, no=1),
            _step(_RETURN, _REFUSE | errno.EACCES),
        ]
    return [*program, _step(_RETURN, _ALLOW)]


def _step(code: int, value: int, *, yes: int = 0, no: int = 0) -> bytes:
    """Return one instruction; `yes` and `no` are how many to pass over by what a comparison found."""
    return struct.pack("HBBI", code, yes, no, value)
