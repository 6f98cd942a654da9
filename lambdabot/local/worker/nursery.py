"""A small process that turns into the supervisor of each new execution environment by forking itself.

Starting an interpreter for each of hundreds of environments would take the processors away from what is measured. The
endpoint cannot fork itself: it has threads, and secrets in its memory.
"""

import os
import signal
import socket
import subprocess
import sys
import threading
import traceback
from contextlib import suppress
from pathlib import Path

from lambdabot.local.worker import messages
from lambdabot.local.worker.supervisor import supervise
from lambdabot.sandbox import users

_PACKAGE_ROOT = Path(__file__).parents[3]
_PROGRAM = (
    "import sys; sys.path.insert(0, {root!r}); from lambdabot.local.worker.nursery import main; main({handle}, {locks})"
)


class Nursery:
    """The endpoint's side of it."""

    def __init__(self, locks: int | None = None) -> None:
        """Start the process; it and its supervisors hold the locks of user ids too, for as long as they live."""
        self._lock = threading.Lock()
        self._line, theirs = socket.socketpair()
        with theirs:
            program = _PROGRAM.format(root=str(_PACKAGE_ROOT), handle=theirs.fileno(), locks=locks)
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", program],
                env={},  # nothing could leak from it
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,  # the job's log is no place for what runs below it
                stderr=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(), *(() if locks is None else (locks,))),
                start_new_session=True,  # an interrupt at the terminal is the endpoint's to handle
            )

    def raise_supervisor(self) -> socket.socket:
        """Return the connection to a new supervisor, which ends when the connection does; OSError without nursery."""
        ours, theirs = socket.socketpair()
        try:
            with theirs, self._lock:
                socket.send_fds(self._line, [b"+"], [theirs.fileno()])
        except OSError:
            ours.close()
            raise
        return ours

    def close(self) -> None:
        """End the process; its supervisors end by themselves."""
        self._line.close()
        self._process.wait()


def main(handle: int, locks: int | None) -> None:
    """Fork a supervisor for each connection that comes over the socket with this file descriptor, until it closes.

    When that is because the endpoint was killed, its locks of user ids end with the last supervisor.
    """
    endpoint = os.getppid()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel reaps them
    line = socket.socket(fileno=handle)
    while True:
        _, handles, _, _ = socket.recv_fds(line, 1, 1)
        if not handles:
            break
        if os.fork() == 0:
            line.close()
            _become_supervisor(handles[0])
        os.close(handles[0])
    if locks is not None and os.getppid() != endpoint:
        with suppress(ChildProcessError):
            os.wait()  # for all of them: children that the kernel reaps are waited for together
        users.remove_unused(locks)


def _become_supervisor(handle: int) -> None:
    """Supervise one environment; runs in the forked child and never returns."""
    control = socket.socket(fileno=handle)
    try:
        os.setsid()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        supervise(control)
    except BaseException:  # noqa: BLE001 - the endpoint raises it
        with suppress(OSError):
            messages.send(control, {"kind": "crash", "text": traceback.format_exc(limit=-3)})
    finally:
        os._exit(0)
