"""Programs in cells, as this machine can confine them."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lambdabot.errors import ConfinementError
from lambdabot.sandbox import users
from lambdabot.sandbox.cell import Cell, Limits
from lambdabot.sandbox.isolation import Isolation, Means

LIMITS = Limits(seconds=60, memory_mb=256, storage_mb=8)


@pytest.fixture(scope="module")
def isolation() -> Isolation:
    return Isolation(Means.find(), [])


def run(isolation: Isolation, script: str, limits: Limits = LIMITS):
    with Cell(isolation) as cell:
        finished = cell.run(["/bin/sh", "-c", script], {"PATH": "/usr/bin:/bin"}, shown={}, limits=limits)
    assert not cell.outside.exists()
    return finished


def test_runs_a_program_in_its_folder_and_tells_how_it_ended(isolation):
    finished = run(isolation, "pwd; echo trouble >&2; exit 3")
    assert (finished.end, finished.status) == ("exit", 3)
    assert finished.text.splitlines()[1:] == ["trouble"]
    assert run(isolation, "kill -9 $$").status == -9


def test_has_no_variable_and_no_user_of_ours(isolation, monkeypatch):
    monkeypatch.setenv("GITHUB_TOKEN", "sekrit")
    text = run(isolation, "env; id -u").text
    assert "sekrit" not in text
    assert (f"\n{os.geteuid()}\n" in text) == (not isolation.own_users)


def test_ends_what_takes_longer_than_it_may(isolation):
    limits = Limits(seconds=0.2, memory_mb=256, storage_mb=8)
    assert run(isolation, "sleep 60 & sleep 60", limits).end == "time"


def test_ends_what_writes_more_than_it_may(isolation):
    script = 'for each in 1 2 3 4; do head -c 4000000 /dev/zero > "part-$each"; done'
    assert run(isolation, script).end == "storage"
    assert run(isolation, "head -c 40000000 /dev/zero > one || echo refused").text.endswith("refused\n")


def test_ends_what_takes_more_memory_than_it_may(isolation):
    limits = Limits(seconds=60, memory_mb=64, storage_mb=8)
    program = "kept = []\nwhile True: kept.append(bytearray(b'x' * 1048576))"
    with Cell(isolation) as cell:
        finished = cell.run(
            [str(isolation.interpreter.program), "-I", "-S", "-c", program], {}, shown={}, limits=limits
        )
    assert finished.end == "memory"


def test_leaves_no_process(isolation):
    marker = f"{int.from_bytes(os.urandom(6))}.5"  # seconds that no other program sleeps
    finished = run(
        isolation, f"mkfifo it; setsid sh -c 'echo lives >it; exec sleep {marker}' & read -r it <it; echo $it"
    )
    assert (finished.end, finished.text) == ("exit", "lives\n")
    assert not sleeping(marker)


def test_ends_with_the_process_that_asked_for_it(isolation, tmp_path):
    """A kill of lambdabot ends the program, and gives its user id back."""
    marker = f"{int.from_bytes(os.urandom(6))}.5"
    program = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parents[3])!r})
from lambdabot.sandbox.cell import Cell, Limits
from lambdabot.sandbox.isolation import Isolation, Means
limits = Limits(seconds=600, memory_mb=256, storage_mb=8)
with Cell(Isolation(Means.find(), [])) as cell:
    cell.run(["/bin/sleep", "{marker}"], {{}}, shown={{}}, limits=limits)
"""

    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    tmp_path.chmod(0o755)
    with subprocess.Popen([sys.executable, "-c", program], env=environment) as asking:
        wait_until(lambda: sleeping(marker))
        asking.send_signal(signal.SIGKILL)
    wait_until(lambda: not sleeping(marker))


def sleeping(marker: str) -> bool:
    """Tell whether any process on this machine sleeps for so long."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if path.read_text(errors="replace").endswith(f"sleep\0{marker}\0"):
                return True
    return False


def wait_until(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("more", [0, 1 << 20], ids=["heard or not", "too much to be heard"])
def test_says_what_cannot_be_confined(isolation, monkeypatch, more):
    """The program may end before it has read what it is asked: a pipe takes some of it, and breaks at the rest."""
    monkeypatch.setattr("lambdabot.sandbox.cell._PROGRAM", "raise OSError('no namespaces today')")
    monkeypatch.setattr("lambdabot.sandbox.cell.json.dumps", lambda _: "x" * more)
    with pytest.raises(ConfinementError, match=r"could not be confined: .*no namespaces today"):
        run(isolation, "true")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives user ids")
def test_is_not_made_when_every_user_id_is_taken(isolation, monkeypatch):
    monkeypatch.setattr(users, "_LAST", users._FIRST - 1)
    if isolation.own_users:
        with pytest.raises(ConfinementError, match="are in use on this machine"):
            Cell(isolation)


@pytest.mark.parametrize(
    ("user", "means", "reason"),
    [
        (0, Means(namespaces="own", landlock=7, users=True), None),
        (0, Means(namespaces="none", landlock=0, users=True), "No namespaces and no Landlock"),
        (0, Means(namespaces="own", landlock=7, users=False), "without the capabilities to give one"),
        (1000, Means(namespaces="user", landlock=7, users=False), None),
        (1000, Means(namespaces="none", landlock=7, users=False), "No namespaces"),
        (1000, Means(namespaces="user", landlock=0, users=False), "No Landlock"),
    ],
)
def test_a_build_runs_only_where_it_sees_nothing_of_ours(monkeypatch, user, means, reason):
    monkeypatch.setattr("lambdabot.sandbox.isolation.PROGRAMS", ("/usr/bin",))
    isolation = Isolation(means, [])
    monkeypatch.setattr(os, "geteuid", lambda: user)
    if reason is None:
        isolation.require_for_builds()
    else:
        with pytest.raises(ConfinementError, match=reason):
            isolation.require_for_builds()
