"""One execution environment as the endpoint sees it: start it, invoke it, stop it."""

import socket
import threading
from contextlib import suppress
from dataclasses import dataclass

from lambdabot.errors import ConfinementError, EndpointError
from lambdabot.local.runtimes.runtime import EntryPointError, Runtime
from lambdabot.local.worker import messages, outcomes
from lambdabot.local.worker.assignment import Assignment
from lambdabot.local.worker.machine import Berth, Machine, vcpus_of
from lambdabot.local.worker.messages import Header
from lambdabot.local.worker.outcomes import Status
from lambdabot.local.worker.spec import EnvironmentSpec
from lambdabot.local.worker.variables import worker_variables
from lambdabot.model import runtimes
from lambdabot.sandbox.order import Order

_INIT_SECONDS = 10.0  # "The Init phase is limited to 10 seconds" (Lambda execution environment lifecycle)
_END_SECONDS = 60  # for a supervisor to kill and remove everything; more only a broken kernel takes
_READ_SIZE = 65536


@dataclass(frozen=True, slots=True, kw_only=True)
class InvokeResult:
    """How one invocation ended; times in milliseconds, `init_ms` only of a cold start.

    `duration_ms` is without `waited_ms`, what other work of the machine made it wait; None where that is not known.
    """

    payload: bytes
    function_error: str | None
    duration_ms: float
    waited_ms: float | None = None
    init_ms: float | None
    max_memory_mb: int
    status: Status
    error_type: str | None
    logs: bytes
    healthy: bool  # False: the process is gone, the next invocation starts a new one within its own duration
    runtime: str  # what ran it, as INIT_START names it


