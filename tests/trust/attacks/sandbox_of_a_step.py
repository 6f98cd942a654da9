"""The tries of `sandbox`, by a function that the action measures on a pull request: all at once, in one handler."""

import json
import re
import secrets
import shutil
from collections.abc import Callable
from typing import Any

from tests.trust import unguarded
from tests.trust.arena import SETTINGS, Arena
from tests.trust.attacks.sandbox import (
    ENGINES,
    FILTER,
    FOLDERS,
    INSPECTION,
    KEY_CALLS,
    LANDLOCK,
    LANDLOCKED,
    NOTHING,
    ORIGINALS,
    ORPHANS,
    ROOT,
    USER,
    VIEW,
    Job,
    engine,
    engine_in_sight,
    in_memory,
    job,
    packages_of_the_interpreter,
    process,
    queue,
    row,
    shared_memory,
    suid_interpreter,
)
from tests.trust.table import Attack

HANDLER = """

def handler(event, context):
    import json
    everything(json.loads(Path(__file__).with_name("event.json").read_text()))
"""
LEFT = {
    "memory": shared_memory,
    "queue": queue,
    "shm": in_memory,
    "daemon": lambda number: process(f"{number}.5"),
}
"""What is looked for afterwards, whatever the function says."""

WORKED: dict[tuple[str, ...], set[str]] = {}
"""The names of what worked, by what the machine offers and which guards are taken out: a step is run once for each."""

Prepare = Callable[[Job], dict[str, Any]]


def step(name: str, means: dict[str, Any], *, nobody: bool = False, beside: Prepare | None = None) -> Any:
    """Return an attempt; `name` is one of `tries`, or `engine` with one `beside`, which changes what runs at all."""

    def attempt(arena: Arena) -> bool:
        removed = (guard for guard, it in ORIGINALS.items() if getattr(*unguarded.owner_of(guard)) is not it)
        key = (str(means), str(nobody), getattr(beside, "__name__", ""), *removed)
        if key not in WORKED:
            WORKED[key] = worked(arena, means, nobody=nobody, beside=beside)
        return name in WORKED[key]

    return attempt


def tries(one: Job, number: int) -> dict[str, dict[str, Any]]:
    """Return what the function tries, by the names of the rows; `number` names what it leaves."""
    name = f"lambdabot-trust-{one.half}"
    credentials = one.write("home/.aws/credentials", f"[default]\n# {one.secret}\n")
    return {
        "environ": {"try": "environ"},
        "ptrace": {"try": "ptrace"},
        "signal": {"try": "signal"},
        "event": {"try": "file", "path": str(one.folder / "runner/event.json")},
        "git": {"try": "file", "path": str(one.write("work/.git/config"))},
        "credentials": {"try": "file", "path": str(credentials)},
        "abstract": {"try": "connect", "name": name},
        "keyring": {"try": "keyring", "keyctl": KEY_CALLS[1], "name": name},
        "memory": {"try": "shared_memory", "key": number},
        "queue": {"try": "queue", "name": f"/lambdabot-{number}"},
        "shm": {"try": "write", "path": f"/dev/shm/lambdabot-{number}"},  # noqa: S108 - looked for, and removed
        "daemon": {"try": "daemon", "marker": f"{number}.5"},  # seconds that no other program sleeps
        "regain": {"try": "regain", **suid_interpreter(one)["event"]},
        "packages": {"try": "write", **packages_of_the_interpreter(one)["event"]},
    }


