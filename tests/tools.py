"""Programs that lambdabot is held against, as their makers publish them: installed once, and kept with the checkout."""

import fcntl
import hashlib
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
KEPT = ROOT / ".cache" / "tools"


@cache
def real_tool(name: str) -> Path:
    """Return the `node_modules` of what requirements/NAME locks. Skips the test where it cannot be installed."""
    wanted = ROOT / "requirements" / name
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip(f"{name} needs Node.js, with npm")
    folder = KEPT / f"{name}-{hashlib.sha256((wanted / 'package-lock.json').read_bytes()).hexdigest()[:12]}"
    KEPT.mkdir(parents=True, exist_ok=True)
    with (KEPT / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the other workers wait for the first
        if not folder.is_dir():
            _install(npm, wanted, folder)
    return folder / "node_modules"


def _install(npm: str, wanted: Path, folder: Path) -> None:
    part = folder.with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    for manifest in ("package.json", "package-lock.json"):
        shutil.copy(wanted / manifest, part)
    options = ["--ignore-scripts", "--no-audit", "--no-fund", f"--cache={KEPT / 'npm'}"]
    made = subprocess.run([npm, "ci", *options], cwd=part, capture_output=True, text=True, check=False)
    if made.returncode:
        shutil.rmtree(part)
        pytest.skip(f"{wanted.name} cannot be installed here: {made.stderr.strip().splitlines()[-1:]}")
    part.rename(folder)


def node(arguments: list[str], *, cwd: Path, home: Path) -> str:
    """Run a program of Node.js without the variables of this process; return what it prints."""
    program = shutil.which("node") or "node"
    environment = {"PATH": f"{Path(program).parent}:/usr/bin:/bin", "HOME": str(home), "TMPDIR": str(home), "CI": "1"}
    environment |= {"SLS_TELEMETRY_DISABLED": "1", "SLS_NOTIFICATIONS_MODE": "off"}
    made = subprocess.run(
        [program, *arguments], cwd=cwd, env=environment, capture_output=True, text=True, check=False, timeout=300
    )
    assert made.returncode == 0, made.stdout + made.stderr
    return made.stdout
