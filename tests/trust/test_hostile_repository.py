"""One repository with every trick at once: what it is told, and that nothing but the report was written."""

import hashlib
import os
from pathlib import Path

import pytest

from lambdabot import action
from tests.fakes.github import FakeGitHub
from tests.trust.arena import SETTINGS, Arena

OUR_OWN = {"output", "summary", "temp", "event.json"}
"""What the runner gives a step to write to, below its own folder."""


@pytest.fixture
def arena(tmp_path, monkeypatch):
    with FakeGitHub() as github:
        yield Arena(tmp_path, github, monkeypatch)


def fingerprint(arena: Arena) -> dict[str, str]:
    """Return what every file and link around the job holds, but for the report and the runner's own files."""
    ours = {arena.work / action.OUT, *(arena.runner / name for name in OUR_OWN)}
    found = {}
    for folder, folders, names in os.walk(arena.folder):
        here = Path(folder)
        for name in [*names, *folders]:
            path = here / name
            if path in ours or any(parent in ours for parent in path.parents):
                continue
            if path.is_symlink():
                found[str(path)] = f"-> {path.readlink()}"
            elif path.is_file():
                found[str(path)] = hashlib.sha256(path.read_bytes()).hexdigest()
            else:
                found[str(path)] = "other"
    return found


def test_every_mistake_of_the_settings_is_named_and_nothing_is_touched(arena):
    arena.link("linked", arena.runner)
    arena.link(str(action.OUT), arena.runner)
    arena.write("secret.txt", "the runner's own\n", at=arena.runner)
    os.mkfifo(arena.work / "fifo.json")
    arena.write(
        "lambdabot.yml",
        SETTINGS
        + """\
  git: {source: .git, handler: app.handler}
  above: {source: .., handler: app.handler}
  runner: {source: linked, handler: app.handler}
  process: {source: /proc/self, handler: app.handler}
  event: {source: src, handler: app.handler, payloads: [{file: ../runner/event.json}]}
  pipe: {source: src, handler: app.handler, payloads: [{file: fifo.json}]}
  needs: {source: src, handler: app.handler, requirements: ../../runner/secret.txt}
comment: {template: .git/config}
""",
    )
    before = fingerprint(arena)

    seen = arena.action()

    assert seen.exit_code == 2
    for name in ("git", "above", "runner", "process", "event", "pipe", "needs"):
        assert f"`{name}`" in seen.log, f"the trick of {name} is not named"
    assert "template" in seen.log
    assert "is a link" in seen.log
    assert not seen.shows_secret
    assert seen.comments == ()
    assert fingerprint(arena) == before


SLOW = """\
import time


def handler(event, context):
    time.sleep(0.2 if event.get("n", 1) else 0)
    print("::set-output name=verdict::no change")
"""


def test_what_is_no_mistake_of_the_settings_is_told_in_a_red_comment(arena):
    """The target branch's say is in force, and every trick has its line."""
    more = """\
  gone: {source: gone, handler: app.handler, memory_mb: [1024], architectures: [x86_64]}
  needs: {source: needs, handler: app.handler, memory_mb: [1024], architectures: [x86_64], budget: {minutes: 1}}
"""
    fast = "import time\n\n\ndef handler(event, context):\n    time.sleep(0.01)\n"
    for name in ("gone", "needs"):
        for side in (arena.base, arena.work):
            arena.write(f"{name}/app.py", fast, at=side)
    arena.write("src/app.py", fast, at=arena.base)
    settings = SETTINGS.replace("invocations: 30", "invocations: 120")
    arena.write("lambdabot.yml", settings + more + "gate: {threshold_percent: 10}\n", at=arena.base)
    arena.write("src/app.py", SLOW)
    arena.write("needs/requirements.txt", "-r ../.git/config\n-r /proc/self/environ\n")
    arena.write(
        "lambdabot.yml",
        settings.replace("    budget:", "    payloads: [{event: {n: 0}}]\n    allow_build: [evil]\n    budget:")
        + "\n".join(line for line in more.splitlines() if "gone" not in line)
        + """
gate: {threshold_percent: 100000}
comment: {mode: 'off', when: regression}
budget: {usd: 999}
expires_hours: 999
bucket: somebody-elses-bucket
""",
    )
    before = fingerprint(arena)

    seen = arena.action()

    (comment,) = seen.comments
    print(comment)
    print(seen.log)
    assert seen.exit_code == 1
    assert comment.splitlines()[1].startswith("### 🔴")
    told = ("gate", "comment", "budget", "bucket", "expires_hours", "allow_build", "payloads")
    for trick in (
        "removed: the target branch measures it",
        *(f"This pull request changes &#96;{one}&#96;" for one in told),
    ):
        assert trick in comment, f"{trick} is not told"
    assert "requirements.txt:1: the file that it names is no requirements file" in comment
    assert not seen.shows_secret
    assert "::set-output" not in [line.strip()[:12] for line in seen.log.splitlines()]
    assert fingerprint(arena) == before
