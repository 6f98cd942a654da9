"""One repository with every trick at once: what it is told, and that nothing but the report was written.

A mistake of the settings ends a run before any of it is measured, so that the repository is run twice: as it is, and
once what the first answer names is corrected, and nothing else.
"""

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
BASE_SETTINGS = SETTINGS.replace("invocations: 60", "invocations: 120")


FUNCTIONS = ("gone", "needs", "linker", "speaker", "old")
PLACES = ("/", "/etc", "/opt", "/run", "/usr/local/bin", "/var/tmp", "/dev/shm")  # noqa: S108 - tried by the function

MISTAKES = {
    "git": "{source: .git, handler: app.handler}",
    "above": "{source: .., handler: app.handler}",
    "runner": "{source: linked, handler: app.handler}",
    "process": "{source: /proc/self, handler: app.handler}",
    "event": "{source: src, handler: app.handler, payloads: [{file: ../runner/event.json}]}",
    "pipe": "{source: src, handler: app.handler, payloads: [{file: fifo.json}]}",
    "includes": "{source: src, handler: app.handler, requirements: ../../runner/secret.txt}",
}
"""Functions that name what is not the workspace's own; the settings say so before anything is measured."""

TOLD = (
    "removed: the target branch measures it",
    "&#96;new&#96; is &#96;old&#96; of the target branch",
    "A secret of this job stood in a text and was replaced",
    "the link data.txt leads out of linker",
    "requirements.txt:1: the file that it names is no requirements file",
    "requirements.txt:2: the file that it names is no requirements file",
    *(f"This pull request changes &#96;{one}&#96;" for one in ("gate", "comment", "budget", "bucket", "expires_hours")),
    "This pull request changes &#96;monthly_invocations&#96;, &#96;allow_build&#96; of &#96;hello&#96;",
    "This pull request changes the events of &#96;hello&#96;",
)
"""What the red comment says of the others, beside the increase itself."""


def settings(functions: str, template: str) -> str:
    own = "    payloads: [{event: {n: 0}}]\n    allow_build: [evil]\n    monthly_invocations: 1\n    budget:"
    return f"""\
{BASE_SETTINGS.replace("    budget:", own)}{functions}
gate: {{threshold_percent: 100000}}
comment: {{mode: 'off', when: regression{template}}}
budget: {{usd: 999}}
expires_hours: 999
bucket: somebody-elses-bucket
"""


def lay_down(arena: Arena) -> None:
    """Make the target branch, and all of the pull request but its lambdabot.yml and what is in the reports' place."""
    for name in FUNCTIONS:
        arena.write(f"{name}/app.py", FAST, at=arena.base)
    arena.write("src/app.py", FAST, at=arena.base)
    base = [FUNCTION.format(name=name) for name in FUNCTIONS]
    arena.write("lambdabot.yml", "".join([BASE_SETTINGS, *base, "gate: {threshold_percent: 10}\n"]), at=arena.base)
    for name in ("gone", "needs", "linker", "new"):
        arena.write(f"{name}/app.py", FAST)
    places = [*map(str, (arena.work, arena.work / "src", arena.base, arena.runner)), *sysconfig.get_paths().values()]
    arena.write("src/app.py", SLOW.format(places=[*places, *PLACES]))
    arena.write("speaker/app.py", SPEAKER.format(token=TOKEN))
    arena.write("needs/requirements.txt", "-r ../.git/config\n-r /proc/self/environ\n")
    arena.link("linker/data.txt", arena.write("data.txt", TOKEN, at=arena.runner))
    arena.write("secret.txt", "the runner's own\n", at=arena.runner)
    arena.link("linked", arena.runner)
    os.mkfifo(arena.work / "fifo.json")


def test_every_trick_of_one_repository_is_named_and_nothing_is_touched(arena):
    """First every mistake of the settings at once; then, with those out of lambdabot.yml and the reports' link gone,
    a red comment that names each of the others. The target branch's say is in force.
    """
    lay_down(arena)
    measurable = "".join(FUNCTION.format(name=name) for name in ("needs", "linker", "speaker", "new"))
    hostile = "".join(f"  {name}: {text}\n" for name, text in MISTAKES.items())
    arena.write("lambdabot.yml", settings(measurable + hostile, ", template: .git/config"))
    link = arena.link(str(action.OUT), arena.runner)

    seen, changed = measured(arena)

    assert seen.exit_code == 2
    for name in MISTAKES:
        assert f"`{name}`" in seen.log, f"the trick of {name} is not named"
    assert "template" in seen.log
    assert "is a link" in seen.log
    assert not seen.shows_secret
    assert seen.comments == ()
    assert changed == []

    link.unlink()
    arena.write("lambdabot.yml", settings(measurable, ""))

    seen, changed = measured(arena)

    (comment,) = seen.comments
    assert seen.exit_code == 1
    assert comment.splitlines()[1].startswith("### 🔴")
    assert seen.files, "what is written is not seen"
    for trick in TOLD:
        assert trick in comment, f"{trick} is not told"
    assert not seen.shows_secret
    assert "::set-output" not in [line.strip()[:12] for line in seen.log.splitlines()]
    assert changed == []
