"""Dependencies for a target, installed by uv into a folder: wheels only, and no code of anybody's is run.

Packages that `allow_build` names are built when nothing else is left, confined as functions are.
"""

import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import canonicalize_name

from lambdabot.errors import PackagingError
from lambdabot.packaging.building import build
from lambdabot.packaging.credentials import full_environment
from lambdabot.packaging.explain import explain, refused_builds
from lambdabot.packaging.requirements import Line, Requirements
from lambdabot.packaging.target import Target
from lambdabot.programs import UV

TIMEOUT_SECONDS = 900


def install(
    requirements: Requirements, target: Target, folder: Path, *, allow_build: frozenset[str], cache_dir: Path | None
) -> None:
    """Install into a folder of its own. Raises PackagingError that names the package and its line."""
    installation = _Installation(requirements=requirements, target=target, cache_dir=cache_dir)
    allowed = {canonicalize_name(name) for name in allow_build}
    built = frozenset(requirements.no_binary)
    while error := installation.attempt(folder, built):
        needed = (refused_builds(error) & allowed) - built
        if not needed:
            raise explain(error, requirements, target)
        built |= needed


@dataclass(frozen=True, slots=True, kw_only=True)
class _Installation:
    requirements: Requirements
    target: Target
    cache_dir: Path | None

    def attempt(self, folder: Path, built: frozenset[str]) -> str:
        """Install with only these packages built; return uv's error text, empty when all was installed."""
        shutil.rmtree(folder, ignore_errors=True)
        if built:
            return build(self.requirements, self.target, built, folder, arguments=self._arguments())
        cache = ["--cache-dir", str(self.cache_dir)] if self.cache_dir else []
        return _run([*self._command(folder), *cache], full_environment(), folder.parent)

    def _command(self, folder: Path) -> list[str]:
        """Write the requirements beside the folder and return uv's command line, to be run there."""
        listed = folder.with_name(f"{folder.name}.requirements.txt")
        listed.write_text(_lines([*self.requirements.options, *self.requirements.requirements]), encoding="utf-8")
        constraints = folder.with_name(f"{folder.name}.constraints.txt")
        constraints.write_text(_lines(self.requirements.constraints), encoding="utf-8")
        command = [UV, "pip", "install", *self._arguments(), "--target", str(folder)]
        command += ["--python", str(self.target.interpreter or sys.executable)]
        return [*command, "--requirements", listed.name, "--constraints", constraints.name]

    def _arguments(self) -> list[str]:
        """Return what uv is told wherever it runs."""
        arguments = ["--no-config", "--no-python-downloads", "--no-progress", "--color=never", "--only-binary=:all:"]
        if self.target.interpreter is None:
            arguments += ["--python-version", self.target.uv_python, "--python-platform", self.target.uv_platform]
        return arguments


def _run(command: list[str], environment: Mapping[str, str], folder: Path) -> str:
    """Run uv; return its error text, empty on success."""
    try:
        finished = subprocess.run(
            command,
            env=environment,
            cwd=folder,  # not the workspace: nothing of the user's is found by accident
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        what = f"installing the dependencies took longer than {TIMEOUT_SECONDS // 60} minutes"
        raise PackagingError(what, advice="Check the package index and the network, then run again.") from None
    return "" if finished.returncode == 0 else finished.stderr or f"uv ended with status {finished.returncode}"


def _lines(lines: Iterable[Line]) -> str:
    return "".join(f"{line.text}\n" for line in lines)
