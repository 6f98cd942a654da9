"""However an embedded endpoint ends, nothing of it is left: no process, no control group, no file, no port."""

import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest

from lambdabot.local.endpoint import serve, serve_until

SERVE = """
import io, json, signal, sys, threading, zipfile
import boto3
from lambdabot.local.endpoint import serve, serve_until

def invoke(endpoint):
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("app.py", "import subprocess, time\\n\\ndef handler(event, context):\\n"
            "    subprocess.Popen(['sleep', '1000'])\\n    time.sleep(event)\\n")
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


def leftovers() -> set[str]:
    """Return folders and control groups of endpoints, and processes of workers."""
    found = {str(path) for path in Path(tempfile.gettempdir()).glob("lambdabot-local-*")}
    found |= {str(path) for path in Path("/sys/fs/cgroup").glob("**/lambdabot*")}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes()
        except OSError:
            continue
        if b"lambdabot.local.worker" in command or b"sleep\x001000" in command:
            found.add(str(process))
    return found


@pytest.fixture
def before() -> set[str]:
    return leftovers()


def new_since(before: set[str]) -> set[str]:
    """Return what is left that was not there; other endpoints of this machine may come and go meanwhile."""
    deadline = time.monotonic() + 10
    while (left := leftovers() - before) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left


@pytest.fixture
def start():
    """Return a starter of an endpoint in a process of its own, with one environment idle and one at work."""
    processes = []

    def run(script: str) -> subprocess.Popen:
        process = subprocess.Popen(
            [sys.executable, "-c", SERVE + script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        processes.append(process)
        assert process.stdout.readline().startswith("http://127.0.0.1:")
        return process

    yield run
    for process in processes:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_without_a_trace(start, before, number):
    process = start(SIGNALLED)
    process.send_signal(number)
    assert process.wait(20) == 0
    assert new_since(before) == set()


def test_an_exception_ends_it_without_a_trace(start, before):
    process = start(RAISING)
    process.stdin.close()
    assert process.wait(20) == 7
    assert new_since(before) == set()


def test_what_a_killed_one_left_is_removed_by_the_next(start, before):
    process = start(SIGNALLED)
    process.send_signal(signal.SIGKILL)
    process.wait()
    with serve():
        pass
    assert new_since(before) == set()


def test_stop_ends_it_early(before):
    with serve() as endpoint:
        port = int(endpoint.url.rpartition(":")[2])
        endpoint.stop()
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.1", port))
        assert new_since(before) == set()


def test_a_port_that_is_taken_is_an_error_and_leaves_nothing(before):
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(OSError, match="in use"):  # noqa: SIM117
        with serve(port=other.getsockname()[1]):
            pass
    assert new_since(before) == set()


def test_it_serves_until_it_is_told_to_stop():
    stop, urls = threading.Event(), []

    def started(endpoint):
        urls.append(endpoint.url)
        stop.set()

    serve_until(stop, port=0, started=started)
    assert urls[0].startswith("http://127.0.0.1:")
