"""Whether the embedded endpoint can run a function at all, told once and not for each of its sizes."""

import zipfile
from pathlib import Path

from lambdabot import zip_directory
from lambdabot.local.runtimes.available import unsupported
from lambdabot.local.runtimes.provided import BOOTSTRAP, HEAD_BYTES, elsewhere
from lambdabot.model import Architecture, Function, runtimes
from lambdabot.pipeline.notes import layers_elsewhere
from lambdabot.workspace import FileRefusedError

_ON_AWS = "`--endpoint aws` measures it"


def unrunnable(function: Function, architecture: Architecture) -> str:
    """Return why it cannot, on a machine of this architecture, and what to do; empty where it may."""
    code = function.code
    if isinstance(code.source, str):
        return f"a container image is not run by the embedded endpoint: {_ON_AWS}"
    if why := unsupported(code.runtime):
        return f"{why}: {_ON_AWS}"
    if why := elsewhere(_bootstrap(function)):
        return f"{why}: build it for {architecture}, or {_ON_AWS}"
    return layers_elsewhere(function, architecture)


def _bootstrap(function: Function) -> bytes:
    """Return the first bytes of the program that a function brings; none where it brings none, or in a layer."""
    source, workspace = function.code.source, function.code.workspace
    if not isinstance(source, Path) or not runtimes.is_provided(function.code.runtime):
        return b""
    try:
        if workspace.is_dir(source):
            with workspace.open(source / BOOTSTRAP) as file:
                return file.read(HEAD_BYTES)
        with workspace.open(source) as file, zipfile.ZipFile(file) as package, package.open(BOOTSTRAP) as program:
            return program.read(HEAD_BYTES)
    except (FileRefusedError, KeyError, *zip_directory.FAULTS):  # which packaging tells, or the endpoint
        return b""
