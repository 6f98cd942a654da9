import pytest

from lambdabot.github.event import Context
from tests.fakes.github import FakeGitHub, Fault
from tests.fakes.unhurried import unhurried


@pytest.fixture
def github():
    with FakeGitHub() as server:
        yield server


@pytest.fixture
def fault():
    return Fault


@pytest.fixture
def context(github):
    return Context(in_workflow=True, repository="octo/demo", pull_request=7, api_url=github.url, token="token")


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """No test waits: neither PyGithub between two writes nor urllib3 between two tries."""
    waited = []
    unhurried(monkeypatch, waited.append)
    return waited
