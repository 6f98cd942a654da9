"""What a measured function reaches on the embedded endpoint: tried for each row of the table in SECURITY.md."""

import os
import re
import shutil
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


@pytest.fixture(scope="module", autouse=True)
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


@pytest.mark.parametrize(("user", "spaces", "kernel"), ROWS)
def test_a_function_reaches_what_security_says(user: str, spaces: bool, kernel: bool):
    means = {"namespaces": None if spaces else "none", "landlock": None if kernel else 0}
    with job() as one:
        found = reached(one, nobody=user != "root", means=means)
    assert words(found) == documented()[user, spaces, kernel]


def test_the_table_has_a_row_for_each():
    assert sorted(documented()) == sorted(ROWS)


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


def test_the_machines_own_user_is_told_what_is_missing():
    assert os.geteuid() == 0
    with job() as one:
        _, told = one.victim({"try": "user"}, {"namespaces": "none", "landlock": 0}, nobody=True)
    assert any("yours among them" in warning for warning in told["warnings"])
    assert any("No namespaces" in warning for warning in told["warnings"])
