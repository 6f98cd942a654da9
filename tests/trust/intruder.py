"""The code of a hostile pull request, as a function and as a build: each `try_…` returns whether it got what it wants.

It runs by itself, beside nothing of lambdabot's. `event` names the try and says where things lie; its `half` is half of
the secret, so that what is sent to it is not the secret itself.
"""

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

LIBC = ctypes.CDLL(None, use_errno=True)
PTRACE_SEIZE = 0x4206


def handler(event, context):
    return globals()[f"try_{event['try']}"](event)


def read(path):
    try:
        return Path(path).read_bytes()
    except OSError:
        return b""


def holds_secret(event, data):
    return (event["half"] * 2).encode() in data


def try_environ(event):
    return holds_secret(event, read(f"/proc/{event['pid']}/environ"))


def try_ptrace(event):
    """Attach in a process that ends at once: lambdabot would stop at its next signal, and nothing be told."""
    child = os.fork()
    if child == 0:
        os._exit(0 if LIBC.ptrace(PTRACE_SEIZE, event["pid"], 0, 0) == 0 else 1)
    return os.waitpid(child, 0)[1] == 0


def try_signal(event):
    try:
        os.kill(event["pid"], signal.SIGCONT)
    except OSError:
        return False
    return True


def try_file(event):
    return holds_secret(event, read(event["path"]))


def try_write(event):
    try:
        Path(event["path"]).write_text("print('mine')\n")
    except OSError:
        return False
    return True


def try_user(event):
    return os.getuid()


def try_become(event):
    return os.getuid() == event["user"]


def try_hold_ids(event):
    """Bind every name that locks a user id, and keep them bound in a process that stays."""
    held = [socket.socket(socket.AF_UNIX) for _ in event["ids"]]
    for one, user in zip(held, event["ids"], strict=True):
        with contextlib.suppress(OSError):  # its own
            one.bind(f"\0lambdabot-user-{user}")
    globals()["held"] = held
    return os.getuid() == 0


def try_temporary(event):
    """Leave the secret in the own folder, and look for that of others, whose folders' names are counted up."""
    own = Path(os.environ["TMPDIR"])
    (own / "notes").write_text(event["half"] * 2)
    folders = (own.parent.parent / f"environment-{number}" / own.name for number in range(1, 20))
    return any(holds_secret(event, read(folder / "notes")) for folder in folders if folder != own)


def try_shared_memory(event):
    return LIBC.shmget(event["key"], 4096, 0o1600) >= 0


def try_queue(event):
    return LIBC.mq_open(event["name"].encode(), os.O_CREAT | os.O_RDWR, 0o600, None) >= 0


def try_keyring(event):
    buffer = ctypes.create_string_buffer(64)
    key = LIBC.syscall(event["keyctl"], 10, -4, b"user", event["name"].encode(), 0)  # KEYCTL_SEARCH in the user's
    LIBC.syscall(event["keyctl"], 11, key, buffer, 64, 0)  # KEYCTL_READ
    return holds_secret(event, buffer.raw)


def try_fill(event):
    """Write more than there is room for, in files that are each small enough."""
    with contextlib.suppress(OSError):
        for number in range(event["files"]):
            Path(os.environ["TMPDIR"], f"part-{number}").write_bytes(bytes(event["bytes"]))
    return True


def try_fill_unseen(event):
    held = []
    for number in range(event["files"]):
        path = Path(os.environ["TMPDIR"], f"part-{number}")
        held.append(path.open("wb", buffering=0))
        path.unlink()
        held[-1].write(bytes(event["bytes"]))
    globals()["held"] = held
    return True


def try_connect(event):
    address = event["path"] if "path" in event else "\0" + event["name"]
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(address)
            return holds_secret(event, connection.recv(1024))
    except OSError:
        return False


def try_daemon(event):
    """Start a process of which nobody here is the parent any more, and wait until it is there."""
    program = f"echo there; exec sleep {event['marker']} >/dev/null 2>&1"
    with subprocess.Popen(["/bin/sh", "-c", f"setsid sh -c '{program}' </dev/null &"], stdout=subprocess.PIPE) as shell:
        return shell.stdout.readline() == b"there\n"


def try_regain(event):
    """Run a program that belongs to root and has the set-user-id bit."""
    found = subprocess.run(
        [event["path"], "-I", "-S", "-c", "import os; print(os.geteuid())"],
        capture_output=True,
        text=True,
        check=False,
    )
    return found.stdout.strip() == "0"


def try_reach(event):
    """Return what can be reached from here, by the names of the table in SECURITY.md."""
    return {
        "everybody": holds_secret(event, read(event["everybody"])),
        "yours": holds_secret(event, read(event["yours"])),
        "lambdabot": try_environ(event),
        "processes": try_environ({"half": event["half"], "pid": event["other"]}),
        "abstract": try_connect({"half": event["half"], "name": event["name"]}),
        "sockets": try_connect(event),
        "left": try_write({"path": event["left"]}),
        **{name: answers(address, port) for name, address, port in event["addresses"]},
    }


def answers(address, port):
    try:
        socket.create_connection((address, port), timeout=10).close()
    except OSError:
        return False
    return True


def got(event):
    """Try all that the event names; return what worked."""
    worked = []
    for name, one in event["tries"].items():
        with contextlib.suppress(OSError):
            worked += [name] if globals()[f"try_{one['try']}"](event | one) is True else []
    return " ".join(worked)


def everything(event):
    """Tell by failing what worked: a report shows why a function fails."""
    message = f"FUNCTION FOUND {got(event)}."
    raise ValueError(message)


def build(event):
    """Do the same while a source distribution is built: nothing else of it is needed."""
    sys.exit(f"BUILD FOUND {got(event)}.")
