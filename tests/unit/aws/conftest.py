"""A Lambda on loopback that fails when told to: hand-made, as nothing real resets connections on demand."""

import json
import os
import signal
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

import boto3
import pytest
from botocore import xform_name

from lambdabot.aws.calls.connection import Connection, connect
from lambdabot.aws.copies.identity import RunIdentity
from lambdabot.aws.copies.request import Copy
from lambdabot.errors import InterruptionError
from lambdabot.model import (
    Architecture,
    Build,
    Configuration,
    Side,
    Variant,
)
from tests.sample import function as sample

ARN = "arn:aws:lambda:us-east-1:123456789012:function:"


@dataclass
class Fault:
    """What happens to one call: an error answer, or a broken connection before or after the call took effect."""

    operation: str
    name: str = ""  # part of the resource's name
    status: int = 0
    code: str = ""
    message: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    reset: str = ""  # `before` or `after` the effect
    hang: bool = False  # after the effect, until the server closes
    half: bool = False  # half of the answer's body, after the effect
    kept: float = 1.0  # of the answer's body, after the effect; its length says that this is all


Reply = tuple[int, dict[str, object], dict[str, str]]


class FakeLambda:
    """State, recorded calls, and the faults still to come."""

    def __init__(self) -> None:
        self.functions: dict[str, dict[str, object]] = {}
        self.tags: dict[str, dict[str, str]] = {}
        self.log_groups: dict[str, dict[str, str]] = {}
        self.log_events: list[dict[str, object]] = []
        self.calls: list[tuple[str, str]] = []
        self.bodies: list[dict[str, object]] = []
        self.codes: list[dict[str, object]] = []
        self.faults: list[Fault] = []
        self.polls_until_ready = 0
        self.page_size = 2
        self.failed_state: tuple[str, str] | None = None
        self.invoke: Callable[[dict[str, object], str, bytes], Reply | None] = lambda *_: None
        self.unreserved: object = 900
        self.released = threading.Event()
        self._requests = 0
        self._polls: dict[str, int] = {}
        self._versions: dict[str, int] = {}
        self._lock = threading.Lock()

    def count(self, operation: str) -> int:
        return sum(called == operation for called, _ in self.calls)

    def fail(self, operation: str, **how) -> None:
        """Let the next call of this operation fail."""
        self.faults.append(Fault(operation, **how))

    def report_line(self, request_id: str, **fields) -> str:
        return report_line(request_id, **fields)

    def reply(self, content: object, log: str, **headers: str) -> Reply:
        return 200, content, {**log_result(log), **{name.replace("_", "-"): value for name, value in headers.items()}}

    def fault(self, operation: str, name: str) -> Fault | None:
        with self._lock:
            self.calls.append((operation, name))
            for fault in self.faults:
                if fault.operation == operation and fault.name in name:
                    self.faults.remove(fault)
                    return fault
        return None

    def request_id(self) -> str:
        with self._lock:
            self._requests += 1
            return f"00000000-0000-4000-8000-{self._requests:012d}"

    def handle(self, operation: str, name: str, body: bytes, request_id: str) -> Reply:
        if operation == "Invoke":
            return self._invoke(name, body, request_id)
        request = json.loads(body or b"{}")
        with self._lock:
            self.bodies.append(request)
            return getattr(self, f"_{xform_name(operation)}")(name, request)

    def _get_account_settings(self, _, __) -> Reply:
        limit = {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": self.unreserved}
        return 200, {"AccountLimit": limit}, {}

    def _create_function(self, name, request) -> Reply:
        if name in self.functions:
            return error(409, "ResourceConflictException", f"Function already exist: {name}")
        self.codes.append(request.pop("Code"))
        self.tags[name] = request.pop("Tags")
        published = request.pop("Publish", False)
        self.functions[name] = {**request, "FunctionArn": f"{ARN}{name}", "FunctionName": name, "CodeSha256": "x"}
        return 201, self._published(name) if published else self._state(name), {}

    def _get_function(self, name, _) -> Reply:
        if name not in self.functions:
            return missing(name)
        self._polls[name] = self._polls.get(name, 0) + 1
        return 200, {"Configuration": self._state(name), "Tags": self.tags[name]}, {}

    def _update_function_configuration(self, name, request) -> Reply:
        if name not in self.functions:
            return missing(name)
        self.functions[name] |= request
        return 200, self._state(name), {}

    def _publish_version(self, name, _) -> Reply:
        return 201, self._published(name), {}

    def _published(self, name: str) -> dict[str, object]:
        version = str(self._versions.get(name, 0) + 1)
        self._versions[name] = int(version)
        return {**self._state(name), "FunctionArn": f"{ARN}{name}:{version}", "Version": version}

    def _delete_function(self, name, _) -> Reply:
        if self.functions.pop(name, None) is None:
            return missing(name)
        return 204, {}, {}

    def _create_log_group(self, _, request) -> Reply:
        if request["logGroupName"] in self.log_groups:
            return error(400, "ResourceAlreadyExistsException", "The specified log group already exists")
        self.log_groups[request["logGroupName"]] = request["tags"]
        return 200, {}, {}

    def _delete_log_group(self, _, request) -> Reply:
        if self.log_groups.pop(request["logGroupName"], None) is None:
            return error(400, "ResourceNotFoundException", "The specified log group does not exist.")
        return 200, {}, {}

    def _filter_log_events(self, _, request) -> Reply:
        start = int(request.get("nextToken", "0"))
        events = [event for event in self.log_events if event["timestamp"] >= request.get("startTime", 0)]
        answer: dict[str, object] = {"events": events[start : start + self.page_size]}
        if start + self.page_size < len(events):
            answer["nextToken"] = str(start + self.page_size)
        return 200, answer, {}

    def _state(self, name: str) -> dict[str, object]:
        ready = self._polls.get(name, 0) >= self.polls_until_ready
        state: dict[str, object] = {"State": "Active" if ready else "Pending", "LastUpdateStatus": "Successful"}
        if ready and self.failed_state:
            state |= {"State": "Failed", "StateReasonCode": self.failed_state[0], "StateReason": self.failed_state[1]}
        return {**self.functions[name], **state}

    def _invoke(self, name: str, body: bytes, request_id: str) -> Reply:
        function = self.functions.get(name)
        if function is None:
            return missing(name)
        reply = self.invoke(function, request_id, body)
        if reply is not None:
            return reply
        return 200, {"echo": len(body)}, log_result(report_line(request_id, memory=function["MemorySize"]))


def report_line(request_id: str, *, memory: object = 128, duration: float = 10.5, more: str = "") -> str:
    """Return START, END and REPORT as Lambda writes them."""
    return (
        f"START RequestId: {request_id} Version: $LATEST\nEND RequestId: {request_id}\n"
        f"REPORT RequestId: {request_id}\tDuration: {duration:.2f} ms\tBilled Duration: 11 ms\t"
        f"Memory Size: {memory} MB\tMax Memory Used: 40 MB\t{more}\n"
    )


def log_result(log: str) -> dict[str, str]:
    return {"X-Amz-Log-Result": b64encode(log.encode()[-4096:]).decode()}


def error(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> Reply:
    return (
        status,
        {"__type": code, "message": message, "Message": message},
        {"x-amzn-ErrorType": code, **(headers or {})},
    )


def missing(name: str) -> Reply:
    return error(404, "ResourceNotFoundException", f"Function not found: {ARN}{name}")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    fake: FakeLambda

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        operation, name = self._operation(body)
        fault = self.fake.fault(operation, name)
        request_id = self.fake.request_id()
        if fault and fault.reset == "before":
            return self._hang_up()
        if fault and fault.status:
            reply = error(fault.status, fault.code, fault.message, fault.headers)
        else:
            reply = self.fake.handle(operation, name, body, request_id)
        if fault and fault.hang:
            self.fake.released.wait(30)
        if fault and (fault.reset == "after" or fault.hang):
            return self._hang_up()
        return self._answer(reply, request_id, half=fault is not None and fault.half, kept=fault.kept if fault else 1.0)

    do_GET = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815 - http.server looks these names up

    def _operation(self, body: bytes) -> tuple[str, str]:
        if target := self.headers.get("X-Amz-Target"):
            return target.rpartition(".")[2], json.loads(body).get("logGroupName", "")
        path = unquote(self.path.partition("?")[0]).split("/")
        if len(path) == 3 and path[2] == "functions":
            return "CreateFunction", json.loads(body)["FunctionName"]
        operations = {
            "GET": "GetFunction" if path[2] == "functions" else "GetAccountSettings",
            "DELETE": "DeleteFunction",
            "PUT": "UpdateFunctionConfiguration",
            "POST": "PublishVersion" if path[-1] == "versions" else "Invoke",
        }
        return operations[self.command], path[3] if len(path) > 3 else ""

    def _answer(self, reply: Reply, request_id: str, *, half: bool, kept: float) -> None:
        status, content, headers = reply
        body = b"" if status == 204 else json.dumps(content).encode()
        body = body[: int(len(body) * kept)]
        self.send_response(status)
        for name, value in {"x-amzn-RequestId": request_id, **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if half else body)
        if half:
            self._hang_up()

    def _hang_up(self) -> None:
        self.close_connection = True
        self.connection.close()

    def log_message(self, *_) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address) -> None:
        """Say nothing when a client has gone."""


@pytest.fixture
def fake() -> Iterator[FakeLambda]:
    state = FakeLambda()
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"fake": state}))
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield state
    state.released.set()
    server.shutdown()
    server.server_close()
    thread.join()


