"""Known cases on the real index: every verdict right, every blocker with advice or the reason why there is none."""

import csv
import os
from pathlib import Path

import pytest
import requests

from lambdabot.arm64.check import check
from lambdabot.arm64.indexes.access import IndexAccess
from lambdabot.arm64.indexes.environment import public_index
from lambdabot.arm64.target import Target
from lambdabot.workspace import Workspace

SHARED = Path(os.environ.get("LAMBDABOT_SHARED_DATA", "../shared/data")) / "arm64-cases.csv"


def rows() -> list[dict[str, str]]:
    if not SHARED.exists():
        return []
    with SHARED.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def cache_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    try:
        requests.head(public_index(), timeout=5)
    except requests.RequestException:
        pytest.skip("the package index cannot be reached")
    return tmp_path_factory.mktemp("cache")


@pytest.mark.network
@pytest.mark.parametrize("row", rows() or [{"id": "none"}], ids=lambda row: row["id"])
def test_case(row, cache_dir, tmp_path):
    if not rows():
        pytest.skip("no shared data")
    path = tmp_path / "requirements.txt"
    path.write_text(row["requirement_line"].replace("⏎", "\n"))
    answer = check(
        path, Workspace.around(path), Target(row["python_version"], row["glibc"]), IndexAccess(cache_dir, 30)
    )
    expected = row["expected_verdict_arm64"]
    assert answer.verdict == ("ready" if expected.startswith("OK") else "blocked"), answer
    assert bool(answer.drift) is (expected == "OK_BUT_OLDER_VERSION")
    for package in answer.packages:
        assert bool(package.fix) is package.verdict.blocks
        assert package.requested_by[0] == "requirements.txt:1" or package.requested_by[0] == "requirements.txt:2"
    if expected == "BLOCKED_ELF":
        assert "x86_64 native file" in {package.verdict for package in answer.packages}


# What uv alone gets wrong for a runtime's glibc, what a marker or an older wheel decides, and a fix of every kind.
MORE = {
    "glibc between uv's platforms": ("3.11", "lxml==4.9.3", "lxml", "glibc too new", "use lxml=="),
    "newer than 2.17, older than 2.28": ("3.11", "pandas==2.3.3", "pandas", "wheel", ""),
    "no wheel for a new Python": ("3.13", "pillow==9.5.0", "pillow", "python not supported", "use pillow=="),
    "older than its first arm64 wheel": (
        "3.12",
        "cryptography==2.9.2",
        "cryptography",
        "no arm64 wheel",
        "use cryptog",
    ),
    "a sibling project": ("3.12", "cx_Oracle==8.3.0", "cx-oracle", "no arm64 wheel", "use oracledb in its place"),
    "a sibling extra": (
        "3.12",
        "psycopg[c]==3.2.9",
        "psycopg-c",
        "sdist only",
        "use psycopg[binary]==3.2.9 in its place",
    ),
    "for arm64 under another name": ("3.12", "teradatasql==20.0.0.34", "teradatasql", "pure", ""),
    "ruled out by a marker": ("3.13", "orjson==3.10.9 ; platform_machine == 'x86_64'", "orjson", None, ""),
    "in the normalised name": ("3.12", "Pydantic.Core==2.20.0", "pydantic-core", "wheel", ""),
    "any wheel but no other way": (
        "3.12",
        "--only-binary :all:\npsycopg2==2.9.10",
        "psycopg2",
        "sdist only",
        "use psycopg2-b",
    ),
    "another release on another runtime": ("3.11", "pycurl==7.45.2", "pycurl", "sdist only", "use pycurl=="),
    "under another parent": ("3.12", "tensorflow==2.15.0", "ml-dtypes", "python not supported", "use tensorflow==2.16"),
}


@pytest.mark.network
@pytest.mark.parametrize("case", MORE)
def test_further_case(case, cache_dir, tmp_path):
    python, lines, name, verdict, fix = MORE[case]
    path = tmp_path / "requirements.txt"
    path.write_text(lines + "\n")
    answer = check(path, Workspace.around(path), Target.of_runtime(f"python{python}"), IndexAccess(cache_dir, 30))
    found = {package.name: package for package in answer.packages}
    assert (str(found[name].verdict) if name in found else None) == verdict
    assert name not in found or found[name].fix.startswith(fix)
    assert name not in found or bool(found[name].fix) is bool(fix)
