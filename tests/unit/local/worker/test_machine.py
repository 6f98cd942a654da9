import fcntl
import os
import socket
import threading
from pathlib import Path

import pytest

from lambdabot.errors import ConfinementError, EndpointError
from lambdabot.local.worker.machine import Machine, vcpus_of
from lambdabot.sandbox import cgroup, users
from lambdabot.sandbox.isolation import Means
from lambdabot.sandbox.users import may_run_other_users
from tests import open_interpreter

PLAIN = Means(namespaces="none", landlock=0, users=may_run_other_users())


@pytest.fixture
def new_plain_machine(monkeypatch):
    """A machine that one test has for itself."""
    open_interpreter.use(monkeypatch)
    with Machine(controllers=cgroup.NONE, means=PLAIN) as machine:
        yield machine


def test_says_which_sizes_it_has_the_processors_for(machine):
    assert machine.supports(128) == ""
    assert machine.supports(int(machine.vcpus * 1769)) == ""
    refused = machine.supports(10_240 * 100)
    assert refused == f"1024000 MB has 578.86 vCPUs on Lambda, and this machine has {machine.vcpus:g}"
    assert vcpus_of(1769) == 1


def test_describes_itself(machine, plain_machine):
    assert "vCPUs. CPU in proportion to memory by " in machine.describe()
    plain = plain_machine.describe()
    assert "stopping and continuing its processes; memory limited by looking at its processes every 5 ms." in plain
    assert "No namespaces" in plain


def test_leaves_nothing(tmp_path, monkeypatch):
    open_interpreter.use(monkeypatch)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with Machine(controllers=cgroup.NONE, means=PLAIN) as machine:
        berth = machine.lend()
        other = machine.lend()
        (berth.folder / "tmp/closed").mkdir()
        (berth.folder / "tmp/closed/inner").write_text("x")
        (berth.folder / "tmp/link").symlink_to("/")
        (berth.folder / "tmp/closed").chmod(0)
        machine.take_back(berth)
        assert not berth.folder.exists()
        assert other.folder.exists()
    assert list(tmp_path.iterdir()) == []


def test_lends_each_environment_a_user_and_a_folder(machine):
    one, other = machine.lend(), machine.lend()
    assert one.folder != other.folder
    if machine.isolation.own_users:
        assert one.user != other.user
        assert (one.folder / "tmp").stat().st_uid == one.user
    machine.take_back(one)
    machine.take_back(other)


HELLO = "def handler(event, context): return 1"


def test_stops_an_environment_that_runs(start, machine):
    call = start(machine, "import time\ndef handler(event, context): time.sleep(event.get('seconds', 0))")
    call()
    failures: list[BaseException] = []

    def invoke():
        try:
            call(seconds=15)
        except EndpointError as error:
            failures.append(error)

    thread = threading.Thread(target=invoke)
    thread.start()
    threading.Event().wait(0.1)
    call.environment.stop()
    thread.join(10)
    assert "was stopped while it ran" in str(failures[0])
    call.environment.stop()


def test_stops_an_environment_that_waits_for_its_turn(start, machine):
    call = start(machine, HELLO)
    failures: list[BaseException] = []

    def invoke():
        try:
            call()
        except EndpointError as error:
            failures.append(error)

    with machine.admission.hold(machine.vcpus):
        thread = threading.Thread(target=invoke)
        thread.start()
        while not machine.admission._queue:
            threading.Event().wait(0.001)
        call.environment.stop()
        thread.join(10)
    assert "before its turn" in str(failures[0])


def test_starts_nothing_after_it_was_stopped(start, machine):
    call = start(machine, HELLO)
    call.environment.stop()
    with pytest.raises(EndpointError):
        call()


def test_tells_why_a_supervisor_failed(start, machine, code):
    call = start(machine, code({}), code=Path("/nowhere/at/all"))
    result = call()
    assert (result.status, result.healthy) == ("error", False), "the worker could not enter its folder"

    call = start(machine, HELLO, memory_mb=-5)
    with pytest.raises(EndpointError, match=r"supervisor of an execution environment of orders failed: .*"):
        call()


def test_tells_that_a_supervisor_is_gone(start, machine):
    call = start(machine, HELLO)
    call()
    call.environment._control.shutdown(socket.SHUT_WR)
    with pytest.raises(EndpointError, match="it is gone"):
        call()


def test_tells_that_nothing_can_be_started_any_more(start, new_plain_machine):
    new_plain_machine.nursery._process.kill()
    new_plain_machine.nursery._process.wait()
    call = start(new_plain_machine, HELLO)
    with pytest.raises(EndpointError, match="it is gone"):
        call()


def test_runs_nothing_as_root_with_less_around_it_than_takes_root_away():
    if os.geteuid() != 0:
        pytest.skip("needs root")
    for namespaces, version in (("none", 7), ("none", 0), ("own", 0)):
        with pytest.raises(ConfinementError, match="code of others would run as root here, and is not run"):
            Machine(controllers=cgroup.NONE, means=Means(namespaces=namespaces, landlock=version, users=False))


@pytest.mark.skipif(not may_run_other_users(), reason="needs root, which gives user ids")
def test_starts_no_environment_when_no_user_id_is_left(start, machine, monkeypatch):
    monkeypatch.setattr(users, "_FIRST", 61184)
    monkeypatch.setattr(users, "_LAST", 61184)
    holder = users.Users()
    users._locked(holder.handle, fcntl.F_WRLCK, 61184)
    call = start(machine, HELLO)
    with pytest.raises(EndpointError, match="No execution environment of orders can be started: all 1 user ids"):
        call()
    users._locked(holder.handle, fcntl.F_UNLCK, 61184)
    holder.close()
    assert call().payload == b"1"


def test_runs_many_environments_at_once(start, machine):
    calls = [start(machine, HELLO, memory_mb=256) for _ in range(6)]
    results = []
    threads = [threading.Thread(target=lambda call=call: results.append(call())) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [result.payload for result in results] == [b"1"] * 6


def test_keeps_one_environment_from_the_runtime_api_of_another(start, any_machine):
    """Two sides of a comparison run side by side: neither may answer for the other."""
    victim = start(any_machine, "import os\ndef handler(event, context): return os.environ['AWS_LAMBDA_RUNTIME_API']")
    address = victim.value()
    attacker = start(
        any_machine,
        """
        import socket
        def handler(event, context):
            host, port = event["address"].split(":")
            with socket.create_connection((host, int(port)), timeout=5) as connection:
                try:
                    connection.sendall(b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n")
                    return connection.recv(1000).decode()
                except ConnectionError:
                    return ""
        """,
    )
    assert attacker.value(address=address) == ""
    assert victim.value() == address


def test_keeps_the_users_of_environments_apart(start, machine):
    if not machine.isolation.own_users:
        pytest.skip("needs a user id of its own for workers, that is root")
    source = "import os\ndef handler(event, context): return os.getuid()"
    one, other = start(machine, source), start(machine, source)
    assert len({one.value(), other.value(), os.geteuid()}) == 3
