"""The ARM64 answer beside what a user would use instead: right and wrong answers on known cases, and time."""

import csv
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import requests
import uv
from packaging.utils import InvalidSdistFilename, InvalidWheelFilename, parse_sdist_filename, parse_wheel_filename
from packaging.version import Version
from pypi_simple import PYPI_SIMPLE_ENDPOINT

from benchmarks.figures import Figures
from lambdabot.arm64.check import check
from lambdabot.arm64.indexes.access import IndexAccess
from lambdabot.arm64.target import Target, platforms
from lambdabot.model import Architecture, Arm64Verdict
from lambdabot.workspace import Workspace

ROUNDS = 5
SECONDS = 600.0  # that one peer may take for one case
CLOSURE = (
    *("boto3", "fastapi", "uvicorn[standard]", "pandas", "scikit-learn", "sqlalchemy", "aiohttp", "requests", "redis"),
    *("cryptography", "orjson", "jinja2", "pillow", "httpx", "pydantic-settings", "structlog", "typer"),
    *("opentelemetry-sdk", "psycopg[binary]", "mangum", "tenacity"),
)
CLOSURE_TARGET = Target("3.13", "2.34")


@dataclass(frozen=True, slots=True)
class Case:
    """Requirement lines, what they are to run on, and whether they are ready, with a drift that must be named."""

    name: str
    lines: str
    target: Target
    ready: bool
    drift: bool


@dataclass(slots=True)
class Score:
    """What one way made of the cases."""

    right: int = 0
    false_pass: int = 0
    false_alarm: int = 0
    seconds: float = 0.0


def run(seed: int) -> Figures:  # noqa: ARG001  # nothing here is random
    """Return both parts; the cases are skipped, and that is said, where they are not at hand."""
    values: dict[str, float] = {}
    table = _cases_table(values) + "\n\n" + _closure_table(values)
    return Figures(values, table)


def _cases_table(values: dict[str, float]) -> str:
    folder = Path(os.environ.get("LAMBDABOT_SHARED_DATA", "../shared/data"))
    if not (folder / "arm64-cases.csv").exists():
        return "cases: skipped: no shared data"
    cases = _cases(folder / "arm64-cases.csv")
    ways: dict[str, Callable[[Case, Path], bool]] = {
        "arm64": _ours,
        "arm64_uv": _uv,
        "arm64_pip": _pip,
        "arm64_textbook": _textbook,
    }
    scores = {way: Score() for way in ways}
    notes = []
    for case in cases:
        for way, ready in ways.items():
            with tempfile.TemporaryDirectory() as folder_name:
                place = Path(folder_name)
                (place / "requirements.txt").write_text(case.lines)
                start = time.perf_counter()
                answer = ready(case, place)
                scores[way].seconds += time.perf_counter() - start
            _count(scores[way], case, ready=answer)
            if way == "arm64" and answer != case.ready:
                notes.append(f"`{case.name}` should be {'ready' if case.ready else 'blocked'}")
    for way, score in scores.items():
        values |= {
            f"{way}.right": score.right,
            f"{way}.false_pass": score.false_pass,
            f"{way}.false_alarm": score.false_alarm,
            f"{way}.seconds": score.seconds,
        }
    names = ("lambdabot arm64", "uv --only-binary", "pip download --platform", "textbook script")
    rows = [
        f"| {name} | {score.right} | {score.false_pass} | {score.false_alarm} | {score.seconds:.0f} |"
        for name, score in zip(names, scores.values(), strict=True)
    ]
    head = f"| {len(cases)} cases | right | false pass | false alarm | seconds |\n| --- | ---: | ---: | ---: | ---: |\n"
    return head + "\n".join(rows) + "".join(f"\n\n{note}" for note in notes)


def _cases(path: Path) -> list[Case]:
    with path.open(newline="", encoding="utf-8") as stream:
        return [
            Case(
                row["id"],
                row["requirement_line"].replace("⏎", "\n") + "\n",
                Target(row["python_version"], row["glibc"]),
                ready=row["expected_verdict_arm64"].startswith("OK"),
                drift=row["expected_verdict_arm64"] == "OK_BUT_OLDER_VERSION",
            )
            for row in csv.DictReader(stream)
        ]


def _count(score: Score, case: Case, *, ready: bool) -> None:
    if ready == case.ready:
        score.right += 1
    elif ready:
        score.false_pass += 1
    else:
        score.false_alarm += 1


def _ours(case: Case, place: Path) -> bool:
    """Ask ours with nothing cached, as every peer is; a drift that is not named counts as a wrong answer."""
    answer = check(place / "requirements.txt", Workspace(place), case.target, IndexAccess(place / "cache", 30))
    ready = answer.verdict is Arm64Verdict.READY
    return not case.ready if ready and case.drift and not answer.drift else ready


def _uv(case: Case, place: Path) -> bool:
    """Resolve as one would with uv alone: its platform names have no glibc 2.26, so the next lower one is taken."""
    minor = "17" if case.target.glibc == "2.26" else case.target.glibc[2:]
    platform = f"aarch64-manylinux_2_{minor}"
    return _succeeds(_uv_compile(place, case.target, platform))


