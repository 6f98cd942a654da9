"""The tries of `sandbox` in a run of lambdabot, as the action and as the command line in a step of the same job.

The function that is measured, or the build of what it requires, tries all that it can on a machine at once: a run is
made once for each `Trial`, and again for each guard that is taken out. Both doors run a pull request's code by the same
functions, and the same comment tells what it got, so that the controls are the action's alone.
"""

import json
import re
import secrets
import shutil
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from tests.trust import unguarded
from tests.trust.arena import SETTINGS, Arena
from tests.trust.attacks.sandbox import (
    ENGINES,
    FILTER,
    FOLDERS,
    IDS,
    INSPECTION,
    KEY_CALLS,
    LANDLOCK,
    LANDLOCKED,
    NO_ROOT,
    NOTHING,
    ORPHANS,
    ROOT,
    STORAGE,
    UNNAMED,
    USER,
    VIEW,
    Job,
    Prepare,
    engine,
    engine_in_sight,
    in_memory,
    job,
    packages_of_the_interpreter,
    process,
    queue,
    removed,
    room,
    row,
    shared_memory,
    suid_interpreter,
)
from tests.trust.table import Attack, Door

HANDLER = """

def handler(event, context):
    import json
    everything(json.loads(Path(__file__).with_name("event.json").read_text()))
"""
KEEPING = """
import os
def handler(event, context):
    with open(os.environ["TMPDIR"] + "/notes", "w") as file:
        file.write({!r})
"""
BACKEND = """
import intruder, json, pathlib
def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    intruder.build(json.loads(pathlib.Path("event.json").read_text()))
"""
PYPROJECT = """
[project]
name = "evil"
version = "1.0"
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
"""
BUILDING = SETTINGS.replace("    handler", "    requirements: requirements.txt\n    allow_build: [evil]\n    handler")
LEFT = {
    "memory": shared_memory,
    "queue": queue,
    "shm": in_memory,
    "daemon": lambda number: process(f"{number}.5"),
}
"""What is looked for afterwards, whatever the function says."""

BUILT = ("event", "git", "daemon", "zero", "ours")
"""What a build tries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One run at a door on a machine that offers `means`, and what is `beside` it; `ids` and `storage_mb` limit it."""

    means: dict[str, Any]
    nobody: bool = False  # who runs lambdabot, else root
    build: bool = False  # the build tries, else the function
    beside: Prepare | None = None  # what returns the one try that is made
    alone: str = ""  # its name
    ids: int = 0
    storage_mb: int = 512

    @property
    def may_be_refused(self) -> bool:
        """Tell whether a guard may hold by running nothing, or by ending what runs."""
        refused = "users" in self.means or (self.build and self.nobody)
        return refused or bool(self.alone or self.ids)


WORKED: dict[tuple[Door, str, str], set[str]] = {}
"""The names of what worked, by door, trial and the guards that are taken out."""


def at(door: Door, name: str, trial: Trial) -> Callable[[Arena], bool]:
    """Return an attempt; `name` is what of the trial it looks at."""

    def attempt(arena: Arena) -> bool:
        key = (door, repr(trial), repr(removed()))
        if key not in WORKED:
            WORKED[key] = worked(arena, door, trial)
        return name in WORKED[key]

    return attempt


def tries(one: Job, number: int) -> dict[str, dict[str, Any]]:
    """Return what is tried, by the names of the rows; `number` names what is left."""
    name = f"lambdabot-trust-{one.half}"
    credentials = one.write("home/.aws/credentials", f"[default]\n# {one.secret}\n")
    return {
        "environ": {"try": "environ"},
        "ptrace": {"try": "ptrace"},
        "signal": {"try": "signal"},
        "event": {"try": "file", "path": str(one.folder / "runner/event.json")},
        "git": {"try": "file", "path": str(one.write("work/.git/config"))},
        "credentials": {"try": "file", "path": str(credentials)},
        "temporary": {"try": "temporary"},
        "abstract": {"try": "connect", "name": name},
        "keyring": {"try": "keyring", "keyctl": KEY_CALLS[1], "name": name},
        "memory": {"try": "shared_memory", "key": number},
        "queue": {"try": "queue", "name": f"/lambdabot-{number}"},
        "shm": {"try": "write", "path": f"/dev/shm/lambdabot-{number}"},  # noqa: S108 - looked for, and removed
        "daemon": {"try": "daemon", "marker": f"{number}.5"},  # seconds that no other program sleeps
        "regain": {"try": "regain", **suid_interpreter(one)["event"]},
        "packages": {"try": "write", **packages_of_the_interpreter(one)["event"]},
        "ids": {"try": "hold_ids"},
        "root": {"try": "write", "path": str(mark(one))},
        "zero": {"try": "become", "user": 0},
        "ours": {"try": "become", "user": 65534},
    }


def mark(one: Job) -> Any:
    """Return a file that root alone can make."""
    path = one.folder / "roots/was-here"
    path.parent.mkdir(mode=0o700, exist_ok=True)
    return path


