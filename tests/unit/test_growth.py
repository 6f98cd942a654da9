"""What reads a user's text takes time in proportion to it: sixteen times the text, and not 256 times the work.

Work is counted in seconds of this process's own CPU, and only held against itself.
"""

import contextlib
import time
from pathlib import Path

import pytest

from lambdabot.arm64 import presentation
from lambdabot.arm64.formats import pyproject, text
from lambdabot.arm64.formats.poetry_requirements import specifier
from lambdabot.arm64.release import parse_filename
from lambdabot.errors import UsageError
from lambdabot.github import annotation
from lambdabot.model import Architecture
from lambdabot.packaging.credentials import masked
from lambdabot.packaging.explain import explain
from lambdabot.packaging.requirements import Requirements
from lambdabot.packaging.target import Target
from lambdabot.requirements_file import read
from lambdabot.workspace import Workspace

SMALL, TIMES = 2_000, 16
MOST = 100  # times the work: 16 were exact, 256 quadratic
TARGET = Target.of_runtime("python3.13", Architecture.X86_64)

RUNS = ("a", "a ", "a.", "a=", "a`", "`", " ", ";", "\\", "\\\n", "#", "a#", "://a", "<", "1.", "a-", '"', "a:1", ":")
PHRASES = ("a --hash=sha256:0 ", "Failed to build a-", "The built wheel `a-", "a has no wheels with a ")
NAME = r'^"?([A-Za-z0-9._-]+)"?\s*='  # as a Pipfile has it
ENDS = ("", "!", "\n")


def _requirements(hostile, folder):
    (folder / "requirements.txt").write_text(hostile)
    with contextlib.suppress(UsageError):
        read(folder / "requirements.txt", Workspace(folder), root=folder)


def _constraint(hostile, _):
    with contextlib.suppress(UsageError):
        specifier(hostile, Path("pyproject.toml"))


READERS = {
    "requirements": _requirements,
    "constraint of Poetry": _constraint,
    "words of uv": lambda hostile, _: explain(hostile, Requirements(), TARGET),
    "address": lambda hostile, _: masked(hostile),
    "place of an annotation": lambda hostile, _: annotation._PLACE.fullmatch(hostile),
    "place of a workflow command": lambda hostile, _: presentation._PLACE.fullmatch(hostile),
    "names in pyproject.toml": lambda hostile, _: pyproject._lines(hostile),
    "names in a lock": lambda hostile, _: text.lines_matching(hostile, NAME),
    "file's name": lambda hostile, _: parse_filename(f"{hostile}.tar.gz", "a"),
}


def _seconds(reader, hostile, folder):
    """Return the least of some tries: what else the machine does can only add to it."""
    least = []
    for _ in range(3):
        start = time.process_time()
        reader(hostile, folder)
        least.append(time.process_time() - start)
    return min(least)


@pytest.mark.parametrize("name", READERS)
def test_work_grows_with_the_text(name, tmp_path):
    for piece in (*RUNS, *PHRASES):
        for end in ENDS:
            small, large = (piece * (size // len(piece)) + end for size in (SMALL, SMALL * TIMES))
            work = _seconds(READERS[name], small, tmp_path), _seconds(READERS[name], large, tmp_path)
            assert work[1] < MOST * work[0] + 0.01, (piece, end, work)
