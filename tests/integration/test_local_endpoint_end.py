"""However an embedded endpoint ends, nothing of it is left: no process, no control group, no file, no port."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from lambdabot.local.endpoint import serve, serve_until

SERVE = """
import io, signal, sys, threading, time, zipfile
import boto3
from lambdabot.local.endpoint import serve, serve_until

HANDLER = '''
import subprocess, time

def handler(event, context):
    subprocess.Popen(["sleep", "1000"])
    print("at work")
    time.sleep(event)
'''

def invoke(endpoint):
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("app.py", HANDLER)
    client = boto3.client("lambda", endpoint_url=endpoint.url, region_name="eu-west-1",
        aws_access_key_id=endpoint.access_key or "any", aws_secret_access_key="x")
    for name in ("idle", "busy"):
        client.create_function(FunctionName=name, Runtime="python3.13", Role="arn:aws:iam::123456789012:role/any",
            Handler="app.handler", Timeout=100, Code={"ZipFile": package.getvalue()})
        client.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 0.01})
    client.invoke(FunctionName="idle", Payload=b"0")
    client.invoke(FunctionName="busy", InvocationType="Event", Payload=b"99")
    print(endpoint.url, flush=True)
"""
SIGNALLED = """
stop = threading.Event()
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, lambda *_: stop.set())
serve_until(stop, port=0, started=invoke)
"""
RAISING = """
with serve() as endpoint:
    invoke(endpoint)
    sys.stdin.read()
    raise SystemExit(7)
"""


@dataclass(frozen=True)
class Started:
    """An endpoint in a process of its own, and everything that belongs to it while it lives."""

    process: subprocess.Popen
    descendants: set[int]
    groups: set[Path]
    folder: Path

    def left(self) -> set[object]:
        """Return what of it is still there, once that has had time to go."""
        deadline = time.monotonic() + 10
        while (left := self._now()) and time.monotonic() < deadline:
            time.sleep(0.05)
        return left

    def _now(self) -> set[object]:
        living = {pid for pid in self.descendants if state(pid) not in {"", "Z"}}
        return living | {group for group in self.groups if group.exists()} | set(self.folder.iterdir())


def state(pid: int) -> str:
    """Return a process's state letter (proc(5)); "" when there is no such process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()[0]
    except OSError:
        return ""


def descendants(pid: int) -> set[int]:
    """Return the processes that stem from one."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            children.setdefault(int(stat.read_text().rpartition(") ")[2].split()[1]), []).append(int(stat.parent.name))
        except OSError:
            continue  # it has just ended
    found: set[int] = set()
    waiting = [pid]
    while waiting:
        waiting += children.get(waiting.pop(), [])
        found |= set(waiting)
    return found


def groups(pids: set[int]) -> set[Path]:
    """Return the control groups of ours that processes are in."""
    paths = set()
    for pid in pids:
        try:
            lines = Path(f"/proc/{pid}/cgroup").read_text().splitlines()
        except OSError:
            continue
        paths |= {"/lambdabot" + line.partition("lambdabot")[2] for line in lines if "lambdabot" in line}
    # Unlike a glob it goes on where the group of another endpoint ends at this moment.
    return {Path(folder) for folder, _, _ in os.walk("/sys/fs/cgroup") if folder.endswith(tuple(paths))}


@pytest.fixture
def folder(monkeypatch):
    """A folder for temporary files that is this test's alone, and that workers may pass through."""
    path = Path(tempfile.mkdtemp(dir="/tmp"))  # pytest's own is closed to other users
    path.chmod(0o711)
    monkeypatch.setenv("TMPDIR", str(path))
    monkeypatch.setattr(tempfile, "tempdir", str(path))
    yield path
    shutil.rmtree(path)


@pytest.fixture
def start(folder):
    """Return a starter of an endpoint with one environment idle and one at work."""
    processes = []

    def run(script: str) -> Started:
        process = subprocess.Popen(
            [sys.executable, "-c", SERVE + script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        processes.append(process)
        assert process.stdout.readline().startswith("http://127.0.0.1:")
        deadline = time.monotonic() + 20
        while sum(b"sleep\x00" in command(pid) for pid in descendants(process.pid)) < 2 and time.monotonic() < deadline:
            time.sleep(0.05)
        family = descendants(process.pid)
        started = Started(process=process, descendants=family, groups=groups(family), folder=folder)
        assert len(started.descendants) >= 6
        assert list(folder.iterdir())
        return started

    yield run
    for process in processes:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


def command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_without_a_trace(start, number):
    started = start(SIGNALLED)
    started.process.send_signal(number)
    assert started.process.wait(20) == 0
    assert started.left() == set()


def test_an_exception_ends_it_without_a_trace(start):
    started = start(RAISING)
    started.process.stdin.close()
    assert started.process.wait(20) == 7
    assert started.left() == set()


def test_what_a_killed_one_left_is_removed_by_the_next(start):
    started = start(SIGNALLED)
    started.process.send_signal(signal.SIGKILL)
    started.process.wait()
    with serve():
        pass
    assert started.left() == set()


def test_stop_ends_it_early(folder):
    with serve() as endpoint:
        port = int(endpoint.url.rpartition(":")[2])
        endpoint.stop()
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.1", port))
        assert list(folder.iterdir()) == []


def test_a_port_that_is_taken_is_an_error_and_leaves_nothing(folder):
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(OSError, match="in use"):  # noqa: SIM117
        with serve(port=other.getsockname()[1]):
            pass
    assert list(folder.iterdir()) == []


def test_it_serves_until_it_is_told_to_stop(folder):
    stop, urls = threading.Event(), []

    def started(endpoint):
        urls.append(endpoint.url)
        assert list(folder.iterdir())
        stop.set()

    serve_until(stop, port=0, started=started)
    assert urls[0].startswith("http://127.0.0.1:")
    assert list(folder.iterdir()) == []
