"""What is to run confined, and within which limits."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from lambdabot.sandbox.cgroup import Controllers
from lambdabot.sandbox.confinement import Confinement
from lambdabot.sandbox.namespaces import Bind, View


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One program of others: its limits and where it may write; all paths absolute."""

    command: tuple[str, ...]
    environment: Mapping[str, str]  # complete: nothing is inherited
    working_folder: str  # as the program sees it
    folder: str  # private to this program, removed at the end; it writes to `tmp` in it
    memory_mb: int
    storage_mb: int  # of `tmp`
    vcpus: float
    controllers: Controllers
    confinement: Confinement

    def to_json(self) -> dict[str, Any]:
        """Return it as a message can carry it."""
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
        lists = {name: tuple(confined[name]) for name in ("read_only", "read_write")}
        return cls(
            **data
            | {
                "command": tuple(data["command"]),
                "controllers": Controllers(version=controllers["version"], **folders),
                "confinement": Confinement(**confined | lists | {"view": confined["view"] and _view(confined["view"])}),
            }
        )


def _view(data: dict[str, Any]) -> View:
    return View(hidden=tuple(data["hidden"]), binds=tuple(Bind(**bind) for bind in data["binds"]))
