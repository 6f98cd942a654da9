"""What the code of a pull request tries once it runs, here as a function on the embedded endpoint.

Each row says what the machine offers, for each means must hold by itself; lambdabot runs in a process of its own, as
root and as `nobody`.
"""

import ctypes
import json
import os
import platform
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from lambdabot.sandbox import landlock
from lambdabot.sandbox.isolation import Means
from tests import open_interpreter
from tests.trust import unguarded
from tests.trust.arena import Arena
from tests.trust.table import Attack

ROOT = Path(__file__).parents[3]
ORIGINALS = {guard: getattr(*unguarded.owner_of(guard)) for guard in unguarded.WITHOUT}
KEY_CALLS = {"x86_64": (248, 250), "aarch64": (217, 219)}.get(platform.machine(), (0, 0))
# With a guard taken out code may do anything: all but the job's folder is read-only, and /tmp and /run are its own. The
# checkout, which may lie in either, is seen again.
CONTAINED = """
set -e
mount --bind "$1" "$1"
mkdir "$1/checkout"
mount --bind "$2" "$1/checkout"
mount -o remount,bind,ro "$1/checkout"
mount -o remount,bind,ro /
mount -t tmpfs -o mode=1777 tmpfs /tmp
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p "$2"
mount --bind "$1/checkout" "$2"
mount -o remount,bind,ro "$2"
umount "$1/checkout"
rmdir "$1/checkout"
cd "$1/work"
shift 2
exec "$@"
"""
# A network of its own, where this machine's loopback, a far address and the metadata address all answer.
NETWORK = """
ip link set lo up
ip address add 198.51.100.1/32 dev lo
ip address add 169.254.169.254/32 dev lo
echo 0 >/proc/sys/net/ipv4/ip_unprivileged_port_start
"""
NOBODY = ["setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups"]

NOTHING = {"namespaces": "none", "landlock": 0}
LANDLOCK = {"namespaces": "none", "landlock": None}
VIEW = {"namespaces": None, "landlock": 0}

Prepare = Callable[["Job"], dict[str, Any]]


@cache
def lacking() -> str | None:
    """Return what a row needs and the machine has not."""
    if os.geteuid() != 0 or not shutil.which("setpriv") or not shutil.which("unshare"):
        return "root, which runs lambdabot as root and as nobody, and util-linux"
    if Means.find().namespaces == "none":
        return "namespaces, which also contain what a row does once its guard is taken out"
    if not landlock.version():
        return "Landlock"
    if open_interpreter.find() is None or not open_interpreter.is_open(ROOT / "lambdabot"):
        return "an interpreter of this version, and a checkout, that every user may read"
    return None


def removed() -> dict[str, str]:
    """Return the guards that are taken out, and the names of what stands in for them."""
    now = {guard: getattr(*unguarded.owner_of(guard)) for guard in ORIGINALS}
    return {guard: getattr(it, "__name__", "") for guard, it in now.items() if it is not ORIGINALS[guard]}


