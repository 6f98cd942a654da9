import json
import os
import socket
import sys
import tempfile
import textwrap
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import coverage
import pytest

import lambdabot
from lambdabot.local.worker import nursery
from lambdabot.local.worker.environment import ExecutionEnvironment, InvokeResult
from lambdabot.local.worker.machine import Machine
from lambdabot.local.worker.spec import EnvironmentSpec
from lambdabot.sandbox import cgroup
from lambdabot.sandbox.isolation import Means
from tests import open_interpreter

REQUEST_ID = "8f5d3c1e-0000-4000-8000-000000000001"

ROOT = Path(__file__).parents[4]
MEASURED = f"{Path(lambdabot.__file__).parent}/*"
"""What coverage looks at: by its whole path, because a clone may lie in a folder that is called lambdabot too."""


@pytest.fixture(scope="session", autouse=True)
def measured_supervisors(tmp_path_factory) -> Iterator[None]:
    """Measure the coverage of supervisors too, which are forks of a process that has nothing of this one."""
    current = coverage.Coverage.current()
    if current is None:
        yield
        return
    settings = tmp_path_factory.mktemp("coverage") / "settings"
    settings.write_text(
        f"[run]\nbranch = True\nparallel = True\ndata_file = {data_file(current)}\n"
        f"include = {MEASURED}\npatch = _exit, fork\n"
    )
    program = (
        f"import sys; sys.path.append({str(Path(coverage.__file__).parents[1])!r}); import coverage; "
        f"coverage.Coverage(config_file={str(settings)!r}).start(); {nursery._PROGRAM}"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nursery, "_PROGRAM", program)
        yield


@pytest.fixture(scope="session")
def machine() -> Iterator[Machine]:
    with Machine() as found:
        yield found


@pytest.fixture(scope="session")
def plain_machine() -> Iterator[Machine]:
    """A machine as a docker action meets it: no control groups, no namespaces."""
    means = replace(Means.find(), namespaces="none")
    with pytest.MonkeyPatch.context() as patch:
        open_interpreter.use(patch)
        plain = Machine(controllers=cgroup.NONE, means=means)
    with plain:
        yield plain


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
def code() -> Iterator[Callable[..., Path]]:
    """Write a function's files where every user may read them: each start of pytest closes its own folders anew."""
    folders = ExitStack()

    def write(files: dict[str, str]) -> Path:
        folder = Path(folders.enter_context(tempfile.TemporaryDirectory(prefix="lambdabot-code-")))
        folder.chmod(0o755)
        for name, text in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text))
        return folder

    with folders:
        yield write


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
            status = 1
            try:
                os.close(reading)
                text = _measured(function)
                os.write(writing, text.encode()[-60000:])
                status = 0
            except BaseException:  # noqa: BLE001 - the parent shows it
                os.write(writing, traceback.format_exc().encode()[-60000:])
            finally:
                os._exit(status)
        os.close(writing)
        with os.fdopen(reading) as file:
            text = file.read()
        _, status = os.waitpid(child, 0)
        return text if text or status == 0 else f"ended with wait status {status}"

    return run


def _measured(function: Callable[[], object]) -> str:
    """Run a function and return what it raised; measure its coverage where the parent's is measured.

    The file for it is made first: the function may confine the process.
    """
    parent = coverage.Coverage.current()
    measured = None
    if parent is not None:
        parent.stop()
        handle, name = tempfile.mkstemp(prefix=f"{data_file(parent).name}.", dir=data_file(parent).parent)
        os.close(handle)
        Path(name).unlink()
        measured = coverage.Coverage(data_file=name, config_file=False, branch=True, include=[MEASURED])
        measured.get_data().add_arcs({})  # makes the file
        Path(name).chmod(0o666)  # the function may change the user
        measured.start()
    try:
        function()
    except BaseException:  # noqa: BLE001 - the parent shows it
        return traceback.format_exc()
    finally:
        if measured is not None:
            measured.stop()
            measured.save()
    return ""


def data_file(measured: coverage.Coverage) -> Path:
    """Return where the whole run's data goes; the processes that are measured work in folders of their own."""
    return ROOT / measured.config.data_file


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs
