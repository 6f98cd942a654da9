import importlib.util
from pathlib import Path

import pytest

from lambdabot.github.event import Context

PATH = Path(__file__).parents[2] / "fakes" / "github.py"


def _module():
    spec = importlib.util.spec_from_file_location("fake_github", PATH)
    module = importlib.util.module_from_spec(spec)
    import sys

    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


fake_github = _module()


@pytest.fixture
def github():
    with fake_github.FakeGitHub() as server:
        yield server
    assert server.violations == []


@pytest.fixture
def fault():
    return fake_github.Fault


@pytest.fixture
def context(github):
    return Context(in_workflow=True, repository="octo/demo", pull_request=7, api_url=github.url)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """No test waits: neither PyGithub between two writes nor urllib3 between two tries."""
    waited = []
    monkeypatch.setattr("github.Requester.time.sleep", waited.append)
    return waited
