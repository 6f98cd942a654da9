"""Namespaces of the kernel: a worker's own processes, shared memory and queues, and its own view of the files.

Sources: namespaces(7), user_namespaces(7), pid_namespaces(7), ipc_namespaces(7), mount_namespaces(7).
"""

import ctypes
import errno
import os
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE = 1, 4
_CLONE_NEWNS, _CLONE_NEWIPC, _CLONE_NEWUSER, _CLONE_NEWPID = 0x00020000, 0x08000000, 0x10000000, 0x20000000
_MS_RDONLY, _MS_NOSUID, _MS_NODEV, _MS_NOEXEC, _MS_REMOUNT = 1, 2, 4, 8, 32
_MS_BIND, _MS_REC, _MS_PRIVATE = 4096, 16384, 1 << 18
_LOCKED = _MS_NOSUID | _MS_NODEV | _MS_NOEXEC  # the same bits in statvfs(3); a user namespace may not clear them
_IDS = 65536  # user ids of a namespace that root makes

_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bind:
    """A file or folder that is seen at another place, or again below a folder that is hidden."""

    source: str
    target: str
    writable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """The files that a worker sees: all but the hidden folders, and over them what is bound, in this order."""

    hidden: tuple[str, ...]
    binds: tuple[Bind, ...]


def enter_process_namespace(*, with_users: bool) -> int:
    """Give the calling process's future children a list of processes of their own; return the pid of its first one.

    With it come System V's shared memory, semaphores and queues, and POSIX's queues, which end with the last of them.
    The first process reaps the orphans of the others, and when it is killed the kernel kills all of them. With
    `with_users` a user namespace lends the privilege that this takes; user ids stay what they are. The calling
    process must have one thread. Raises OSError where the kernel or its configuration refuses.
    """
    if with_users:
        _enter_user_namespace()
    _unshare(_CLONE_NEWPID | _CLONE_NEWIPC)
    pid = os.fork()
    if pid == 0:
        _be_first_process()
    return pid


def _be_first_process() -> None:
    with suppress(BaseException):
        os.setsid()
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)  # it ends with the supervisor
        _libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)  # /proc/1/root would lead a worker of the same user out of its view
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # children are reaped by the kernel
        os.closerange(0, os.sysconf("SC_OPEN_MAX"))
        while True:
            signal.pause()
    os._exit(1)


def _enter_user_namespace() -> None:
    """Enter a user namespace with the ids of this one; only a process outside may map more ids than one's own."""
    user, group, parent = os.geteuid(), os.getegid(), os.getpid()
    reading, writing = os.pipe()
    helper = os.fork()
    if helper == 0:
        status = 1
        with suppress(BaseException):
            os.close(writing)
            os.read(reading, 1)
            count = 1 if user else _IDS
            if user:
                Path(f"/proc/{parent}/setgroups").write_text("deny")
            Path(f"/proc/{parent}/gid_map").write_text(f"{group} {group} {count}")
            Path(f"/proc/{parent}/uid_map").write_text(f"{user} {user} {count}")
            status = 0
        os._exit(status)
    os.close(reading)
    try:
        _unshare(_CLONE_NEWUSER)
    finally:
        os.close(writing)
        _, status = os.waitpid(helper, 0)
    if status != 0:
        raise PermissionError(errno.EPERM, "the ids of a user namespace cannot be mapped")


def enter_view(view: View) -> bool:
    """Give the calling process its own view of the files; return True when its /proc shows its namespace only.

    Raises OSError where a mount is refused.
    """
    _unshare(_CLONE_NEWNS)
    _mount("none", "/", "none", _MS_REC | _MS_PRIVATE)
    # What is bound may lie below what is hidden, or be reachable by us alone: it is opened before anything changes.
    sources = {bind: os.open(bind.source, os.O_PATH | os.O_CLOEXEC) for bind in view.binds}
    for folder in view.hidden:
        _mount("tmpfs", folder, "tmpfs", _MS_NOSUID | _MS_NODEV, "mode=755,size=1m")
    for bind, source in sources.items():
        _bind(f"/proc/self/fd/{source}", bind)
        os.close(source)
    try:
        _mount("proc", "/proc", "proc", _MS_NOSUID | _MS_NODEV | _MS_NOEXEC)
    except OSError:  # in a container whose own /proc is partly hidden
        return False
    return True


def _bind(source: str, bind: Bind) -> None:
    target = Path(bind.target)
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        if Path(source).is_dir():
            target.mkdir()
        else:
            target.touch()
    _mount(source, bind.target, "none", _MS_BIND | _MS_REC)
    if not bind.writable:
        kept = os.statvfs(bind.target).f_flag & _LOCKED
        _mount("none", bind.target, "none", _MS_BIND | _MS_REMOUNT | _MS_RDONLY | kept)


def _unshare(flags: int) -> None:
    _check(_libc.unshare(flags), "unshare")


def _mount(source: str, target: str, kind: str, flags: int, options: str = "") -> None:
    result = _libc.mount(source.encode(), target.encode(), kind.encode(), ctypes.c_ulong(flags), options.encode())
    _check(result, f"mount {target}")


def _check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def probe() -> None:
    """Exit with 0 when this process can have namespaces of its own, 1 when only in a user namespace, else 2."""
    for status, with_users in enumerate((False, True)):
        with suppress(OSError):
            first = enter_process_namespace(with_users=with_users)
            tester = os.fork()
            if tester == 0:
                refused = True
                with suppress(OSError):
                    enter_view(View(hidden=("/dev",), binds=()))
                    refused = False
                os._exit(refused)
            _, result = os.waitpid(tester, 0)
            os.kill(first, signal.SIGKILL)
            sys.exit(2 if result else status)
    sys.exit(2)
