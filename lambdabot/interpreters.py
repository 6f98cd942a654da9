"""The interpreters that this machine has for code of others: Node.js, and Python in more than our own version.

They are the job's: what lies in the workspace is a pull request's, and is not even asked for its version.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

OWN_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
"""The version of this very interpreter, as a runtime's identifier has it."""

_SECONDS = 20  # for an interpreter to tell its version
_NODE = "console.log(JSON.stringify([process.execPath, process.versions.node, [process.execPath]]))"
_PYTHON = """
import json, os, platform, sys, sysconfig
program = os.path.realpath(sys.executable)
folders = [sys.base_prefix, sys.base_exec_prefix, os.path.dirname(program)]
folders += [sysconfig.get_path(name) for name in ("stdlib", "platstdlib")]
print(json.dumps([program, platform.python_version(), folders]))
"""
_PYTHONS = (
    ("RUNNER_TOOL_CACHE", "/opt/hostedtoolcache", "Python/{}.*/*/bin"),  # actions/setup-python
    ("UV_PYTHON_INSTALL_DIR", "~/.local/share/uv/python", "cpython-{}.*/bin"),
    ("PYENV_ROOT", "~/.pyenv", "versions/{}.*/bin"),
)
"""Where interpreters lie that are not on the PATH: the variable that names a folder, its default, and what is in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpreter:
    """A program that runs code, its whole version, and the files and folders that it is made of."""

    program: Path
    version: str  # `20.20.2`
    parts: tuple[Path, ...]


@cache
def node() -> Interpreter | None:
    """Return the machine's Node.js, the first on the PATH; None where there is none."""
    return next(_asked(_on_path("node"), ("--eval", _NODE)), None)


@cache
def python(version: str) -> Interpreter | None:
    """Return the machine's Python of a version such as `3.12`, None where it has none but our own.

    One that holds somebody's home, as no installation does, would show it to the code that it runs.
    """
    if version == OWN_PYTHON:
        return None
    home = Path.home()
    for found in _asked(_pythons(version), ("-I", "-S", "-c", _PYTHON)):
        if f"{found.version}.".startswith(f"{version}.") and not any(home.is_relative_to(part) for part in found.parts):
            return found
    return None


def _asked(programs: Iterator[Path], question: Sequence[str]) -> Iterator[Interpreter]:
    """Yield what each program tells of itself; a wrapper of a version manager leads to what it wraps, or fails."""
    environment = {"PATH": os.pathsep.join(map(str, _folders())), "HOME": str(Path.home())}
    for path in programs:
        try:
            asked = subprocess.run(
                [path, *question],
                env=environment,
                cwd="/",  # no file of a project says which version is wanted
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=True,
                timeout=_SECONDS,
            )
            program, version, parts = json.loads(asked.stdout)
        except (OSError, subprocess.SubprocessError, ValueError):
            continue
        yield Interpreter(
            program=Path(program).resolve(), version=version, parts=tuple(Path(part).resolve() for part in parts)
        )


def _pythons(version: str) -> Iterator[Path]:
    name = f"python{version}"
    yield from _on_path(name)
    for variable, default, pattern in _PYTHONS:
        folder = Path(os.environ.get(variable) or default).expanduser()
        yield from (path for path in sorted(folder.glob(f"{pattern.format(version)}/{name}")) if not _is_a_guest(path))


def _on_path(name: str) -> Iterator[Path]:
    candidates = (folder / name for folder in _folders())
    yield from (path for path in candidates if os.access(path, os.X_OK) and not _is_a_guest(path))


def _folders() -> list[Path]:
    """Return the folders of the PATH that are the machine's own."""
    folders = map(Path, os.environ.get("PATH", os.defpath).split(os.pathsep))
    return [folder for folder in folders if folder.is_absolute() and not _is_a_guest(folder)]


def _is_a_guest(path: Path) -> bool:
    """Tell whether a path lies, or leads, into a checkout or the packages of a project, which are not the machine's."""
    ways = (path, path.resolve())
    return any("node_modules" in way.parts or any(map(way.is_relative_to, _workspaces())) for way in ways)


def _workspaces() -> Iterator[Path]:
    """Yield the job's workspace and the checkout around the working folder; a home is none, whatever lies in it."""
    if workspace := os.environ.get("GITHUB_WORKSPACE"):
        yield Path(workspace).resolve()
    here = Path.cwd()
    around = next((folder for folder in (here, *here.parents) if (folder / ".git").exists()), here)
    if not Path.home().resolve().is_relative_to(around):
        yield around
