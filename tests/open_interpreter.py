"""An interpreter that every user may run: without namespaces root gives code of others a user that must reach it."""

import os
import sys
from pathlib import Path

import pytest

from lambdabot.sandbox import isolation


def is_open(path: str | Path) -> bool:
    """Return True when every user may pass through to a path."""
    resolved = Path(path).resolve()
    return resolved.exists() and all(each.stat().st_mode & 0o001 for each in resolved.parents)


def find() -> Path | None:
    """Return an interpreter of this version that other users may run, None where there is none."""
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    candidates = [Path(path) for path in (sys.executable, f"/usr/bin/{name}", f"/usr/local/bin/{name}")]
    return next(filter(is_open, candidates), None)


def use(patch: pytest.MonkeyPatch) -> None:
    """Have code of others run by it from now on; skip where there is none."""
    if os.geteuid() != 0 or is_open(isolation.INTERPRETER):
        return
    found = find()
    if found is None or not is_open(Path(isolation.__file__)):
        pytest.skip("needs an interpreter of this version, and a checkout, that every user may read")
    patch.setattr(isolation, "INTERPRETER", str(found))
    patch.setattr(isolation, "PROGRAMS", (str(found.parent),))
