"""What outlives a run has one place."""

from pathlib import Path

from lambdabot.folders import cache_folder


def test_the_cache_is_the_runners_else_the_users(monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    assert cache_folder({"RUNNER_TEMP": "/runner", "XDG_CACHE_HOME": "/xdg"}) == Path("/runner/lambdabot-cache")
    assert cache_folder({"RUNNER_TEMP": "", "XDG_CACHE_HOME": "/xdg"}) == Path("/xdg/lambdabot")
    assert cache_folder({}) == Path("/home/me/.cache/lambdabot")
