"""Known cases on the real index: every verdict right, every blocker with advice or the reason why there is none."""

import csv
import os
from pathlib import Path

import pytest
import requests

from lambdabot.arm64.check import check
from lambdabot.arm64.environment import public_index
from lambdabot.arm64.target import Target

SHARED = Path(os.environ.get("LAMBDABOT_SHARED_DATA", "../shared/data")) / "arm64-cases.csv"


def rows() -> list[dict[str, str]]:
    if not SHARED.exists():
        return []
    with SHARED.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def cache_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not rows():
        pytest.skip("no shared data")
    try:
        requests.head(public_index(), timeout=5)
    except requests.RequestException:
        pytest.skip("the package index cannot be reached")
    return tmp_path_factory.mktemp("cache")


@pytest.mark.network
@pytest.mark.parametrize("row", rows() or [{"id": "none"}], ids=lambda row: row["id"])
def test_case(row, cache_dir, tmp_path):
    path = tmp_path / "requirements.txt"
    path.write_text(row["requirement_line"].replace("⏎", "\n"))
    answer = check(path, Target(row["python_version"], row["glibc"]), cache_dir=cache_dir, timeout=30)
    expected = row["expected_verdict_arm64"]
    assert answer.verdict == ("ready" if expected.startswith("OK") else "blocked"), answer
    assert bool(answer.drift) is (expected == "OK_BUT_OLDER_VERSION")
    for package in answer.packages:
        assert bool(package.fix) is package.verdict.blocks
        assert package.requested_by[0] == "requirements.txt:1" or package.requested_by[0] == "requirements.txt:2"
    if expected == "BLOCKED_ELF":
        assert "x86_64 native file" in {package.verdict for package in answer.packages}
