import pytest

from tests.browser.chromium import chromium, program


@pytest.fixture(scope="session")
def browser():
    """Start one Chromium for all tests."""
    if program() is None:
        pytest.skip("no Chromium on this machine; on Debian: apt-get install chromium")
    with chromium() as started:
        yield started