def worked(arena: Arena, means: dict[str, Any], *, nobody: bool, beside: Prepare | None) -> set[str]:
    """Run the action on the pull request; return what its function got by its own word, and what it left."""
    number = secrets.randbelow(2**24) + 1
    with job() as one:
        engines = beside(one) if beside else None
        name = f"lambdabot-trust-{one.half}"
        if engines is None:
            event = {"tries": tries(one, number)}
        else:
            event = {"tries": {"engine": {"try": "connect", **engines["event"]}}}
        for side in ("base", "work"):
            one.write(f"{side}/lambdabot.yml", SETTINGS)
            one.write(f"{side}/src/app.py", "def handler(event, context):\n    return 1\n")
        one.write("work/src/app.py", (ROOT / "tests/trust/intruder.py").read_text() + HANDLER)
        one.write("work/src/event.json", "{}")
        one.write("runner/event.json", json.dumps(arena.event | {"secret": one.secret}))
        for folder in ("runner/temp", "work/lambdabot-report"):
            (one.folder / folder).mkdir()
        for file in ("runner/output", "runner/summary"):
            one.write(file, "\n")
        for path in (one.folder / "runner", *(one.folder / "runner").iterdir(), *one.folder.glob("work/**/*")):
            shutil.chown(path, "nobody" if nobody else "root")
        variables = {
            "GITHUB_ACTIONS": "true",
            "GITHUB_WORKSPACE": str(one.folder / "work"),
            "GITHUB_EVENT_NAME": "pull_request",
            "GITHUB_EVENT_PATH": str(one.folder / "runner/event.json"),
            "GITHUB_REPOSITORY": "octo/demo",
            "GITHUB_API_URL": arena.github.url,
            "GITHUB_OUTPUT": str(one.folder / "runner/output"),
            "GITHUB_STEP_SUMMARY": str(one.folder / "runner/summary"),
            "RUNNER_TEMP": str(one.folder / "runner/temp"),
            **(engines or {}).get("variables", {}),
        }
        log, _ = one.victim(
            event,
            means,
            nobody=nobody,
            variables=variables,
            key={"name": name, "add_key": KEY_CALLS[0]},
            serve=engines["serve"] if engines else [f"\0{name}"],
            step={
                "event": str(one.folder / "work/src/event.json"),
                "inputs": {"endpoint": "local", "base": str(one.folder / "base"), "github-token": one.secret},
            },
        )
    (comment,) = arena.github.bodies()
    told = re.search(r"FUNCTION FOUND ([a-z ]*)\.", comment)
    assert told or engines, comment + log  # an engine in reach may keep everything from running
    found = set(told[1].split() if told else ()) - set(LEFT)
    return found | {name for name, look in LEFT.items() if look(str(number))}


def at_the_action(name: str, guard: str, attempt: Callable[[Arena], bool]) -> Attack:
    return row(name, guard, attempt, door="action")


ATTACKS = [
    at_the_action("reads the job's environment in /proc", INSPECTION, step("environ", NOTHING, nobody=True)),
    at_the_action("attaches to lambdabot as a debugger", INSPECTION, step("ptrace", NOTHING, nobody=True)),
    at_the_action("sends signals to lambdabot", USER, step("signal", NOTHING)),
    at_the_action("reads the job's event", LANDLOCKED, step("event", LANDLOCK)),
    at_the_action("reads the job's event behind namespaces", FOLDERS, step("event", VIEW)),
    at_the_action("reads git's configuration", LANDLOCKED, step("git", LANDLOCK)),
    at_the_action("reads git's configuration behind namespaces", FOLDERS, step("git", VIEW)),
    at_the_action("reads credentials in the home", LANDLOCKED, step("credentials", LANDLOCK, nobody=True)),
    at_the_action("reads credentials in the home behind namespaces", FOLDERS, step("credentials", VIEW, nobody=True)),
    at_the_action("connects to an abstract socket of ours", LANDLOCKED, step("abstract", LANDLOCK)),
    at_the_action("connects to a container engine", ENGINES, step("engine", LANDLOCK, nobody=True, beside=engine)),
    at_the_action(
        "connects to a container engine as a user of its own", ENGINES, step("engine", LANDLOCK, beside=engine)
    ),
    at_the_action(
        "connects to a container engine behind namespaces", ENGINES, step("engine", VIEW, beside=engine_in_sight)
    ),
    at_the_action("reads the user's keyring", FILTER, step("keyring", LANDLOCK, nobody=True)),
    at_the_action("leaves System V shared memory behind", FILTER, step("memory", LANDLOCK, nobody=True)),
    at_the_action(
        "leaves System V shared memory behind namespaces", "sandbox.namespaces:_CLONE_NEWIPC", step("memory", VIEW)
    ),
    at_the_action("leaves a message queue behind", FILTER, step("queue", LANDLOCK, nobody=True)),
    at_the_action("leaves a file in /dev/shm", LANDLOCKED, step("shm", LANDLOCK, nobody=True)),
    at_the_action("leaves a process behind that forked twice", ORPHANS, step("daemon", LANDLOCK)),
    at_the_action(
        "becomes root again by a set-user-id program",
        "sandbox.prctl:forbid_new_privileges",
        step("regain", NOTHING),
    ),
    at_the_action("writes to the interpreter's packages", USER, step("packages", NOTHING)),
]
