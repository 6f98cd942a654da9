"""The runtimes of one machine: which it has, and each made ready once, when it is first asked for."""

import threading
from collections.abc import Mapping
from pathlib import Path

from lambdabot import interpreters
from lambdabot.interpreters import Interpreter
from lambdabot.local.runtimes import python_packages
from lambdabot.local.runtimes.nodejs import OLDEST, NodeJs, is_too_old
from lambdabot.local.runtimes.provided import Provided
from lambdabot.local.runtimes.python import Python
from lambdabot.local.runtimes.runtime import Runtime
from lambdabot.model import runtimes
from lambdabot.sandbox.isolation import Isolation

_LACKS = "is not run by the embedded endpoint"


def unsupported(identifier: str) -> str:
    """Return why the embedded endpoint does not run a runtime on this machine; empty where it does."""
    if runtimes.nodejs(identifier):
        node = interpreters.node()
        if node is None:
            return f"{identifier} {_LACKS}: no Node.js (`node`) is on the PATH"
        return f"{identifier} {_LACKS}: Node.js {node.version} is older than {OLDEST}" if is_too_old(node) else ""
    if runtimes.python(identifier) or runtimes.is_provided(identifier):
        return ""
    return f"{identifier} {_LACKS}, which has Python, Node.js and runtimes that are provided with the function"


class Runtimes:
    """What runs on a machine, by Lambda's identifiers; what it takes on disk lies in the machine's folder."""

    def __init__(self, folder: Path, isolation: Isolation, packages: Mapping[str, Path]) -> None:
        """Have our own Python with its `packages`; nothing else is looked for yet."""
        self._folder = folder
        self._isolation = isolation
        self._packages = packages
        self._lock = threading.Lock()
        self._found: dict[str, Runtime] = {}
        self._linked: dict[str, Path] = {}

    def find(self, identifier: str) -> Runtime:
        """Return what runs a runtime that is not `unsupported`."""
        with self._lock:
            if identifier not in self._found:
                self._found[identifier] = self._make(identifier)
            return self._found[identifier]

    def interpreter(self, identifier: str) -> Interpreter | None:
        """Return the Python that a function's dependencies have to fit, where it is another than our own."""
        found = self.find(identifier) if runtimes.python(identifier) else None
        if not isinstance(found, Python) or found.interpreter is self._isolation.interpreter:
            return None
        return found.interpreter

    def linked(self, runtime: Runtime) -> Path:
        """Return a folder of links to a runtime's files, for workers that see the machine's own files."""
        with self._lock:
            if runtime.version not in self._linked:
                folder = self._folder / f"runtime-{len(self._linked) + 1}"
                folder.mkdir(mode=0o755)
                for name, target in runtime.files.items():
                    if "/" not in name:
                        (folder / name).symlink_to(target)
                self._linked[runtime.version] = folder
            return self._linked[runtime.version]

    def _make(self, identifier: str) -> Runtime:
        if runtimes.nodejs(identifier):
            node = interpreters.node()
            assert node is not None  # noqa: S101 - its function would not have been created
            return NodeJs(identifier=identifier, interpreter=node)
        version = runtimes.python(identifier)
        return self._python(identifier, version) if version else Provided(identifier=identifier)

    def _python(self, identifier: str, version: str) -> Python:
        own = Python(identifier=identifier, interpreter=self._isolation.interpreter, files=self._packages)
        found = interpreters.python(version)
        if found is None or python_packages.unfit(found.version) or self._isolation.closed(found.parts):
            return own
        folder = self._folder / f"python-{version}"
        folder.mkdir(mode=0o755)
        return Python(identifier=identifier, interpreter=found, files=python_packages.compiled(found, folder))
