"""However an endpoint ends, no process, control group or file of its workers stays."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from lambdabot.local.worker.machine import Machine
from lambdabot.sandbox import cgroup

PROGRAM = """
import sys
from pathlib import Path
from lambdabot.sandbox import cgroup
from lambdabot.local.worker.environment import ExecutionEnvironment
from lambdabot.local.worker.machine import Machine
from lambdabot.local.worker.spec import EnvironmentSpec

folder, limits, marker = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
spec = EnvironmentSpec(
    code=folder, handler="app.handler", runtime="python3.11", memory_mb=1769, timeout_seconds=60, environment={},
    function_name="f", version="1", function_arn="arn", region="us-east-1", log_group="g", log_stream="s",
)
machine = Machine(controllers=cgroup.NONE if limits == "governor" else None)
environment = ExecutionEnvironment(spec, machine)
environment.invoke(request_id="x", payload=f'"{marker}"'.encode())
"""

HANDLER = """
import subprocess, time
def handler(event, context):
    subprocess.Popen(["setsid", "sleep", event])
    time.sleep(60)
"""


def commands() -> dict[int, str]:
    """Return the command line of every process."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found[int(path.parent.name)] = path.read_text(errors="replace")
        except OSError:
            continue
    return found


def processes_of(text: str) -> set[int]:
    return {pid for pid, command in commands().items() if text in command}


def groups_of(pids: set[int]) -> list[Path]:
    """Return the control groups of ours that hold one of the processes."""
    folders = [folder for parent in cgroup.find_controllers().folders() for folder in parent.glob("lambdabot-*")]
    found = []
    for folder in folders:
        with suppress(OSError):  # another endpoint's that has just ended
            if pids & set(map(int, (folder / "cgroup.procs").read_text().split())):
                found.append(folder)
    return found


def wait_until(condition: Callable[[], object]) -> bool:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return False


@pytest.mark.parametrize("limits", ["found", "governor"])
def test_leaves_nothing_when_it_is_killed(tmp_path, limits):
    marker = f"{int.from_bytes(os.urandom(6))}.5"  # seconds that no other program sleeps
    (tmp_path / "app.py").write_text(HANDLER)
    for folder in (tmp_path, *tmp_path.parents[:3]):  # one is a worker's own, where there are workers
        folder.chmod(folder.stat().st_mode | 0o055)
    own = tmp_path / "tmp"
    own.mkdir(mode=0o711)
    environment = {**os.environ, "TMPDIR": str(own)}
    endpoint = subprocess.Popen([sys.executable, "-c", PROGRAM, str(tmp_path), limits, marker], env=environment)
    try:
        assert wait_until(lambda: processes_of(f"sleep\0{marker}"))
        groups = groups_of(processes_of(f"sleep\0{marker}"))
    finally:
        endpoint.send_signal(signal.SIGKILL)
        endpoint.wait()

    assert wait_until(lambda: not processes_of(marker))
    assert wait_until(lambda: not any(folder.exists() for folder in groups))
    assert list(own.iterdir()), "the folder stays: no process is left to remove it"
    start_and_end = "from lambdabot.local.worker.machine import Machine; Machine().close()"
    subprocess.run([sys.executable, "-c", start_and_end], env=environment, check=True)
    assert list(own.iterdir()) == []


def test_removes_groups_whose_supervisor_is_gone():
    controllers = cgroup.find_controllers()
    if not controllers.folders():
        pytest.skip("needs writable control groups")
    abandoned = [folder / "lambdabot-999999999-1" for folder in controllers.folders()]
    for folder in abandoned:
        folder.mkdir()
    Machine().close()
    assert not any(folder.exists() for folder in abandoned)