class ExecutionEnvironment:
    """A worker process and its supervisor, started by the first invocation; one invocation at a time."""

    def __init__(self, spec: EnvironmentSpec, machine: Machine) -> None:
        """Prepare; nothing runs yet."""
        self._spec = spec
        self._machine = machine
        self._control: socket.socket | None = None
        self._berth: Berth | None = None
        self._failed = False
        self._stopped = False
        self._idle = threading.Lock()

    @property
    def _runtime(self) -> Runtime:
        return self._machine.runtimes.find(self._spec.runtime)

    def invoke(self, *, request_id: str, payload: bytes, client_context: str | None = None) -> InvokeResult:
        """Run the function once and return how it ended; waits for free vCPUs first, outside the measured time.

        Raises EndpointError when the environment was stopped meanwhile or its supervisor failed.
        """
        with self._idle:
            try:
                self._machine.runtimes.find(self._spec.runtime)  # made ready once, and in nobody's time
                return self._invoke(request_id, payload, client_context)
            except EntryPointError as error:
                self._end()
                return self._not_started(request_id, str(error))
            except EndpointError:
                self._end()
                raise

    def _invoke(self, request_id: str, payload: bytes, client_context: str | None) -> InvokeResult:
        init_ms: float | None = None
        if self._control is None and not self._failed:
            # Lambda gives an init a processor of its own, however small the function is.
            with self._machine.admission.hold(max(1.0, vcpus_of(self._spec.memory_mb)), self._is_stopped):
                self._start(request_id, suppressed=False)
                header, body = self._receive()
            if header["kind"] == "result":
                return self._result(header, body, None)
            if header["kind"] == "ready":
                init_ms = header["init_ms"]
            else:
                self._end()
        event: Header = {"request_id": request_id, "client_context": client_context}
        with self._machine.admission.hold(vcpus_of(self._spec.memory_mb), self._is_stopped):
            header, body = self._call(event, payload)
            if header["kind"] == "gone":  # it ended between two invocations
                self._end()
                header, body = self._call(event, payload)
        return self._result(header, body, init_ms)

    def _is_stopped(self) -> bool:
        return self._stopped

    def _call(self, event: Header, payload: bytes) -> tuple[Header, bytes]:
        if self._control is None:
            self._start(event["request_id"], suppressed=True)
        assert self._control is not None  # noqa: S101 - it was started
        with suppress(OSError):  # receiving tells why
            messages.send(self._control, event, payload)
        return self._receive()

    def _result(self, header: Header, body: bytes, init_ms: float | None) -> InvokeResult:
        if not header["healthy"]:
            self._end()
        length = header["payload_bytes"]
        return InvokeResult(
            payload=body[:length],
            function_error=None if header["status"] == "ok" else "Unhandled",
            duration_ms=header["duration_ms"],
            waited_ms=header["waited_ms"],
            init_ms=init_ms,
            max_memory_mb=header["max_memory_mb"],
            status=header["status"],
            error_type=header["error_type"],
            logs=body[length:],
            healthy=header["healthy"],
            runtime=self._runtime.version,
        )

    def _not_started(self, request_id: str, reason: str) -> InvokeResult:
        failure = outcomes.no_entry_point(request_id, reason)
        return InvokeResult(
            payload=failure.payload,
            function_error="Unhandled",
            duration_ms=0.0,
            init_ms=None,
            max_memory_mb=0,
            status=failure.status,
            error_type=failure.error_type,
            logs=failure.log.encode(),
            healthy=False,
            runtime=self._runtime.version,
        )

    def stop(self) -> None:
        """End every process of the environment and remove its files; may be called at any time, more than once.

        An invocation that runs meanwhile raises EndpointError in its own thread.
        """
        self._stopped = True
        if (control := self._control) is not None:
            with suppress(OSError):  # the invoking thread may have closed it
                control.shutdown(socket.SHUT_WR)
        self._machine.admission.wake()
        with self._idle:
            self._end()

    def _start(self, request_id: str, *, suppressed: bool) -> None:
        try:
            self._berth = self._machine.lend()
        except ConfinementError as error:
            what = f"No execution environment of {self._spec.function_name} can be started: {error.what}"
            raise EndpointError(what, advice=error.advice) from error
        try:
            self._control = self._machine.nursery.raise_supervisor()
            messages.send(self._control, self._assignment(self._berth, request_id, suppressed=suppressed).to_json())
        except OSError as error:
            raise self._failure() from error
        if self._stopped:  # stop() came too early to see the connection
            raise self._failure()

    def _assignment(self, berth: Berth, request_id: str, *, suppressed: bool) -> Assignment:
        return Assignment(
            order=self._order(berth),
            init_seconds=_INIT_SECONDS,
            timeout_seconds=self._spec.timeout_seconds,
            function_arn=self._spec.function_arn,
            request_id=request_id,
            suppressed=suppressed,
        )

    def _order(self, berth: Berth) -> Order:
        spec = self._spec
        isolation, runtime = self._machine.isolation, self._runtime
        layout = self._machine.layout(runtime, spec.code, spec.layers, berth)
        program = runtime.command(layout, spec)
        wrapper = "" if runtimes.is_provided(spec.runtime) else spec.environment.get("AWS_LAMBDA_EXEC_WRAPPER")
        return Order(
            command=(layout.seen(wrapper), *program) if wrapper else program,
            environment=worker_variables(spec, layout, runtime.variables(layout, spec)),
            working_folder=str(layout.code),
            folder=str(berth.folder),
            memory_mb=spec.memory_mb,
            storage_mb=spec.storage_mb,
            vcpus=vcpus_of(spec.memory_mb),
            controllers=self._machine.controllers,
            confinement=isolation.confinement(
                user=berth.user,
                temporary=berth.temporary,
                shown=layout.shown,
                programs=runtime.parts,
                largest_file_mb=spec.storage_mb + 1,  # so that one file that is too large is seen to be so
                passwd=berth.passwd,
            ),
        )

    def _receive(self) -> tuple[Header, bytes]:
        assert self._control is not None  # noqa: S101 - it was started
        try:
            header, body = messages.receive(self._control)
        except (EOFError, OSError) as error:
            raise self._failure() from error
        if header["kind"] == "crash":
            raise self._failure(header["text"])
        return header, body

    def _failure(self, reason: str = "") -> EndpointError:
        name = self._spec.function_name
        if self._stopped:
            return EndpointError(f"The execution environment of {name} was stopped while it ran")
        return EndpointError(f"The supervisor of an execution environment of {name} failed: {reason or 'it is gone'}")

    def _end(self) -> None:
        """Give the supervisor up, after it removed everything; the next start is one after a failure."""
        self._failed = True
        control, berth = self._control, self._berth
        self._control = self._berth = None
        if control is not None:
            with control, suppress(OSError):
                control.shutdown(socket.SHUT_WR)
                control.settimeout(_END_SECONDS)
                while control.recv(_READ_SIZE):  # to the end: it closes last
                    pass
        if berth is not None:
            self._machine.take_back(berth)
