"""The process beside each execution environment: it starts the worker, serves its Runtime API, times and ends it.

One supervisor has one worker and lives as long. It is a process of its own because a clock that shares an interpreter
lock with busy threads reports their waiting as the function's time. What the worker and itself wait for others is taken
off. It ends, and leaves nothing behind, when the endpoint says so or is gone.
"""

import os
import selectors
import socket
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from math import inf

from lambdabot.local.worker import messages, outcomes, peers, runtime_api
from lambdabot.local.worker.assignment import Assignment
from lambdabot.local.worker.messages import Header
from lambdabot.local.worker.outcomes import Failure
from lambdabot.local.worker.runtime_api import ERROR_TYPE, Request
from lambdabot.local.worker.runtime_server import RuntimeServer
from lambdabot.local.worker.waiting import waited_ms
from lambdabot.sandbox import prctl
from lambdabot.sandbox.use import Use
from lambdabot.sandbox.worker import Worker

_FREEZE_AFTER_SECONDS = 0.002  # calls that follow one another closely are not slowed by a freeze each


@dataclass(slots=True, kw_only=True)
class _Invocation:
    request_id: str
    payload: bytes
    client_context: str | None
    started: float
    before: Use | None = None  # what the worker had of the CPU by then; None: its init is part of the time
    answered: bool = False  # the worker has the event


