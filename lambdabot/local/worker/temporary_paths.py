"""A /tmp and an /opt for a worker on a machine that gives it no view of its own: Python's own functions go elsewhere.

Functions write to `/tmp/…` by that name, where several environments must not meet, and read their layers at `/opt/…`.
Where neither can be replaced for a process, the names are, in every path that Python code opens, asks about or hands to
a program it starts.
Libraries that open files by themselves are not reached; `tempfile` needs none of this. The module runs in the worker,
without lambdabot.
"""

import _posixsubprocess
import builtins
import io
import os
from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from typing import Any

_ONE_PATH = (
    "access chdir chmod chown lchown listdir lstat mkdir mkfifo mknod open readlink remove rmdir scandir stat statvfs "
    "truncate unlink utime"
)
_TWO_PATHS = "link rename replace symlink"


def redirect(places: Mapping[str, str], kept: Iterable[str]) -> None:
    """Lead every path below a place, as /tmp, to its folder, but those at or below the kept ones."""
    stay = tuple(f"{path}/" for path in (*kept, *places.values()))

    def moved(path: Any) -> Any:  # noqa: ANN401 - whatever Python takes for a path
        try:
            name = os.fsdecode(path)
        except TypeError:  # a file descriptor, or a mistake that the wrapped function reports
            return path
        place = next((one for one in places if f"{name}/".startswith(f"{one}/")), None)
        if place is None or f"{name}/".startswith(stay):
            return path
        private = places[place] + name[len(place) :]
        return os.fsencode(private) if isinstance(path, bytes) else private

    def leading(function: Callable[..., Any], paths: int) -> Callable[..., Any]:
        @wraps(function)
        def call(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - hands on what it gets
            return function(*map(moved, arguments[:paths]), *arguments[paths:], **named)

        return call

    for paths, names in ((1, _ONE_PATH), (2, _TWO_PATHS)):
        for name in names.split():
            setattr(os, name, leading(getattr(os, name), paths))
    builtins.open = io.open = leading(io.open, 1)
    start = _posixsubprocess.fork_exec

    def fork_exec(command: Any, programs: Any, close: Any, keep: Any, folder: Any, *rest: Any) -> Any:  # noqa: ANN401 - as above
        return start([moved(part) for part in command], programs, close, keep, folder and moved(folder), *rest)

    _posixsubprocess.fork_exec = fork_exec
