import getpass
import os
import tempfile
from contextlib import suppress
from pathlib import Path

import hypothesis
import pytest

# Machines that run tests are shared and slow at times: no property is judged by the clock. In CI the examples are the
# same each time, so that a change is judged by what it changes; everywhere else every run looks for new ones.
hypothesis.settings.register_profile("lambdabot", deadline=None, derandomize="CI" in os.environ)
hypothesis.settings.load_profile("lambdabot")

# What is kept between runs is kept in the checkout: the machine is as it was.
KEPT = Path(__file__).parents[1] / ".cache"
for variable, place in (("XDG_CACHE_HOME", KEPT), ("XDG_STATE_HOME", KEPT), ("UV_CACHE_DIR", KEPT / "uv")):
    os.environ[variable] = str(place)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove the folder around pytest's temporary ones, which go when the tests pass: nothing stays on the machine."""
    if config.option.basetemp is None:
        with suppress(OSError):  # it holds what failed, or another run's
            Path(tempfile.gettempdir(), f"pytest-of-{getpass.getuser()}").rmdir()