class Supervisor:
    """The life of one worker, as a state machine around one selector."""

    def __init__(self, control: socket.socket, assignment: Assignment) -> None:
        """Prepare; `run` starts the worker."""
        self._control = control
        self._assignment = assignment
        self._order = assignment.order
        self._selector = selectors.DefaultSelector()
        self._worker = Worker(self._order)
        self._server = RuntimeServer(self._selector, self._is_welcome, self._on_request)
        self._selector.register(control, selectors.EVENT_READ, self._on_message)
        self._invocation: _Invocation | None = None
        self._waiting: socket.socket | None = None  # the connection on which the worker awaits the next event
        self._init_started = 0.0
        self._before_init = self._worker.use()
        self._initialised = False
        self._finished = False  # a failure was reported: no more is to come from this worker
        self._freeze_at: float | None = None
        self._schedule = os.open("/proc/self/schedstat", os.O_RDONLY)
        self._late_ns = 0  # how long this process waited for a processor when it was woken last

    def run(self) -> None:
        """Serve until the endpoint closes the connection."""
        try:
            if not self._assignment.suppressed:
                self._start_worker(throttled=False)
            while True:
                due, waited = self._due(), self._own_wait_ns()
                ready = self._selector.select(due)
                self._late_ns = self._own_wait_ns() - waited
                for key, _ in ready:
                    key.data()
        except (EOFError, OSError):
            return
        finally:
            self._worker.close()
            self._selector.close()
            os.close(self._schedule)

    def _start_worker(self, *, throttled: bool) -> None:
        self._init_started = time.monotonic()
        environment = {**self._order.environment, "AWS_LAMBDA_RUNTIME_API": self._server.address}
        handle = self._worker.start(environment, throttled=throttled)
        self._selector.register(handle, selectors.EVENT_READ, lambda: self._on_exit(handle))
        if throttled:
            self._worker.govern(on_duty=True)

    def _own_wait_ns(self) -> int:
        return int(os.pread(self._schedule, 100, 0).split()[1])

    def _is_welcome(self, connection: socket.socket) -> bool:
        return peers.belongs_to(connection, self._order.confinement.user, self._worker.family())

    def _due(self) -> float | None:
        """Do what the clock demands; return the seconds until it demands something again, None for never."""
        now = time.monotonic()
        if self._freeze_at is not None and now >= self._freeze_at:
            self._freeze_at = None
            self._worker.freeze()
        if self._worker.running and not self._finished and (self._invocation or not self._initialised):
            deadline = self._deadline()
            if now >= deadline:
                self._on_deadline()
                return None
            return min(deadline - now, self._worker.look(now))
        return None if self._freeze_at is None else self._freeze_at - now

    def _deadline(self) -> float:
        if self._invocation is not None:
            return self._invocation.started + self._assignment.timeout_seconds
        return self._init_started + self._assignment.init_seconds

    def _on_deadline(self) -> None:
        memory = self._worker.max_memory_mb()
        self._worker.kill()
        if self._invocation is None:
            self._finished = True
            messages.send(self._control, {"kind": "init timeout"})
            return
        at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        failure = outcomes.timed_out(self._invocation.request_id, self._assignment.timeout_seconds, at)
        self._finish(failure, duration=self._assignment.timeout_seconds, memory=memory)

    def _on_message(self) -> None:
        header, payload = messages.receive(self._control)
        self._invocation = _Invocation(
            request_id=header["request_id"],
            payload=payload,
            client_context=header["client_context"],
            started=time.monotonic(),
        )
        self._freeze_at = None
        if not self._init_started:
            self._start_worker(throttled=True)
            return
        self._worker.thaw()
        if self._waiting is not None:
            self._hand_over(self._waiting)

    def _hand_over(self, connection: socket.socket) -> None:
        """Give the worker its event; its time runs from here unless its init is part of it."""
        self._waiting = None
        if not self._server.is_open(connection):
            return
        invocation = self._invocation
        assert invocation is not None  # noqa: S101 - the callers looked
        invocation.answered = True
        if not self._assignment.suppressed or self._initialised:
            invocation.before = self._worker.use()
            self._worker.govern(on_duty=True)
            invocation.started = time.monotonic()
        self._initialised = True
        deadline = time.time() + invocation.started + self._assignment.timeout_seconds - time.monotonic()
        headers = {
            "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
            "Lambda-Runtime-Deadline-Ms": str(int(deadline * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": self._assignment.function_arn,
            "Lambda-Runtime-Trace-Id": (
                f"Root=1-{int(time.time()):08x}-{os.urandom(12).hex()};Parent={os.urandom(8).hex()};Sampled=0"
            ),
        }
        if invocation.client_context is not None:
            headers["Lambda-Runtime-Client-Context"] = invocation.client_context
        self._server.reply(connection, runtime_api.answer(200, invocation.payload, headers))

    def _on_request(self, request: Request, connection: socket.socket) -> None:
        now = time.monotonic()
        action = request.action
        if action == "next":
            self._on_next(connection, now)
        elif action == "init error" and not self._initialised:
            self._server.reply(connection, runtime_api.accepted())
            self._on_init_error(request, now)
        elif action in {"response", "error"}:
            self._on_result(request, connection, now)
        elif action:
            self._refuse(connection, 403, "InvalidStateTransition", "Transition is not allowed")
        else:
            self._refuse(connection, 404, "NotFound", f"{request.method} {request.path[:80]}")

    def _refuse(self, connection: socket.socket, status: int, kind: str, message: str) -> None:
        self._server.reply(connection, runtime_api.refused(status, kind, message))

    def _on_next(self, connection: socket.socket, now: float) -> None:
        if self._invocation is not None and self._invocation.answered:
            self._refuse(connection, 403, "InvalidStateTransition", "Transition is not allowed")
        elif self._invocation is not None:
            self._hand_over(connection)
        else:
            self._waiting = connection
            if self._initialised:
                self._freeze_at = now + _FREEZE_AFTER_SECONDS
                return
            self._initialised = True
            init = (now - self._init_started) * 1000
            init -= self._waited_ms(init, self._before_init, vcpus=inf)
            self._worker.throttle()
            messages.send(self._control, {"kind": "ready", "init_ms": init})

    def _on_init_error(self, request: Request, now: float) -> None:
        started = self._invocation.started if self._invocation else self._init_started
        memory = self._worker.max_memory_mb()
        self._worker.kill()
        payload = outcomes.with_request_id(request.body, self._request_id())
        error_type = request.headers.get(ERROR_TYPE, "Runtime.Unknown")
        failure = Failure(status="error", error_type=error_type, payload=payload, log="")
        self._finish(failure, duration=now - started, memory=memory)

    def _on_result(self, request: Request, connection: socket.socket, now: float) -> None:
        invocation = self._invocation
        if invocation is None or not invocation.answered or request.request_id != invocation.request_id:
            self._refuse(connection, 400, "InvalidRequestID", "Invalid request ID")
            return
        self._worker.govern(on_duty=False)
        if self._worker.ran_out_of_storage():
            self._end_for_storage(now - invocation.started)
            return
        self._invocation = None
        clock = (now - invocation.started) * 1000
        waited = None
        if invocation.before is not None:
            waited = self._waited_ms(clock, invocation.before, vcpus=self._order.vcpus)
            clock -= waited
        result: Header = {
            "kind": "result",
            "duration_ms": clock,
            "waited_ms": waited,
            "max_memory_mb": self._worker.max_memory_mb(),
            "healthy": True,
            "status": "ok",
            "error_type": None,
        }
        payload = request.body
        if request.too_large:
            failure = outcomes.too_large()
            result |= {"status": failure.status, "error_type": failure.error_type}
            payload = failure.payload
        elif request.action == "error" or request.streamed_error is not None:
            result |= {"status": "error", "error_type": request.headers.get(ERROR_TYPE)}
            payload = request.body if request.streamed_error is None else request.streamed_error
        self._report(result, payload)
        if request.too_large:
            message = f"Exceeded maximum allowed payload size ({runtime_api.RESPONSE_LIMIT} bytes)."
            self._refuse(connection, 413, "RequestEntityTooLarge", message)
        else:
            self._server.reply(connection, runtime_api.accepted())

    def _waited_ms(self, clock_ms: float, before: Use, *, vcpus: float) -> float:
        """Return what of the time until now the worker waited for others, and this process to see that it is done."""
        late = min(clock_ms, self._late_ns / 1_000_000)
        return late + waited_ms(clock_ms - late, self._worker.use().since(before), vcpus=vcpus)

    def _on_exit(self, handle: int) -> None:
        """Report a worker that ended by itself, or that the kernel killed."""
        now = time.monotonic()
        self._selector.unregister(handle)
        os.close(handle)
        self._worker.reap()
        status = self._worker.wait_status
        self._worker.kill()
        if status is None or self._finished:
            return
        started = self._invocation.started if self._invocation else self._init_started
        if self._initialised and (self._invocation is None or not self._invocation.answered):
            self._finished = True  # it ended between two invocations, neither of which is to blame
            messages.send(self._control, {"kind": "gone"})
            return
        if self._worker.ran_out_of_storage():
            self._end_for_storage(now - started)
            return
        memory_ended = self._worker.ran_out_of_memory() and os.waitstatus_to_exitcode(status) < 0
        failure = outcomes.exited(self._request_id(), status, out_of_memory=memory_ended)
        self._finish(failure, duration=now - started, memory=self._worker.max_memory_mb())

    def _end_for_storage(self, duration: float) -> None:
        memory = self._worker.max_memory_mb()
        self._worker.kill()
        failure = outcomes.out_of_storage(self._request_id(), self._order.storage_mb)
        self._finish(failure, duration=duration, memory=memory)

    def _request_id(self) -> str:
        return self._invocation.request_id if self._invocation else self._assignment.request_id

    def _finish(self, failure: Failure, *, duration: float, memory: int) -> None:
        """Report a failure that the worker did not survive."""
        self._finished = True
        self._invocation = None
        result: Header = {
            "kind": "result",
            "duration_ms": duration * 1000,
            "waited_ms": None,
            "max_memory_mb": memory,
            "healthy": False,
            "status": failure.status,
            "error_type": failure.error_type,
        }
        self._report(result, failure.payload, failure.log)

    def _report(self, result: Header, payload: bytes, own_log: str = "") -> None:
        logs = self._worker.log.read() + own_log.encode()
        messages.send(self._control, result | {"payload_bytes": len(payload)}, payload + logs)


def supervise(control: socket.socket) -> None:
    """Take the endpoint's order and serve it over this connection until it closes."""
    prctl.adopt_orphans()
    header, _ = messages.receive(control)
    supervisor = Supervisor(control, Assignment.from_json(header))
    prctl.forbid_inspection()  # only now: a user namespace is set up through /proc
    supervisor.run()
