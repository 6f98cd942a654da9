"""What a measured function reaches on the embedded endpoint: tried for each row of the table in SECURITY.md."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lambdabot.sandbox import landlock
from tests.trust.attacks.sandbox import Job, job, lacking

SECURITY = Path(__file__).parents[2] / "SECURITY.md"
HEAD = "| lambdabot's user | namespaces | Landlock |"
WHOLE_LANDLOCK = 6  # Linux 6.12: from here on it keeps from abstract sockets and signals too
ADDRESSES = [("loopback", "127.0.0.1", 8000), ("network", "198.51.100.1", 80), ("metadata", "169.254.169.254", 80)]
ROWS = [(user, spaces, kernel) for user in ("root", "another") for spaces in (True, False) for kernel in (True, False)]


def documented() -> dict[tuple[str, bool, bool], list[str]]:
    """Return the cells of the table by its first three."""
    found = {}
    for line in SECURITY.read_text().split(HEAD)[1].split("\n\n")[0].splitlines()[2:]:
        user, spaces, kernel, *cells = (cell.strip() for cell in line.strip("|").split("|"))
        found[user, spaces == "yes", kernel == "yes"] = cells
    return found


@pytest.fixture(scope="module")
def possible() -> None:
    missing = lacking() or ("" if shutil.which("ip") else "iproute2")
    if missing or landlock.version() < WHOLE_LANDLOCK:
        pytest.skip(f"needs {missing or 'Landlock of Linux 6.12'}")


def reached(one: Job, *, nobody: bool, means: dict[str, object]) -> dict[str, bool]:
    yours = one.write("home/.netrc")
    (one.folder / "home").chmod(0o755)
    yours.chmod(0o600)
    shutil.chown(yours, "nobody" if nobody else "root")
    left = Path(f"/dev/shm/{one.folder.name}")  # noqa: S108 - looked for, and removed
    sock = str(one.folder / "home/agent.sock")
    event = {
        "try": "reach",
        "everybody": str(one.write("work/.git/config")),
        "yours": str(yours),
        "name": f"lambdabot-reach-{one.half}",
        "path": sock,
        "left": str(left),
        "addresses": ADDRESSES,
    }
    serve = [sock, f"\0{event['name']}"]
    listen = [(address, port) for _, address, port in ADDRESSES]
    try:
        _, told = one.victim(event, means, nobody=nobody, serve=serve, listen=listen)
        (answer,) = told["answers"]
        assert answer["status"] == "ok", answer
        return answer["value"] | {"left": left.exists()}
    finally:
        left.unlink(missing_ok=True)


def words(found: dict[str, bool]) -> list[str]:
    files = "yours" if found["yours"] else "what everybody may read" if found["everybody"] else "none"
    rest = [
        *(found[name] for name in ("lambdabot", "processes", "abstract", "sockets", "left")),
        *(found[n] for n, *_ in ADDRESSES),
    ]
    return [files, *("reached" if each else "–" for each in rest)]


@pytest.mark.usefixtures("possible")
@pytest.mark.parametrize(("user", "spaces", "kernel"), ROWS)
def test_a_function_reaches_what_security_says(user: str, spaces: bool, kernel: bool):
    means = {"namespaces": None if spaces else "none", "landlock": None if kernel else 0}
    with job() as one:
        found = reached(one, nobody=user != "root", means=means)
    assert words(found) == documented()[user, spaces, kernel]


def test_the_table_has_a_row_for_each():
    assert sorted(documented()) == sorted(ROWS)


@pytest.mark.usefixtures("possible")
def test_root_without_user_ids_runs_nothing_but_behind_both():
    """What the sentence below the table says."""
    assert re.search(r"Root that can give no user id[^.]*runs nothing", SECURITY.read_text())
    for means, runs in (
        ({"namespaces": None, "landlock": None}, True),
        ({"namespaces": None, "landlock": 0}, False),
        ({"namespaces": "none", "landlock": None}, False),
        ({"namespaces": "none", "landlock": 0}, False),
    ):
        with job() as one:
            _, told = one.victim({"try": "user"}, means | {"users": False})
        assert bool(told["answers"]) is runs
        assert runs or "code of others would run as root here" in told["refused"]


@pytest.mark.usefixtures("possible")
def test_the_machines_own_user_is_told_what_is_missing():
    assert os.geteuid() == 0
    with job() as one:
        _, told = one.victim({"try": "user"}, {"namespaces": "none", "landlock": 0}, nobody=True)
    assert any("yours among them" in warning for warning in told["warnings"])
    assert any("No namespaces" in warning for warning in told["warnings"])


WATCHED = """
import json, os, sys
started = []
def watch(event, arguments):
    if event in {"subprocess.Popen", "os.posix_spawn", "os.exec"}:
        started.append(os.path.basename(str(arguments[0])))
    elif event in {"os.fork", "os.forkpty"}:
        started.append(event)
sys.addaudithook(watch)
from lambdabot.cli import main
code = main(sys.argv[1:])
loaded = [name for name in sys.modules if name.startswith("lambdabot.local")]
print(json.dumps({"code": code, "started": started, "loaded": loaded, "imported": "app" in sys.modules}))
"""
SETTINGS = """
version: 1
functions:
  hello:
    source: src
    handler: app.handler
    role: arn:aws:iam::123456789012:role/any
    memory_mb: [1024]
    architectures: [x86_64]
    current: {memory_mb: 1024, architecture: x86_64}
    budget: {invocations: 30, minutes: 1}
"""
KEYS = {"AWS_ACCESS_KEY_ID": "123456789012", "AWS_SECRET_ACCESS_KEY": "made up"}


@pytest.mark.parametrize("endpoint", ["aws", "a URL"])
def test_elsewhere_nothing_here_runs_the_function(endpoint: str, tmp_path: Path):
    """The endpoint is another process's, as AWS is; what the job itself starts and loads is written down."""
    (tmp_path / "src").mkdir()
    (tmp_path / "src/app.py").write_text("def handler(event, context):\n    return 1\n")
    (tmp_path / "lambdabot.yml").write_text(SETTINGS)
    serving = [sys.executable, "-m", "lambdabot", "local", "--port", "0"]
    with subprocess.Popen(serving, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as other:
        try:
            url = next(found[0] for line in other.stdout if (found := re.search(r"http://[\d.]+:\d+", line)))
            ended = subprocess.run(
                [sys.executable, "-c", WATCHED, "run", "--endpoint", url if endpoint == "a URL" else "aws"],
                cwd=tmp_path,
                env={**os.environ, "AWS_ENDPOINT_URL": url, "AWS_REGION": "us-east-1", **KEYS},
                capture_output=True,
                text=True,
                check=False,
            )
        finally:
            other.terminate()
    told = json.loads(ended.stdout.splitlines()[-1])
    assert told["code"] == 0, ended.stdout + ended.stderr
    assert "1024 MB x86_64" in ended.stdout
    assert set(told["started"]) <= {"git", "uv"}
    assert not told["imported"]
    assert told["loaded"] == []
