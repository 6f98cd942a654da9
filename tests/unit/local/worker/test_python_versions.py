"""Python functions run by the version that they ask for, where this machine has it; the rest is as with our own."""

import sys
from dataclasses import replace

import pytest

from lambdabot import interpreters
from lambdabot.interpreters import OWN_PYTHON
from lambdabot.local.runtimes.available import unsupported
from lambdabot.local.runtimes.python import Python

FOUND = next(
    (found for minor in (13, 12, 14, 11, 10) if (found := interpreters.python(f"3.{minor}")) is not None), None
)

SOURCE = """
import boto3, json, sys
from pathlib import Path

def handler(event, context):
    if "fail" in event:
        raise ValueError("as asked")
    print("said")
    return {"version": list(sys.version_info[:3]), "compiled": str(boto3.__cached__), "id": context.aws_request_id,
        "services": "lambda" in boto3.session.Session().get_available_services(),
        "own": [one for one in ("lambdabot", "pytest", "uv") if Path(boto3.__file__).parents[1].joinpath(one).exists()],
        "event": event}
"""


@pytest.mark.skipif(FOUND is None, reason="needs another version of Python than the one that runs this")
def test_a_version_that_the_machine_has_runs_what_asks_for_it(start, machine, monkeypatch):
    monkeypatch.setattr(interpreters, "python", lambda version: FOUND)
    minor = ".".join(FOUND.version.split(".")[:2])
    call = start(machine, SOURCE, runtime=f"python{minor}")
    result = call(text="x" * 200_000)
    said = call.value(n=1)

    assert ".".join(map(str, said["version"])) == FOUND.version
    assert result.runtime == f"python:{FOUND.version} of this machine"
    assert (said["services"], said["own"], said["event"]) == (True, [], {"n": 1})
    assert said["compiled"].endswith(f".cpython-{minor.replace('.', '')}.pyc")
    assert result.logs == b"said\n"
    failed = call(fail=1)
    assert (failed.status, failed.healthy) == ("error", True)
    assert b'"errorType": "ValueError"' in failed.payload
    assert machine.runtimes.find(f"python{minor}").note == ""
    assert machine.runtimes.interpreter(f"python{minor}") == FOUND


def test_our_own_version_stands_in_for_one_that_is_not_there(start, machine, monkeypatch):
    monkeypatch.setattr(interpreters, "python", lambda version: None)
    call = start(machine, "import sys\ndef handler(event, context): return sys.version", runtime="python3.8")

    assert call.value() == sys.version
    assert call().runtime == f"python:{'.'.join(map(str, sys.version_info[:3]))} of this machine"
    note = machine.runtimes.find("python3.8").note
    assert note == f"It was run by Python {sys.version.split()[0]} of this machine, where it asks for python3.8."
    assert machine.runtimes.interpreter("python3.8") is None


@pytest.mark.skipif(FOUND is None, reason="needs another version of Python than the one that runs this")
def test_a_version_that_the_runtimes_packages_do_not_run_on_is_not_used(machine, monkeypatch):
    monkeypatch.setattr(interpreters, "python", lambda version: replace(FOUND, version="3.7.17"))
    found = machine.runtimes._make("python3.7")
    assert isinstance(found, Python)
    assert found.interpreter is machine.isolation.interpreter


def test_an_interpreter_that_no_other_user_may_reach_is_not_used(machine, plain_machine, tmp_path):
    closed = tmp_path / "closed"
    (closed / "bin").mkdir(parents=True)
    closed.chmod(0o700)
    if not plain_machine.isolation.own_users:
        pytest.skip("needs root, which gives user ids")
    assert plain_machine.isolation.closed([closed / "bin"]) is not None
    assert machine.isolation.closed([closed]) == closed, "its own mode is not replaced in a view"


def test_only_what_can_be_run_is_said_to_be(monkeypatch):
    assert unsupported(f"python{OWN_PYTHON}") == unsupported("provided.al2023") == ""
    assert "which has Python, Node.js and runtimes that are provided" in unsupported("java21")
    monkeypatch.setattr(interpreters, "node", lambda: None)
    assert unsupported("nodejs22.x").endswith("no Node.js (`node`) is on the PATH")
    old = interpreters.Interpreter(program=__file__, version="14.21.3", parts=())
    monkeypatch.setattr(interpreters, "node", lambda: old)
    assert unsupported("nodejs22.x").endswith("Node.js 14.21.3 is older than 16")
