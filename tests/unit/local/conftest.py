"""What the endpoint's unit tests share: packages, a clock that the test moves, a registry."""

import io
import zipfile
from pathlib import Path

import pytest

from lambdabot.local.code import Code, CodeStore
from lambdabot.local.registry import Registry

ROLE = "arn:aws:iam::123456789012:role/any"


def package(**files: str) -> bytes:
    """Return a zip; `app` becomes app.py."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(f"{name}.py"), text)
    return buffer.getvalue()


@pytest.fixture
def zipped() -> bytes:
    return package(app="def handler(event, context):\n    return event\n")


@pytest.fixture
def codes(tmp_path: Path) -> CodeStore:
    return CodeStore(tmp_path)


@pytest.fixture
def code(codes: CodeStore, zipped: bytes) -> Code:
    return codes.unpack(zipped)


class Clock:
    """Seconds since the epoch, as the test says."""

    def __init__(self) -> None:
        self.now = 1_795_478_400.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def retired() -> list:
    return []


@pytest.fixture
def registry(clock: Clock, retired: list) -> Registry:
    return Registry("eu-west-1", clock=clock, transition_seconds=2, retire=retired.append)
