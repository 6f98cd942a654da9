import json
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lambdabot.cli import main


class Project:
    """A user's repository: functions as files, one lambdabot.yml, and `lambdabot run` on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.out = folder / "out"

    def write(self, path: str, text: str) -> Path:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(text))
        return file

    def settings(self, text: str) -> None:
        self.write("lambdabot.yml", text)

    def run(self, *arguments: str, endpoint: str = "local") -> tuple[int, dict[str, Any]]:
        config = str(self.folder / "lambdabot.yml")
        code = main(["run", "--config", config, "--endpoint", endpoint, "--out", str(self.out), *arguments])
        assert main(["replay", "--report", str(self.out / "report.json")]) == 0, "the decisions do not replay"
        return code, json.loads((self.out / "report.json").read_text())

    @property
    def comment(self) -> str:
        return (self.out / "comment.md").read_text()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    for name in ("GITHUB_ACTIONS", "GITHUB_TOKEN", "GITHUB_EVENT_PATH", "GITHUB_WORKSPACE", "GITHUB_REPOSITORY"):
        monkeypatch.delenv(name, raising=False)
    return Project(tmp_path)


@pytest.fixture
def rows() -> Callable[[dict[str, Any]], dict[tuple[str, str, int, str], dict[str, Any]]]:
    """Give a report's measurements by function, side, memory and architecture."""

    def of(report: dict[str, Any]) -> dict[tuple[str, str, int, str], dict[str, Any]]:
        return {
            (function["name"], one["side"], one["memory_mb"], one["architecture"]): one
            for function in report["functions"]
            for one in function["measurements"]
        }

    return of