@dataclass(kw_only=True)
class Job:
    """Where one attack takes place; all of it may be read by everybody, so that no mode of a file is what holds."""

    folder: Path
    half: str = field(default_factory=lambda: secrets.token_hex(8))

    @property
    def secret(self) -> str:
        return self.half * 2

    def write(self, name: str, text: str = "") -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text or self.secret)
        path.chmod(0o644)
        return path

    def victim(
        self, event: dict[str, Any], means: dict[str, Any], *, nobody: bool = False, **asked: Any
    ) -> tuple[str, dict[str, Any]]:
        """Run lambdabot with the secret; return all that it told, and how its functions answered."""
        variables, network = asked.pop("variables", {}), bool(asked.get("listen"))
        packages = [path for path in sys.path if path.endswith("site-packages")]
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder / "home"),
            "PYTHONPATH": os.pathsep.join([str(ROOT), *packages]),
            "PYTHONDONTWRITEBYTECODE": "1",
            "GITHUB_TOKEN": self.secret,
            "TMPDIR": str(self.folder / "tmp"),
            **variables,
        }
        (self.folder / "work").mkdir(exist_ok=True)
        for name in ("home", "tmp", "work/out"):
            (self.folder / name).mkdir(exist_ok=True)
            shutil.chown(self.folder / name, "nobody" if nobody else "root")
        question = {
            "removed": [*removed().items()],
            "means": means,
            "event": {"half": self.half, **event},
            "code": str(self.folder / "code"),
            "storage_mb": 512,
            "times": 1,
            "ids": 0,
            "serve": [],
            "listen": [],
            "key": None,
            "step": None,
            **asked,
        }
        (self.folder / "code").mkdir(exist_ok=True)
        shutil.copy(ROOT / "tests/trust/intruder.py", self.folder / "code")
        program = [str(open_interpreter.find()), str(ROOT / "tests/trust/victim.py")]
        contained = ["unshare", "--mount", "--propagation", "private", *(["--net"] if network else [])]
        contained += ["sh", "-c", (NETWORK if network else "") + CONTAINED, "sh", str(self.folder), str(ROOT)]
        ended = subprocess.run(
            [*contained, *(NOBODY if nobody else []), *program],
            env=environment,
            input=json.dumps(question),
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        if question["step"]:
            return ended.stdout + ended.stderr, {}
        assert ended.returncode == 0, ended.stderr
        return ended.stdout, json.loads(ended.stdout)


@contextmanager
def job() -> Iterator[Job]:
    """Make a job's folder where neither a hidden folder nor a replaced /tmp covers it."""
    with tempfile.TemporaryDirectory(prefix="lambdabot-trust-", dir="/") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield Job(folder=folder)


def function(
    what: str,
    means: dict[str, Any],
    *,
    prepare: Callable[[Job], dict[str, Any]] = lambda _: {},
    worked: Callable[[list[dict[str, Any]]], bool] = lambda answers: answers[-1]["value"] is True,
    **asked: Any,
) -> Callable[[Arena], bool]:
    """Return an attempt by a function; `prepare` returns more of what is asked, its `event` among it."""

    def attempt(_: Arena) -> bool:
        with job() as one:
            more = prepare(one)
            event = {"try": what, **more.pop("event", {})}
            _, told = one.victim(event, means, **asked, **more)
            return bool(told["answers"]) and worked(told["answers"])

    return attempt


def at(name: str) -> Callable[[Job], dict[str, Any]]:
    """Prepare a file with the secret."""
    return lambda one: {"event": {"path": str(one.write(name))}}


def event_file(one: Job) -> dict[str, Any]:
    path = str(one.write("runner/event.json"))
    return {"event": {"path": path}, "variables": {"GITHUB_EVENT_PATH": path}}


def room(_: Job) -> dict[str, Any]:
    return {"event": {"files": 8, "bytes": 4 * 1024**2}}


def become_root(_: Job) -> dict[str, Any]:
    return {"event": {"user": 0}}


def engine(one: Job) -> dict[str, Any]:
    path = str(one.folder / "home/docker.sock")
    return {"event": {"path": path}, "serve": [path], "variables": {"DOCKER_HOST": f"unix://{path}"}}


def engine_in_sight(one: Job) -> dict[str, Any]:
    (one.folder / "run").mkdir()
    path = str(one.folder / "run/docker.sock")
    return {"event": {"path": path}, "serve": [path], "variables": {"DOCKER_HOST": f"unix://{path}"}}


def abstract_socket(one: Job) -> dict[str, Any]:
    name = f"lambdabot-trust-{one.half}"
    return {"event": {"name": name}, "serve": [f"\0{name}"]}


def keyring(one: Job) -> dict[str, Any]:
    add_key, keyctl = KEY_CALLS
    name = f"lambdabot-trust-{one.half}"
    return {"event": {"name": name, "keyctl": keyctl}, "key": {"name": name, "add_key": add_key, "keyctl": keyctl}}


def suid_interpreter(one: Job) -> dict[str, Any]:
    path = one.folder / "python"
    shutil.copy(open_interpreter.find().resolve(), path)
    path.chmod(0o4755)
    return {"event": {"path": str(path)}}


def packages_of_the_interpreter(one: Job) -> dict[str, Any]:
    return {"event": {"path": str(one.write("site-packages/boto3.py").with_name("zz.pth"))}}


def left(what: str, means: dict[str, Any], look: Callable[[str], bool], **asked: Any) -> Callable[[Arena], bool]:
    """Return an attempt to leave something under a name of its own; `look` finds it, and takes it away."""

    def attempt(_: Arena) -> bool:
        marker = f"{int.from_bytes(os.urandom(3)) + 1}.5"  # seconds that no other program sleeps
        number = int(marker.split(".", maxsplit=1)[0])
        with job() as one:
            event = {
                "try": what,
                "marker": marker,
                "key": number,
                "name": f"/lambdabot-{number}",
                "path": f"/dev/shm/lambdabot-{number}",  # noqa: S108 - looked for, and removed
            }
            one.victim(event, means, **asked)
        return look(str(number))

    return attempt


def process(marker: str) -> bool:
    found = False
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = path.read_text(errors="replace")
        except OSError:
            continue
        if command.startswith(f"sleep\0{marker}"):
            os.kill(int(path.parent.name), signal.SIGKILL)
            found = True
    return found


def shared_memory(number: str) -> bool:
    lines = [line.split() for line in Path("/proc/sysvipc/shm").read_text().splitlines()[1:]]
    found = [int(fields[1]) for fields in lines if int(fields[0]) == int(number)]
    for one in found:
        ctypes.CDLL(None).shmctl(one, 0, None)  # IPC_RMID
    return bool(found)


def queue(number: str) -> bool:
    return ctypes.CDLL(None).mq_unlink(f"/lambdabot-{number}".encode()) == 0


def in_memory(number: str) -> bool:
    path = Path(f"/dev/shm/lambdabot-{number}")  # noqa: S108 - removed here
    found = path.exists()
    path.unlink(missing_ok=True)
    return found


def row(
    name: str, guard: str, attempt: Callable[[Arena], bool], *, door: str = "embedded endpoint", **more: Any
) -> Attack:
    guard = f"lambdabot.{guard}"
    return Attack(
        name=name,
        promise="code of a pull request runs in the sandbox only",
        door=door,
        attempt=attempt,
        guard=guard,
        without=more.get("without", unguarded.WITHOUT[guard]),
        only=more.get("only", ""),
        of_code=True,
        control=more.get("control", True),
        needs=lacking,
    )


INSPECTION = "sandbox.prctl:forbid_inspection"
USER = "sandbox.users:Users.take"
LANDLOCKED = "sandbox.landlock:restrict"
FILTER = "sandbox.seccomp:restrict"
FOLDERS = "sandbox.isolation:private_folders"
ENGINES = "sandbox.engines:reachable"
ORPHANS = "sandbox.prctl:adopt_orphans"
NO_ROOT = "sandbox.isolation:Isolation.require_no_root"
STORAGE = "sandbox.storage:held_mb"
UNNAMED = "sandbox.storage:_unnamed"
IDS = {"users": False}

ATTACKS = [
    row("reads the job's environment in /proc", INSPECTION, function("environ", NOTHING, nobody=True)),
    row("attaches to lambdabot as a debugger", INSPECTION, function("ptrace", NOTHING, nobody=True)),
    row("sends signals to lambdabot", USER, function("signal", NOTHING)),
    row(
        "binds the names that lock user ids, and is root the next time",
        USER,
        function("hold_ids", NOTHING, ids=2, times=2),
        without=unguarded.by_abstract_names,
    ),
    row(
        "uses up the user ids, and is root the next time",
        USER,
        function("become", NOTHING, prepare=become_root, ids=1, times=2),
    ),
    row(
        "runs as root where there are no user ids",
        NO_ROOT,
        function("become", NOTHING | IDS, prepare=become_root),
    ),
    row("reads the job's event", LANDLOCKED, function("file", LANDLOCK, prepare=event_file)),
    row("reads the job's event behind namespaces", FOLDERS, function("file", VIEW, prepare=event_file)),
    row("reads git's configuration", LANDLOCKED, function("file", LANDLOCK, prepare=at("work/.git/config"))),
    row("reads git's configuration behind namespaces", FOLDERS, function("file", VIEW, prepare=at("work/.git/config"))),
    row(
        "reads credentials in the home",
        LANDLOCKED,
        function("file", LANDLOCK, prepare=at("home/.aws/credentials"), nobody=True),
    ),
    row(
        "reads credentials in the home behind namespaces",
        FOLDERS,
        function("file", VIEW, prepare=at("home/.aws/credentials"), nobody=True),
    ),
    row("reads another function's /tmp", USER, function("temporary", NOTHING, times=2)),
    row(
        "reads another function's /tmp as the same user",
        LANDLOCKED,
        function("temporary", LANDLOCK, times=2, nobody=True),
    ),
    row("connects to an abstract socket of ours", LANDLOCKED, function("connect", LANDLOCK, prepare=abstract_socket)),
    row("connects to a container engine", ENGINES, function("connect", LANDLOCK, prepare=engine, nobody=True)),
    row("connects to a container engine as a user of its own", ENGINES, function("connect", LANDLOCK, prepare=engine)),
    row(
        "connects to a container engine behind namespaces", ENGINES, function("connect", VIEW, prepare=engine_in_sight)
    ),
    row("reads the user's keyring", FILTER, function("keyring", LANDLOCK, prepare=keyring, nobody=True)),
    row("leaves System V shared memory behind", FILTER, left("shared_memory", LANDLOCK, shared_memory, nobody=True)),
    row(
        "leaves System V shared memory behind namespaces",
        "sandbox.namespaces:_CLONE_NEWIPC",
        left("shared_memory", VIEW, shared_memory),
    ),
    row("leaves a message queue behind", FILTER, left("queue", LANDLOCK, queue, nobody=True)),
    row("leaves a file in /dev/shm", LANDLOCKED, left("write", LANDLOCK, in_memory, nobody=True)),
    row("leaves a process behind that forked twice", ORPHANS, left("daemon", LANDLOCK, lambda n: process(f"{n}.5"))),
    row(
        "fills the disk beyond its ephemeral storage",
        STORAGE,
        function("fill", LANDLOCK, prepare=room, storage_mb=8),
    ),
    row(
        "fills the disk with files that have no name",
        UNNAMED,
        function("fill_unseen", LANDLOCK, prepare=room, storage_mb=8),
    ),
    row(
        "becomes root again by a set-user-id program",
        "sandbox.prctl:forbid_new_privileges",
        function("regain", NOTHING, prepare=suid_interpreter),
    ),
    row("writes to the interpreter's packages", USER, function("write", NOTHING, prepare=packages_of_the_interpreter)),
]
