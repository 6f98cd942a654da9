"""uv as the resolver: it decides versions, and sees nothing but the loopback index."""

import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import uv
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from lambdabot.arm64.index import Absent
from lambdabot.arm64.loopback import Loopback, Shown
from lambdabot.arm64.manifest import Request
from lambdabot.arm64.release import parsed
from lambdabot.arm64.view import View
from lambdabot.model import Architecture

_PLATFORM = {Architecture.X86_64: "x86_64-manylinux_2_40", Architecture.ARM64: "aarch64-manylinux_2_40"}
_SECONDS = 120  # of one resolution; the largest real ones take a few
_ATTEMPTS = 40  # resolutions that each found one more project missing


@dataclass(frozen=True, slots=True, kw_only=True)
class Solution:
    """Versions by project name; what was left out because it could not be had; what could not be read."""

    versions: Mapping[str, str]
    absent: Mapping[str, Absent] = field(default_factory=dict)
    troubles: Mapping[tuple[str, str], str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """No set of versions meets all requirements; the resolver's own words."""

    text: str
    absent: Mapping[str, Absent] = field(default_factory=dict)


class Resolver:
    """Resolves requirements through a view, around the projects that cannot be had."""

    def __init__(self, loopback: Loopback, cache_dir: Path | None) -> None:
        """Use this loopback index; uv keeps what it knows of the interpreter in the cache."""
        self._loopback = loopback
        self._cache_dir = cache_dir

    def solve(
        self,
        view: View,
        requests: tuple[Request, ...],
        constraints: tuple[Request, ...] = (),
        *,
        excused: frozenset[str] = frozenset(),
        prereleases: bool = False,
        absent: Mapping[str, Absent] | None = None,
    ) -> Solution | Conflict:
        """Return the versions for the view's target; `absent` projects are left out, and what depends on them stays."""
        left_out = dict(absent or {})
        for _ in range(_ATTEMPTS):
            shown = Shown(view, excused=excused)
            found = self._compile(shown, requests, constraints, frozenset(left_out), prereleases=prereleases)
            if isinstance(found, dict):
                return Solution(versions=found, absent=left_out, troubles=dict(shown.troubles))
            new = {name: why for name, why in shown.absent.items() if name not in left_out}
            if not new:
                return Conflict(text=found, absent=left_out)
            left_out |= new
        return Conflict(text="too many projects could not be looked up", absent=left_out)

    def _compile(
        self,
        shown: Shown,
        requests: tuple[Request, ...],
        constraints: tuple[Request, ...],
        excluded: frozenset[str],
        *,
        prereleases: bool,
    ) -> dict[str, str] | str:
        """Run uv once; return versions by name, or its message."""
        target = shown.view.target
        with tempfile.TemporaryDirectory(prefix="lambdabot-") as folder:
            place = Path(folder)
            (place / "requirements.in").write_text(_lines(shown.view, requests))
            (place / "constraints.txt").write_text(_lines(shown.view, constraints))
            (place / "excludes.txt").write_text("".join(f"{name}\n" for name in sorted(excluded)))
            command = [
                uv.find_uv_bin(), "pip", "compile", "requirements.in", "--constraints", "constraints.txt", "--excludes", "excludes.txt",
                "--python", sys.executable, "--python-version", target.python_full, "--python-platform", _PLATFORM[shown.view.architecture],
                "--default-index", self._loopback.show(shown), "--only-binary", ":all:", "--no-config", "--no-python-downloads",
                "--prerelease", "allow" if prereleases else "if-necessary-or-explicit",
                "--no-header", "--no-annotate", "--quiet", "--color", "never",
                "--cache-dir", str(self._cache_dir or place / "cache"),
            ]  # fmt: skip
            bare = {
                "PATH": "/usr/bin:/bin",
                "HOME": folder,
                "NO_PROXY": "127.0.0.1",
                "UV_NO_PROGRESS": "1",
                "UV_CONCURRENT_DOWNLOADS": "24",
            }
            try:
                done = subprocess.run(
                    command, cwd=place, env=bare, capture_output=True, text=True, timeout=_SECONDS, check=False
                )
            except subprocess.TimeoutExpired:
                return f"no resolution within {_SECONDS} s"
        if done.returncode:
            return " ".join(done.stderr.split())
        return dict(_pins(done.stdout))


def _pins(text: str) -> list[tuple[str, str]]:
    pins = []
    for line in text.splitlines():
        try:
            requirement = Requirement(line)
        except InvalidRequirement:
            continue
        version = next(iter(requirement.specifier)).version
        pins.append((canonicalize_name(requirement.name), str(parsed(version))))
    return pins


def _lines(view: View, requests: tuple[Request, ...]) -> str:
    """Write the requirements for uv: an address becomes a pin on the file that the view shows for it."""
    lines = []
    for request in requests:
        requirement = request.requirement
        text = str(requirement)
        if (direct := view.rules.direct.get(request.name)) is not None:
            extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
            marker = f" ; {requirement.marker}" if requirement.marker else ""
            text = f"{requirement.name}{extras}=={direct.version}{marker}"
        lines.append(text + "\n")
    return "".join(lines)
