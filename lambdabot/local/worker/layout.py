"""Where a worker sees its code, the runtime's packages and the folder that it may write to."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

_ON_LAMBDA = Path("/var/task")
_RUNTIME_ON_LAMBDA = Path("/var/runtime")


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Lambda's own places in a view of the worker's own, else where the folders really lie.

    `shown` is where each of them is found on this machine.
    """

    code: Path
    runtime: Path
    temporary: Path
    shown: Mapping[str, Path]

    @classmethod
    def as_on_lambda(cls, code: Path, packages: Mapping[str, Path]) -> Self:
        """Return the places of a worker that has its own view."""
        shown = {str(_ON_LAMBDA): code, **{f"{_RUNTIME_ON_LAMBDA}/{name}": path for name, path in packages.items()}}
        return cls(code=_ON_LAMBDA, runtime=_RUNTIME_ON_LAMBDA, temporary=Path("/tmp"), shown=shown)  # noqa: S108

    @classmethod
    def as_it_lies(cls, code: Path, runtime: Path, packages: Mapping[str, Path], temporary: Path) -> Self:
        """Return the places of a worker that sees the machine's files; `runtime` is a folder of links to packages."""
        shown = {str(path): path for path in (code, runtime, *packages.values())}
        return cls(code=code, runtime=runtime, temporary=temporary, shown=shown)

    def seen(self, path: str) -> str:
        """Return where a file of the package lies that goes by its path on Lambda; any other path as it is."""
        within = Path(path).is_relative_to(_ON_LAMBDA)
        return str(self.code / Path(path).relative_to(_ON_LAMBDA)) if within else path