class _NoJitter:
    def uniform(self, low: float, high: float) -> float:
        return low


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch) -> None:
    """Nobody waits in these tests: what is tried again is tried again at once."""
    monkeypatch.setattr("lambdabot.aws.calls.retry._RANDOM", _NoJitter())
    monkeypatch.setattr("lambdabot.aws.copies.removal._PAUSE_SECONDS", 0.01)


@pytest.fixture
def interrupt() -> Iterator[Callable[..., None]]:
    """Raise InterruptionError in the main thread, as a signal does, once a condition holds; `then` comes soon after."""

    def handle(number: int, _) -> None:
        raise InterruptionError(number)

    def later(condition: Callable[[], bool], then: Callable[[], None] = lambda: None) -> None:
        def watch() -> None:
            while not condition():
                time.sleep(0.005)
            os.kill(os.getpid(), signal.SIGUSR1)
            time.sleep(0.2)
            then()

        threading.Thread(target=watch, daemon=True).start()

    before = signal.signal(signal.SIGUSR1, handle)
    yield later
    signal.signal(signal.SIGUSR1, before)


@pytest.fixture(scope="session")
def session() -> boto3.Session:
    """Service models are read once for all tests."""
    return boto3.Session(aws_access_key_id="LOCAL", aws_secret_access_key="local")


