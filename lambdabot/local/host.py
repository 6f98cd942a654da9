"""Where execution environments run: this machine, or nowhere when their answers are canned."""

from dataclasses import replace
from typing import Protocol

from lambdabot.local.stand_ins.stand_ins import StandIns
from lambdabot.local.worker.environment import ExecutionEnvironment, InvokeResult
from lambdabot.local.worker.machine import Machine
from lambdabot.local.worker.spec import EnvironmentSpec


class Environment(Protocol):
    """One execution environment as the pool sees it."""

    def invoke(self, *, request_id: str, payload: bytes, client_context: str | None = None) -> InvokeResult:
        """Run the function once."""

    def stop(self) -> None:
        """End it."""


class Host(Protocol):
    """What starts execution environments."""

    def start(self, spec: EnvironmentSpec) -> Environment:
        """Prepare an environment; its first invocation starts it."""

    def supports(self, memory_mb: int) -> str:
        """Return why a memory size cannot be run here, or the empty string."""

    def runs(self, runtime: str) -> str:
        """Return why a runtime cannot be run here, or the empty string."""

    def describe(self) -> str:
        """Say in words how functions are run here."""

    def close(self) -> None:
        """Remove everything; the environments must have been stopped."""


class WorkerHost(Machine):
    """This machine, which really runs the code."""

    def __init__(self, stand_ins: StandIns | None = None) -> None:
        """Look at the machine; `stand_ins` tell what workers find in place of AWS."""
        super().__init__()
        self._stand_ins = stand_ins

    def start(self, spec: EnvironmentSpec) -> Environment:
        """Prepare a worker."""
        aws = self._stand_ins.variables(spec.function_name, spec.region) if self._stand_ins else {}
        return ExecutionEnvironment(replace(spec, aws=aws), self)