def worked(arena: Arena, door: Door, trial: Trial) -> set[str]:
    """Run the door on the pull request; return what its code got by its own word, and what it left."""
    number = secrets.randbelow(2**24) + 1
    with job() as one:
        asked = {"serve": [f"\0lambdabot-trust-{one.half}"], **(trial.beside(one) if trial.beside else {})}
        tried = {trial.alone: asked.pop("event")} if trial.alone else tries(one, number)
        if trial.build:
            tried = {name: it for name, it in tried.items() if name in {*BUILT, trial.alone}}
        event = {"half": one.half, "ids": [], "tries": tried}
        prepare(one, arena, event, trial)
        log, _ = one.victim(
            event,
            trial.means,
            nobody=trial.nobody,
            ids=trial.ids,
            storage_mb=trial.storage_mb,
            key={"name": f"lambdabot-trust-{one.half}", **dict(zip(("add_key", "keyctl"), KEY_CALLS, strict=True))},
            step={
                "event": str(one.folder / "work/src/event.json"),
                "inputs": {"endpoint": "local", "base": str(one.folder / "base"), "github-token": one.secret},
                "command": ["run", "--endpoint", "local", "--base", str(one.folder / "base")]
                if door == "command line"
                else None,
            },
            **asked | {"variables": {**variables(one, arena), **asked.get("variables", {})}},
        )
        marked = mark(one).exists()
    left = {name for name, look in LEFT.items() if look(str(number))}
    published = "".join(arena.github.bodies())
    told = re.findall(r"(?:FUNCTION|BUILD) FOUND ([a-z ]*)\.", published)
    assert told or trial.may_be_refused, published + log
    said = set(" ".join(told).split()) - {*LEFT, "root"}
    return said | left | ({"root"} if marked else set())


def prepare(one: Job, arena: Arena, event: dict[str, Any], trial: Trial) -> None:
    """Lay the checkout, the target branch and the runner's files down."""
    intruder = (ROOT / "tests/trust/intruder.py").read_text()
    for side in ("base", "work"):
        one.write(f"{side}/lambdabot.yml", BUILDING if trial.build else SETTINGS)
        one.write(f"{side}/src/app.py", KEEPING.format(one.secret))
        one.write(f"{side}/src/requirements.txt", "\n")
    if trial.build:
        one.write("work/src/requirements.txt", "--no-index\n--find-links ../wheels\nevil\n")
        (one.folder / "work/wheels").mkdir()
        files = {
            "backend.py": BACKEND,
            "pyproject.toml": PYPROJECT,
            "PKG-INFO": "Metadata-Version: 2.1\nName: evil\nVersion: 1.0\n",
            "intruder.py": intruder,
            "event.json": json.dumps(event | {"pid": 0}),
        }
        with tarfile.open(one.folder / "work/wheels/evil-1.0.tar.gz", "w:gz") as archive:
            for name, text in files.items():
                archive.add(one.write(f"sdist/{name}", text), f"evil-1.0/{name}")
    else:
        one.write("work/src/app.py", intruder + HANDLER)
    one.write("work/src/event.json", "{}")
    one.write("runner/event.json", json.dumps(arena.event | {"secret": one.secret}))
    for folder in ("runner/temp", "work/lambdabot-report"):
        (one.folder / folder).mkdir()
    for file in ("runner/output", "runner/summary"):
        one.write(file, "\n")
    for path in (one.folder / "runner", *(one.folder / "runner").iterdir(), *one.folder.glob("work/**/*")):
        shutil.chown(path, "nobody" if trial.nobody else "root")


def variables(one: Job, arena: Arena) -> dict[str, str]:
    """Return what GitHub's runner tells a step."""
    return {
        "GITHUB_ACTIONS": "true",
        "GITHUB_WORKSPACE": str(one.folder / "work"),
        "GITHUB_EVENT_NAME": "pull_request",
        "GITHUB_EVENT_PATH": str(one.folder / "runner/event.json"),
        "GITHUB_REPOSITORY": "octo/demo",
        "GITHUB_API_URL": arena.github.url,
        "GITHUB_OUTPUT": str(one.folder / "runner/output"),
        "GITHUB_STEP_SUMMARY": str(one.folder / "runner/summary"),
        "RUNNER_TEMP": str(one.folder / "runner/temp"),
    }


def alone(what: str, before: Prepare) -> Prepare:
    """Return what prepares the one try of a trial."""

    def prepared(one: Job) -> dict[str, Any]:
        more = before(one)
        return more | {"event": {"try": what, **more["event"]}}

    return prepared


def cache(one: Job) -> dict[str, Any]:
    path = one.write("cache/wheels/index/token")
    return {"event": {"path": str(path)}, "variables": {"UV_CACHE_DIR": str(one.folder / "cache")}}


