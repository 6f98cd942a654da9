"""The line of a function's handler, for remarks beside it: found by its text, never by importing the code."""

import re
from pathlib import Path

from lambdabot.model import Function, Place
from lambdabot.workspace import FileRefusedError

LARGEST_BYTES = 1024 * 1024


def handler_location(function: Function) -> Place | None:
    """Return where a Python handler is defined in its source; None where that cannot be told."""
    if (
        not isinstance(function.code.source, Path)
        or function.code.handler is None
        or not function.code.runtime.startswith("python")
    ):
        return None
    module, _, name = function.code.handler.rpartition(".")
    name_in_package = f"{module.replace('.', '/')}.py"  # Lambda takes `a/b.handler` and `a.b.handler`
    source = function.code.source
    path = source if source.name == name_in_package and source.is_file() else source / name_in_package
    try:
        text = function.code.workspace.read(path, largest=LARGEST_BYTES).decode(errors="replace")
    except FileRefusedError:
        return None
    definition = re.compile(rf"(?:async\s+def|def|class)\s+{re.escape(name)}\b|{re.escape(name)}\s*[:=]")
    for number, line in enumerate(text.split("\n"), start=1):
        if definition.match(line):
            return Place(path=path, line=number)
    return Place(path=path, line=1)