@pytest.fixture
def connection(fake: FakeLambda, session: boto3.Session, monkeypatch) -> Connection:
    monkeypatch.setattr("lambdabot.aws.calls.connection.boto3.Session", lambda **_: session)
    return connect(endpoint=fake.url, region="us-east-1", access_key="LOCAL")


@pytest.fixture
def identity() -> RunIdentity:
    expires = datetime(2026, 11, 24, 1, 30, tzinfo=UTC)
    return RunIdentity(repository="octo/shop", pull_request=7, run="12345678901-1", expires=expires)


@pytest.fixture
def make_copy(tmp_path: Path) -> Callable[..., Copy]:
    def make(
        memory_mb: int = 128,
        *,
        side: Side = Side.HEAD,
        architecture: Architecture = Architecture.X86_64,
        role: str | None = "arn:aws:iam::123456789012:role/copies",
        image_uri: str | None = None,
        name: str = "thumbnail",
        zip_bytes: int = 22,
    ) -> Copy:
        zip_path = tmp_path / f"{side}-{architecture}.zip"
        zip_path.write_bytes(b"PK\x05\x06" + bytes(18))
        configuration = Configuration(memory_mb=memory_mb, architecture=architecture)
        function = sample(
            tmp_path,
            name=name,
            side=side,
            role=role,
            timeout_seconds=30,
            environment={"STAGE": "test"},
            memory_mb=(memory_mb,),
            architectures=(architecture,),
            current=configuration,
        )
        build = Build(
            function=name,
            side=side,
            architecture=architecture,
            zip_path=None if image_uri else zip_path,
            image_uri=image_uri,
            code_sha256="x",
            zip_bytes=zip_bytes,
            unzipped_bytes=22,
            target="python3.13, x86_64, glibc 2.34",
        )
        return Copy(function=function, build=build, variant=Variant(side=side, configuration=configuration))

    return make