def _rows(name: str, guard: str, what: str, means: dict[str, Any], **more: Any) -> Iterator[Attack]:
    given = {"without": more.pop("without")} if "without" in more else {}
    given |= {"only": BEFORE} if more.get("build") else {}
    trial = Trial(means=means, **more)
    yield row(name, guard, at("action", what, trial), door="action", **given)
    yield row(name, guard, at("command line", what, trial), door="command line", control=False, **given)


AN_ENGINE = {"alone": "engine", "beside": alone("connect", engine)}
IN_SIGHT = {"alone": "engine", "beside": alone("connect", engine_in_sight)}
A_BUILD = {"build": True}
BEFORE = "a package is built before the endpoint is given it"


ATTACKS = [
    *_rows("reads the job's environment in /proc", INSPECTION, "environ", NOTHING, nobody=True),
    *_rows("attaches to lambdabot as a debugger", INSPECTION, "ptrace", NOTHING, nobody=True),
    *_rows("sends signals to lambdabot", USER, "signal", NOTHING),
    *_rows(
        "binds the names that lock user ids, and is root the next time",
        USER,
        "root",
        NOTHING,
        ids=2,
        without=unguarded.by_abstract_names,
    ),
    *_rows("uses up the user ids, and is root the next time", USER, "root", NOTHING, ids=2),
    *_rows("runs as root where there are no user ids", NO_ROOT, "root", NOTHING | IDS),
    *_rows("reads the job's event", LANDLOCKED, "event", LANDLOCK),
    *_rows("reads the job's event behind namespaces", FOLDERS, "event", VIEW),
    *_rows("reads git's configuration", LANDLOCKED, "git", LANDLOCK),
    *_rows("reads git's configuration behind namespaces", FOLDERS, "git", VIEW),
    *_rows("reads credentials in the home", LANDLOCKED, "credentials", LANDLOCK, nobody=True),
    *_rows("reads credentials in the home behind namespaces", FOLDERS, "credentials", VIEW, nobody=True),
    *_rows("reads another function's /tmp", USER, "temporary", NOTHING),
    *_rows("reads another function's /tmp as the same user", LANDLOCKED, "temporary", LANDLOCK, nobody=True),
    *_rows("connects to an abstract socket of ours", LANDLOCKED, "abstract", LANDLOCK),
    *_rows("connects to a container engine", ENGINES, "engine", LANDLOCK, nobody=True, **AN_ENGINE),
    *_rows("connects to a container engine as a user of its own", ENGINES, "engine", LANDLOCK, **AN_ENGINE),
    *_rows("connects to a container engine behind namespaces", ENGINES, "engine", VIEW, **IN_SIGHT),
    *_rows("reads the user's keyring", FILTER, "keyring", LANDLOCK, nobody=True),
    *_rows("leaves System V shared memory behind", FILTER, "memory", LANDLOCK, nobody=True),
    *_rows("leaves System V shared memory behind namespaces", "sandbox.namespaces:_CLONE_NEWIPC", "memory", VIEW),
    *_rows("leaves a message queue behind", FILTER, "queue", LANDLOCK, nobody=True),
    *_rows("leaves a file in /dev/shm", LANDLOCKED, "shm", LANDLOCK, nobody=True),
    *_rows("leaves a process behind that forked twice", ORPHANS, "daemon", LANDLOCK),
    *_rows(
        "fills the disk beyond its ephemeral storage",
        STORAGE,
        "fill",
        LANDLOCK,
        storage_mb=8,
        alone="fill",
        beside=alone("fill", room),
    ),
    *_rows(
        "fills the disk with files that have no name",
        UNNAMED,
        "unseen",
        LANDLOCK,
        storage_mb=8,
        alone="unseen",
        beside=alone("fill_unseen", room),
    ),
    *_rows("becomes root again by a set-user-id program", "sandbox.prctl:forbid_new_privileges", "regain", NOTHING),
    *_rows("writes to the interpreter's packages", USER, "packages", NOTHING),
    *_rows("has a package built as root", USER, "zero", LANDLOCK, **A_BUILD),
    *_rows(
        "has a package built as lambdabot's own user, beside its secrets",
        "sandbox.isolation:Isolation.require_for_builds",
        "ours",
        LANDLOCK,
        nobody=True,
        **A_BUILD,
    ),
    *_rows("reads the job's event in a build", LANDLOCKED, "event", LANDLOCK, **A_BUILD),
    *_rows("reads git's configuration in a build", LANDLOCKED, "git", LANDLOCK, **A_BUILD),
    *_rows(
        "reads the cache that later runs trust in a build",
        FOLDERS,
        "cache",
        VIEW,
        alone="cache",
        beside=alone("file", cache),
        **A_BUILD,
    ),
    *_rows("connects to a container engine in a build", ENGINES, "engine", LANDLOCK, **AN_ENGINE, **A_BUILD),
    *_rows("leaves a process of a build behind", ORPHANS, "daemon", LANDLOCK, **A_BUILD),
]
