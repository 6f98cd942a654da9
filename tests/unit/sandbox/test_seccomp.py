"""Filters in forked children, each for good."""

import ctypes
import errno
import platform
import socket

import pytest

from lambdabot.sandbox import prctl, seccomp

LIBC = ctypes.CDLL(None, use_errno=True)


def refused(call: str) -> int:
    """Return the error number of a system call that is made without arguments that mean anything."""
    number = seccomp._MACHINES[platform.machine()][1][call]
    assert LIBC.syscall(number, 0, 0, 0, 0, 0) == -1
    return ctypes.get_errno()


def made() -> bool:
    """Make shared memory and take it away again; False where it is refused."""
    found = LIBC.shmget(0, 4096, 0o1600)
    if found >= 0:
        LIBC.shmctl(found, 0, None)
    return found >= 0


@pytest.mark.parametrize("ipc", [True, False])
@pytest.mark.parametrize("unix_sockets", [True, False])
def test_refuses_what_it_is_told_to(in_child, ipc, unix_sockets):
    def child():
        prctl.forbid_new_privileges()
        seccomp.restrict(ipc=ipc, unix_sockets=unix_sockets)
        assert {refused(call) for call in seccomp._ALWAYS} == {errno.ENOSYS}
        assert made() is ipc
        if unix_sockets:
            socket.socket(socket.AF_UNIX).close()
        else:
            with pytest.raises(PermissionError):
                socket.socket(socket.AF_UNIX)
        one, other = socket.socketpair()
        one.close()
        other.close()
        socket.socket(socket.AF_INET).close()

    assert in_child(child) == ""


def test_refuses_the_calls_of_another_architecture(in_child):
    if platform.machine() != "x86_64":
        pytest.skip("x32 is another way to the calls of x86_64 alone")

    def child():
        prctl.forbid_new_privileges()
        seccomp.restrict(ipc=True, unix_sockets=True)
        ctypes.set_errno(0)
        assert LIBC.syscall(0x40000000 + 39) == -1  # getpid of x32
        assert ctypes.get_errno() == errno.ENOSYS

    assert in_child(child) == ""


def test_tells_what_the_kernel_refused(in_child):
    def child():
        prctl._prctl(4, 1)
        if not prctl_privileged():
            with pytest.raises(PermissionError, match="seccomp"):
                seccomp.restrict(ipc=True, unix_sockets=True)

    def prctl_privileged() -> bool:
        import os

        if os.geteuid() == 0:
            os.setresuid(65534, 65534, 65534)
        return False

    assert in_child(child) == ""


def test_knows_the_calls_of_lambdas_machines_only(monkeypatch):
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    with pytest.raises(OSError, match="the system calls of riscv64 are not known"):
        seccomp.restrict(ipc=True, unix_sockets=True)