def _uv_compile(place: Path, target: Target, platform: str) -> list[str]:
    return [
        uv.find_uv_bin(), "pip", "compile", str(place / "requirements.txt"), "--python", sys.executable,
        "--python-version", target.python, "--python-platform", platform, "--only-binary", ":all:", "--no-config",
        "--cache-dir", str(place / "cache"), "--quiet", "--output-file", str(place / "resolved.txt"),
    ]  # fmt: skip


def _pip(case: Case, place: Path) -> bool:
    """Download for every platform tag that fits, which is more care than the usual single `--platform`."""
    tags = platforms(Architecture.ARM64, case.target.glibc)
    command = [
        sys.executable, "-m", "pip", "download", "--quiet", "--requirement", str(place / "requirements.txt"),
        "--dest", str(place / "wheels"), "--only-binary", ":all:", "--implementation", "cp",
        "--python-version", case.target.python, "--no-cache-dir",
    ]  # fmt: skip
    return _succeeds(command + [word for tag in tags for word in ("--platform", tag)])


def _succeeds(command: list[str]) -> bool:
    try:
        done = subprocess.run(command, capture_output=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def _textbook(_: Case, place: Path) -> bool:
    """Do as the textbook: the latest release of each line's name has a file for aarch64 or for any platform."""
    lines = (place / "requirements.txt").read_text().splitlines()
    return all(_textbook_line(line) for line in lines if line.strip())


def _textbook_line(line: str) -> bool:
    name = line.partition("==")[0].strip()
    answer = requests.get(
        f"{PYPI_SIMPLE_ENDPOINT}{name}/", headers={"Accept": "application/vnd.pypi.simple.v1+json"}, timeout=30
    )
    if answer.status_code != requests.codes.ok:
        return False
    releases: dict[Version, list[str]] = {}
    for file in answer.json()["files"]:
        version = _version(file["filename"])
        if version is not None and not version.is_prerelease:
            releases.setdefault(version, []).append(file["filename"])
    latest = releases[max(releases)] if releases else []
    return any("aarch64" in filename or "none-any" in filename for filename in latest)


def _version(filename: str) -> Version | None:
    try:
        return parse_wheel_filename(filename)[1] if filename.endswith(".whl") else parse_sdist_filename(filename)[1]
    except (InvalidWheelFilename, InvalidSdistFilename):
        return None


def _closure_table(values: dict[str, float]) -> str:
    """Time one closure with nothing cached, ours and uv's in turn, and ours again with everything cached."""
    ours, theirs, warm, start = [], [], [], []
    packages = 0
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder)
            (place / "requirements.txt").write_text("\n".join(CLOSURE) + "\n")
            theirs.append(_timed(_uv_compile(place, CLOSURE_TARGET, "aarch64-manylinux_2_34")))
            packages = len(re.findall(r"^[A-Za-z0-9]", (place / "resolved.txt").read_text(), re.MULTILINE))
            command = _command(place)
            ours.append(_timed(command))
            warm.append(_timed(command))
            start.append(_timed([sys.executable, "-m", "lambdabot", "--help"]))
    cold, base = statistics.median(ours), statistics.median(theirs)
    beyond = statistics.median(warm) - statistics.median(start)
    memory = _memory()
    values |= {
        "arm64.closure_packages": packages,
        "arm64.closure_cold_seconds": cold,
        "arm64.closure_cold_ratio_to_uv": statistics.median(a / b for a, b in zip(ours, theirs, strict=True)),
        "arm64.closure_warm_seconds": beyond,
        "arm64.memory_megabytes": memory,
    }
    return (
        f"| closure of {packages} packages, median of {ROUNDS} | seconds |\n| --- | ---: |\n"
        f"| uv pip compile, cold | {base:.2f} |\n"
        f"| lambdabot arm64, cold: both architectures and every file judged | {cold:.2f} |\n"
        f"| lambdabot arm64, warm, beyond process start | {beyond:.2f} |\n"
        f"| memory of lambdabot arm64, cold (MB) | {memory:.0f} |"
    )


def _timed(command: list[str]) -> float:
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        message = f"{command[:4]} ended with {done.returncode}: {done.stderr[-500:]}"
        raise RuntimeError(message)
    return time.perf_counter() - start


_PEAK = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""
"""Linux hands a parent's peak on to its child, so the parent must be smaller than what is measured."""


def _memory() -> float:
    """Return the peak of one cold check in MB, of the program or of the resolver that it starts, whichever is more."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "requirements.txt").write_text("\n".join(CLOSURE) + "\n")
        command = [sys.executable, "-c", _PEAK, *_command(place)]
        return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout) / 1024


def _command(place: Path) -> list[str]:
    """Return our command on the same requirements, in a folder of their own: the cache lies outside of it."""
    project = place / "project"
    project.mkdir(exist_ok=True)
    (project / "requirements.txt").write_text((place / "requirements.txt").read_text())
    arguments = [str(project / "requirements.txt"), "--json", "--cache-dir", str(place / "ours")]
    return [sys.executable, "-m", "lambdabot", "arm64", *arguments]
