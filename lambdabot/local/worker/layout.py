"""Where a worker sees its code, its layers, the runtime's packages and the folder that it may write to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

_ON_LAMBDA = Path("/var/task")
_RUNTIME_ON_LAMBDA = Path("/var/runtime")
_LAYERS_ON_LAMBDA = Path("/opt")
_USER = "sbx_user1051"  # who a function is on Lambda, with a home that is not there
_HOME = f"/home/{_USER}"


def passwd(user: int) -> str:
    """Return the list of users (passwd(5)) in which a worker's user id is Lambda's user."""
    return f"{_USER}:x:{user}:{user}::{_HOME}:/sbin/nologin\nroot:x:0:0:root:/root:/sbin/nologin\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Lambda's own places in a view of the worker's own, else where the folders really lie.

    `shown` is where each of them is found on this machine. Where the list of users is the machine's own, `user` holds
    the variables that are looked at before it.
    """

    code: Path
    layers: Path
    runtime: Path
    temporary: Path
    shown: Mapping[str, Path]
    user: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def as_on_lambda(cls, code: Path, layers: Path | None, packages: Mapping[str, Path]) -> Self:
        """Return the places of a worker that has its own view.

        What lies at the top of the layers is shown one by one: the interpreter may be in /opt itself.
        """
        shown = {str(_ON_LAMBDA): code, **{f"{_RUNTIME_ON_LAMBDA}/{name}": path for name, path in packages.items()}}
        if layers is not None:
            shown |= {str(_LAYERS_ON_LAMBDA / path.name): path.resolve() for path in sorted(layers.iterdir())}
        return cls(
            code=_ON_LAMBDA,
            layers=_LAYERS_ON_LAMBDA,
            runtime=_RUNTIME_ON_LAMBDA,
            temporary=Path("/tmp"),  # noqa: S108  # Lambda's own name, in a view of its own
            shown=shown,
        )

    @classmethod
    def as_it_lies(cls, code: Path, layers: Path, runtime: Path, packages: Mapping[str, Path], temporary: Path) -> Self:
        """Return the places of a worker that sees the machine's files; `runtime` is a folder of links to packages."""
        shown = {str(path): path for path in (code, layers, runtime, *packages.values())}
        user = {"HOME": _HOME, "LOGNAME": _USER, "USER": _USER}
        return cls(code=code, layers=layers, runtime=runtime, temporary=temporary, shown=shown, user=user)

    def seen(self, path: str) -> str:
        """Return where a file of package or layers lies that goes by its path on Lambda; any other path as it is."""
        for place, lies in ((_ON_LAMBDA, self.code), (_LAYERS_ON_LAMBDA, self.layers)):
            if Path(path).is_relative_to(place):
                return str(lies / Path(path).relative_to(place))
        return path
