"""A program for the runtimes that are provided with the function, compiled where there is a compiler."""

import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

COMPILER = "gcc"
SOURCE = Path(__file__).with_name("bootstrap.c")


def missing() -> str:
    """Return what this machine lacks to compile it, empty when it lacks nothing."""
    return "" if shutil.which(COMPILER) else COMPILER


@cache
def bootstrap() -> bytes:
    """Return the program of bootstrap.c, which needs no library of the machine that it runs on."""
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder, "bootstrap")
        subprocess.run(
            [shutil.which(COMPILER) or COMPILER, "-O1", "-static", "-o", program, SOURCE],
            check=True,
            capture_output=True,
        )
        return program.read_bytes()
