import pytest

from tests.browser.chromium import chromium, program


@pytest.fixture(scope="module")
def browser():
    """Start one Chromium for a module; the loop that drives it would be in the way of other modules."""
    if program() is None:
        pytest.skip("no Chromium on this machine; on Debian: apt-get install chromium")
    with chromium() as started:
        yield started
