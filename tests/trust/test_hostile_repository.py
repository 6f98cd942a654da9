"""One repository with every trick at once: what it is told, and that nothing but the report was written."""

import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from lambdabot import action
from tests.fakes.github import FakeGitHub
from tests.trust.arena import SETTINGS, TOKEN, Arena, Seen

ROOT = Path(__file__).parents[2]
OVERLAY = ["unshare", "--mount", "--propagation", "private", sys.executable, str(ROOT / "tests/trust/overlay.py")]

OUR_OWN = ("output", "summary")
"""What the runner gives a step to write to, below its own folder."""


@pytest.fixture
def arena(tmp_path, monkeypatch):
    if os.geteuid() != 0 or subprocess.run([*OVERLAY, "--try"], check=False, capture_output=True).returncode:
        pytest.skip("needs root and overlayfs, to see every byte that is written anywhere")
    with FakeGitHub() as github:
        yield Arena(tmp_path, github, monkeypatch)


def measured(arena: Arena) -> tuple[Seen, list[str]]:
    """Run the action on the pull request; return what came out, and every file that it changed but for the report."""
    inputs = {"INPUT_ENDPOINT": "local", "INPUT_BASE": str(arena.base), "INPUT_GITHUB-TOKEN": TOKEN}
    ended = subprocess.run(
        OVERLAY,
        cwd=arena.work,
        env=arena.environ(PYTHONPATH=str(ROOT), **inputs),
        capture_output=True,
        text=True,
        check=False,
    )
    *log, told = ended.stdout.splitlines() or [""]
    assert told.startswith("{"), ended.stderr
    told = json.loads(told)
    ours = {str(arena.runner / name) for name in OUR_OWN}
    report = f"{arena.work / action.OUT}/"
    files = {path: "" for path in told["changed"] if path.startswith(report)}
    others = [path for path in told["changed"] if path not in ours and path not in files]
    seen = Seen(
        exit_code=told["code"],
        log="\n".join([*log, ended.stderr]),
        comments=tuple(arena.github.bodies()),
        files=files,
    )
    return seen, others


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

    seen, changed = measured(arena)

    assert seen.exit_code == 2
    for name in ("git", "above", "runner", "process", "event", "pipe", "needs"):
        assert f"`{name}`" in seen.log, f"the trick of {name} is not named"
    assert "template" in seen.log
    assert "is a link" in seen.log
    assert not seen.shows_secret
    assert seen.comments == ()
    assert changed == []


SLOW = """\
import contextlib
import os
import time

PLACES = {places!r}


def handler(event, context):
    for place in PLACES:
        with contextlib.suppress(OSError):
            with open(os.path.join(place, "lambdabot-was-here"), "w") as file:
                file.write("mine")
    time.sleep(0.2 if event.get("n", 1) else 0)
    print("::set-output name=verdict::no change")
"""
FAST = "import time\n\n\ndef handler(event, context):\n    time.sleep(0.01)\n"
SPEAKER = "def handler(event, context):\n    raise ValueError({token!r})\n"
FUNCTION = "  {name}: {{source: {name}, handler: app.handler, memory_mb: [1024], architectures: [x86_64]}}\n"
BASE_SETTINGS = SETTINGS.replace("invocations: 30", "invocations: 120")


def test_what_is_no_mistake_of_the_settings_is_told_in_a_red_comment(arena):
    """The target branch's say is in force, and every trick has its line."""
    base = [FUNCTION.format(name=name) for name in ("gone", "needs", "linker", "speaker", "old")]
    head = [FUNCTION.format(name=name) for name in ("needs", "linker", "speaker", "new")]
    for name in ("gone", "needs", "linker", "speaker", "old"):
        arena.write(f"{name}/app.py", FAST, at=arena.base)
    for name in ("gone", "needs", "linker", "new"):
        arena.write(f"{name}/app.py", FAST)
    arena.write("src/app.py", FAST, at=arena.base)
    arena.write("lambdabot.yml", "".join([BASE_SETTINGS, *base, "gate: {threshold_percent: 10}\n"]), at=arena.base)
    places = [*map(str, (arena.work, arena.work / "src", arena.base, arena.runner)), *sysconfig.get_paths().values()]
    places += ["/", "/etc", "/opt", "/run", "/usr/local/bin", "/var/tmp", "/dev/shm"]  # noqa: S108 - tried by the function
    arena.write("src/app.py", SLOW.format(places=places))
    arena.write("speaker/app.py", SPEAKER.format(token=TOKEN))
    arena.write("needs/requirements.txt", "-r ../.git/config\n-r /proc/self/environ\n")
    arena.link("linker/data.txt", arena.write("data.txt", TOKEN, at=arena.runner))
    own = "    payloads: [{event: {n: 0}}]\n    allow_build: [evil]\n    monthly_invocations: 1\n    budget:"
    arena.write(
        "lambdabot.yml",
        "".join([BASE_SETTINGS.replace("    budget:", own), *head])
        + """
gate: {threshold_percent: 100000}
comment: {mode: 'off', when: regression}
budget: {usd: 999}
expires_hours: 999
bucket: somebody-elses-bucket
""",
    )

    seen, changed = measured(arena)

    (comment,) = seen.comments
    assert seen.exit_code == 1
    assert comment.splitlines()[1].startswith("### 🔴")
    assert seen.files, "what is written is not seen"
    for trick in (
        "removed: the target branch measures it",
        "&#96;new&#96; is &#96;old&#96; of the target branch",
        "A secret of this job stood in a text and was replaced",
        "the link data.txt leads out of linker",
        "requirements.txt:1: the file that it names is no requirements file",
        "requirements.txt:2: the file that it names is no requirements file",
        *(
            f"This pull request changes &#96;{one}&#96;"
            for one in ("gate", "comment", "budget", "bucket", "expires_hours")
        ),
        "This pull request changes &#96;monthly_invocations&#96;, &#96;allow_build&#96; of &#96;hello&#96;",
        "This pull request changes &#96;payloads&#96; of &#96;hello&#96;",
    ):
        assert trick in comment, f"{trick} is not told"
    assert not seen.shows_secret
    assert "::set-output" not in [line.strip()[:12] for line in seen.log.splitlines()]
    assert changed == []
