import getpass
import os
import sys
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path

import hypothesis
import pytest
from botocore.loaders import JSONFileLoader
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from lambdabot import interpreters
from tests.spot_check import WHOLE, examples, told

# Machines that run tests are shared and slow at times: no property is judged by the clock. In CI the examples are the
# same each time, so that a change is judged by what it changes; everywhere else every run looks for others.
hypothesis.settings.register_profile("lambdabot", deadline=None, derandomize=WHOLE, max_examples=examples(100))
hypothesis.settings.load_profile("lambdabot")

# Compiled once, and not by every worker of every run; what is compiled lies beside its source, in the checkout.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# botocore reads its models of the services anew for every session, so for every run: a tenth of a run's CPU time.
# Not S3's, which a client changes once it calls: its operations lose `/{Bucket}` for whoever reads them next.
_read = JSONFileLoader.load_file
_load = cache(JSONFileLoader().load_file)
JSONFileLoader.load_file = lambda self, path: _read(self, path) if "/s3/" in path else _load(path)

# What is kept between runs is kept in the checkout: the machine is as it was.
KEPT = Path(__file__).parents[1] / ".cache"
for variable, place in (("XDG_CACHE_HOME", KEPT), ("XDG_STATE_HOME", KEPT), ("UV_CACHE_DIR", KEPT / "uv")):
    os.environ[variable] = str(place)

TOGETHER = (
    "tests/action/",  # one image is built and run
    "tests/browser/",  # one Chromium, whose loop would be in the way of other modules
    "tests/unit/local/worker/",  # CPU time is held against the CPU that was granted
)
"""What one worker of pytest-xdist does alone: it is expensive to make, or would disturb itself."""


@pytest.fixture(scope="session", autouse=True)
def own_python_alone():
    """Have functions run by the Python that runs this: another one takes a second to be made ready, per endpoint."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(interpreters, "python", lambda version: None)
        yield


class Scheduling(LoadScopeScheduling):
    """Gives each worker its next test, but what belongs together to the same one, and that first.

    pytest-xdist's own groups are names behind a test's, which pytest takes no more since 9.2.
    """

    def _split_scope(self, nodeid: str) -> str:
        file, _, _ = nodeid.partition("::")
        if file.startswith("tests/integration/"):
            return file  # an endpoint, or a server, is made once for a file
        return next((one for one in TOGETHER if file.startswith(one)), nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduling:
    return Scheduling(config, log)


def pytest_report_header() -> str:
    return told()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove the folder around pytest's temporary ones, which go when the tests pass: nothing stays on the machine."""
    if config.option.basetemp is None:
        with suppress(OSError):  # it holds what failed, or another run's
            Path(tempfile.gettempdir(), f"pytest-of-{getpass.getuser()}").rmdir()
