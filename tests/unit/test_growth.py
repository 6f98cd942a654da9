"""What reads a user's text takes time in proportion to it: sixteen times the text, and not 256 times the work."""

import contextlib
from functools import partial
from pathlib import Path

import pytest

from lambdabot.arm64.formats import pyproject, text
from lambdabot.arm64.formats.poetry_requirements import specifier
from lambdabot.arm64.indexes.release import parse_filename
from lambdabot.errors import UsageError
from lambdabot.model import Architecture, Place
from lambdabot.packaging.credentials import masked
from lambdabot.packaging.explain import explain
from lambdabot.packaging.requirements import Requirements
from lambdabot.packaging.target import Target
from lambdabot.requirements_file import read
from lambdabot.workspace import Workspace
from tests.growth import cpu_seconds

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
    "place": lambda hostile, _: Place.parse(hostile),
    "names in pyproject.toml": lambda hostile, _: pyproject._lines(hostile),
    "names in a lock": lambda hostile, _: text.lines_matching(hostile, NAME),
    "file's name": lambda hostile, _: parse_filename(f"{hostile}.tar.gz", "a"),
}


@pytest.mark.parametrize("name", READERS)
def test_work_grows_with_the_text(name, tmp_path):
    for piece in (*RUNS, *PHRASES):
        for end in ENDS:
            small, large = (piece * (size // len(piece)) + end for size in (SMALL, SMALL * TIMES))
            work = [cpu_seconds(partial(READERS[name], one, tmp_path)) for one in (small, large)]
            assert work[1] < MOST * work[0] + 0.01, (piece, end, work)
