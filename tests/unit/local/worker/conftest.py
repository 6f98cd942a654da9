import json
import os
import socket
import sys
import textwrap
import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import coverage
import pytest

from lambdabot.local.worker import cgroup
from lambdabot.local.worker.environment import EnvironmentSpec, ExecutionEnvironment, InvokeResult
from lambdabot.local.worker.isolation import Means
from lambdabot.local.worker.machine import Machine

REQUEST_ID = "8f5d3c1e-0000-4000-8000-000000000001"


@pytest.fixture(scope="session")
def machine() -> Iterator[Machine]:
    with Machine() as found:
        yield found


@pytest.fixture(scope="session")
def plain_machine() -> Iterator[Machine]:
    """A machine as a docker action meets it: no control groups, no namespaces."""
    means = replace(Means.find(), namespaces="none")
    with Machine(controllers=cgroup.NONE, means=means) as found:
        yield found


@pytest.fixture(params=["own limits", "as in a docker action"])
def any_machine(request, machine, plain_machine) -> Machine:
    return machine if request.param == "own limits" else plain_machine


class Fixture:
    """An execution environment with a shorthand for its invocations."""

    def __init__(self, environment: ExecutionEnvironment) -> None:
        self.environment = environment

    def __call__(self, request_id: str = REQUEST_ID, **event: object) -> InvokeResult:
        return self.environment.invoke(request_id=request_id, payload=json.dumps(event).encode())

    def value(self, **event: object):
        result = self(**event)
        assert result.status == "ok", result
        return json.loads(result.payload)


@pytest.fixture
def code(tmp_path_factory) -> Callable[..., Path]:
    """Write a function's files where every user may read them."""

    def write(files: dict[str, str]) -> Path:
        folder = tmp_path_factory.mktemp("code")
        for parent in (folder, *folder.parents[:2]):
            parent.chmod(0o755)
        for name, text in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text))
        return folder

    return write


@pytest.fixture
def start(code) -> Iterator[Callable[..., Fixture]]:
    """Make an environment from the text of a handler's module, or from a folder."""
    started: list[ExecutionEnvironment] = []

    def make(machine: Machine, source: str | Path, **changes: object) -> Fixture:
        folder = source if isinstance(source, Path) else code({"app.py": source})
        environment = ExecutionEnvironment(replace(spec_of(folder), **changes), machine)
        started.append(environment)
        return Fixture(environment)

    yield make
    for environment in started:
        environment.stop()


def spec_of(folder: Path) -> EnvironmentSpec:
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    return EnvironmentSpec(
        code=folder,
        handler="app.handler",
        runtime=version,
        memory_mb=1769,
        timeout_seconds=20,
        environment={},
        function_name="orders",
        version="$LATEST",
        function_arn="arn:aws:lambda:eu-central-1:000000000000:function:orders",
        region="eu-central-1",
        log_group="/aws/lambda/orders",
        log_stream="2026/11/23/[$LATEST]0123456789abcdef0123456789abcdef",
    )


@pytest.fixture
def in_child() -> Callable[[Callable[[], object]], str]:
    """Run a function in a forked child, because it changes its process for good; return what it raised, as text."""

    def run(function: Callable[[], object]) -> str:
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            measured = _measure_again()
            text = ""
            try:
                function()
            except BaseException:  # noqa: BLE001 - the parent raises it
                text = traceback.format_exc()
            if measured is not None:
                measured.stop()
                measured.save()
            os.write(writing, text.encode()[-60000:])
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading) as file:
            text = file.read()
        os.waitpid(child, 0)
        return text

    return run


def _measure_again() -> coverage.Coverage | None:
    """Measure the child's coverage into a file of its own, where the parent's is measured."""
    parent = coverage.Coverage.current()
    if parent is None:
        return None
    parent.stop()
    measured = coverage.Coverage(
        data_file=parent.config.data_file, data_suffix=True, branch=True, include=["*/lambdabot/*"]
    )
    measured.start()
    return measured


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs
