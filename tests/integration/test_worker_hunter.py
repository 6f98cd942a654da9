"""A handler that hunts for secrets: those of its parent, of the job, of the user. It must find none.

The program that holds the secrets runs in a process of its own, as the current user and as `nobody` where this is
root. That the hunter can find is shown too: without any isolation it does.
"""

import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import open_interpreter

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).with_name("hunter")

ALL = None
LANDLOCK_ONLY = {"namespaces": "none", "landlock": 1}
NOTHING = {"namespaces": "none", "landlock": 0}


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that every user may pass through: pytest's own are closed."""
    path = Path(tempfile.mkdtemp(prefix="lambdabot-hunt-"))
    path.chmod(0o755)
    shutil.copytree(HERE, path / "hunter")
    for each in (path / "hunter", *(path / "hunter").iterdir()):
        each.chmod(0o755)
    yield path
    shutil.rmtree(path)


def hunt(folder: Path, *, as_nobody: bool = False, means: dict | None = None) -> dict:
    """Run the program with the secrets and return what its handler found."""
    home = folder / "home"
    home.mkdir()
    interpreter: Path | None = Path(sys.executable)
    prefix: list[str] = []
    if as_nobody or (os.geteuid() == 0 and means is not None):
        interpreter = open_interpreter.find()
        if os.geteuid() != 0 or interpreter is None or not open_interpreter.is_open(ROOT / "lambdabot"):
            pytest.skip("needs root, and an interpreter of this version and a checkout that nobody may read")
    if as_nobody:
        shutil.chown(home, "nobody")
        prefix = ["setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups"]
    packages = [path for path in sys.path if path.endswith("site-packages")]
    half = secrets.token_hex(8)
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "PYTHONPATH": os.pathsep.join([str(ROOT), *packages]),
        "SECRET_HALF": half,  # the secret is this half twice, so that what is sent to the hunter is not the secret
        "GITHUB_TOKEN": half * 2,
        "MEANS": json.dumps(means),
    }
    result = subprocess.run(
        [*prefix, str(interpreter), str(folder / "hunter" / "prey.py")],
        env=environment,
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


@pytest.mark.parametrize("as_nobody", [False, True], ids=["this user", "nobody"])
@pytest.mark.parametrize("means", [ALL, LANDLOCK_ONLY], ids=["all means", "Landlock only"])
def test_finds_nothing(folder, as_nobody, means):
    seen = hunt(folder, as_nobody=as_nobody, means=means)
    assert seen["found"] == []
    assert seen["looked_at_processes"] > 10
    assert seen["capabilities"] == 0
    if means is ALL and os.geteuid() == 0 and not as_nobody:
        assert seen["user"] != 0


def test_finds_no_file_and_no_process_behind_namespaces_alone(folder):
    seen = hunt(folder, as_nobody=True, means={"namespaces": "user", "landlock": 0})
    if "view of files" not in seen["machine"]:
        pytest.skip("needs user namespaces")
    assert seen["found"] in ([], ["abstract socket"])  # which only Landlock closes


def test_finds_the_secrets_where_nothing_protects_them(folder):
    """Only as nobody: without isolation a hunter that is root would reach into every process of this machine."""
    seen = hunt(folder, as_nobody=True, means=NOTHING)
    places = " ".join(seen["found"])
    for name in (".aws/credentials", "event.json", ".git/config", "abstract socket"):
        assert name in places
    assert "No Landlock" in seen["machine"]
    assert "No namespaces" in seen["machine"]
