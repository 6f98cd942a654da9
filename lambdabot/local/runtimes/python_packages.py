"""What Lambda's Python runtime provides beside the standard library: the runtime client and boto3, and nothing else.

lambdabot's own packages lie in the same folder as these, and a function that imported one of them by luck would fail on
Lambda: so a worker sees the few that it may see. AWS's client has a part in C, built for our own version of Python: for
another one the packages are copied, with a client in Python in its place, and compiled, as they are for ours.
"""

import re
import shutil
import subprocess
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from packaging.specifiers import SpecifierSet

from lambdabot.interpreters import Interpreter
from lambdabot.local.worker import bootstrap

_PROVIDED = ("awslambdaric", "boto3")
_PROGRAM = ("bootstrap.py", "temporary_paths.py")
_CLIENT = "runtime_client.py"
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_DATA = "botocore/data"  # most of all, and none of it is code
_COMPILE_SECONDS = 120


def packages() -> dict[str, Path]:
    """Return the runtime's packages and main program for our own Python, by their names in /var/runtime."""
    targets = {name: Path(bootstrap.__file__).resolve().with_name(name) for name in _PROGRAM}
    for distribution in _closure():
        for file in distribution.files or ():
            top = file.parts[0]
            if top not in {"..", "__pycache__"} and top not in targets:
                targets[top] = Path(str(distribution.locate_file(top))).resolve()
    return targets


def unfit(version: str) -> str:
    """Return which of the packages does not run on a version of Python, empty where all do."""
    for distribution in _closure():
        wanted = distribution.metadata.json.get("requires_python")
        if wanted and not SpecifierSet(str(wanted)).contains(version):
            return f"{distribution.name} {distribution.version}"
    return ""


def compiled(interpreter: Interpreter, folder: Path) -> dict[str, Path]:
    """Copy the packages into a folder, compile them for another Python, and return them as `packages` does."""
    found = packages()
    data = found["botocore"].parent / _DATA
    for name, source in found.items():
        if source.suffix == ".so" or name.endswith((".dist-info", ".egg-info")):
            continue
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=_left_out, copy_function=shutil.copyfile)
        else:
            shutil.copyfile(source, folder / name)
    shutil.copyfile(Path(__file__).with_name("python_client.py"), folder / _CLIENT)
    command = [
        str(interpreter.program),
        "-I",
        "-S",
        "-m",
        "compileall",
        "-q",
        "--invalidation-mode",
        "unchecked-hash",
        ".",
    ]
    subprocess.run(command, cwd=folder, env={}, check=True, capture_output=True, timeout=_COMPILE_SECONDS)
    (folder / _DATA).mkdir()
    return {**{path.name: path for path in sorted(folder.iterdir())}, _DATA: data}


def _left_out(folder: str, names: list[str]) -> set[str]:
    return {one for one in names if one == "__pycache__" or one.endswith(".so") or f"{folder}/{one}".endswith(_DATA)}


def _closure() -> Iterator[metadata.Distribution]:
    """Yield the provided distributions and what they require, each once."""
    queue = list(_PROVIDED)
    seen: set[str] = set()
    for name in queue:
        key = re.sub(r"[-_.]+", "-", name).lower()
        if key in seen:
            continue
        seen.add(key)
        distribution = metadata.distribution(name)
        yield distribution
        for requirement in distribution.requires or ():
            wanted = _NAME.match(requirement)
            if wanted and "extra ==" not in requirement:
                queue.append(wanted[0])
