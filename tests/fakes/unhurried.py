"""GitHub's client library without its waits: between two writes, and between two tries."""

import time
from collections.abc import Callable
from types import SimpleNamespace

import pytest


def unhurried(monkeypatch: pytest.MonkeyPatch, sleep: Callable[[float], None] = lambda _: None) -> None:
    """Let PyGithub and urllib3 call this in place of `time.sleep`.

    The rest of the process waits as ever: a wait that is none would turn into a loop that takes a core.
    """
    for module in ("github.Requester", "urllib3.util.retry"):
        monkeypatch.setattr(f"{module}.time", SimpleNamespace(**{**vars(time), "sleep": sleep}))
