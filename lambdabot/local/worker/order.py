"""What a supervisor is told to run."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from lambdabot.sandbox.cgroup import Controllers
from lambdabot.sandbox.confinement import Confinement
from lambdabot.sandbox.namespaces import Bind, View


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One worker: its program, its limits and where it may write; all paths absolute."""

    command: tuple[str, ...]
    environment: Mapping[str, str]  # complete: nothing is inherited
    code: str  # the working directory
    folder: str  # private to this environment, removed at the end
    memory_mb: int
    vcpus: float
    init_seconds: float
    timeout_seconds: float
    function_arn: str
    request_id: str  # of the invocation that starts the environment, for errors before the runtime asks for one
    suppressed: bool  # a new start after a failure: its init is part of the invocation, as on Lambda
    controllers: Controllers
    confinement: Confinement

    def to_json(self) -> dict[str, Any]:
        """Return it as a message header can carry it."""
        data = asdict(self)
        for name in ("cpu", "memory", "freezer"):
            path = data["controllers"][name]
            data["controllers"][name] = None if path is None else str(path)
        return data

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Return what `to_json` gave."""
        controllers = data["controllers"]
        folders = {name: controllers[name] and Path(controllers[name]) for name in ("cpu", "memory", "freezer")}
        confined = data["confinement"]
        view = confined["view"]
        return cls(
            **data
            | {
                "command": tuple(data["command"]),
                "controllers": Controllers(version=controllers["version"], **folders),
                "confinement": Confinement(**confined | {"view": view and _view(view)}),
            }
        )


def _view(data: dict[str, Any]) -> View:
    return View(hidden=tuple(data["hidden"]), binds=tuple(Bind(**bind) for bind in data["binds"]))
