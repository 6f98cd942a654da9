"""uv as the resolver: it decides versions, and sees nothing but the loopback index."""

import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from lambdabot.arm64.indexes.index import Absent
from lambdabot.arm64.indexes.release import parsed
from lambdabot.arm64.manifest import Request
from lambdabot.arm64.resolution.candidates import Candidates
from lambdabot.arm64.resolution.loopback import Loopback, ServedCandidates, ServingRules
from lambdabot.model import Architecture
from lambdabot.programs import UV

# For markers alone: what fits is the view's decision, so the newest glibc that uv knows is right for every target.
_PLATFORM = {Architecture.X86_64: "x86_64-manylinux_2_40", Architecture.ARM64: "aarch64-manylinux_2_40"}
_SECONDS = 120  # of one resolution; the largest real ones take a few
_ATTEMPTS = 50  # resolutions that each found another project missing


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is to be resolved, and how: pre-releases, and the lowest version that will do where `lowest`."""

    requests: tuple[Request, ...]
    constraints: tuple[Request, ...] = ()
    prereleases: bool = False
    lowest: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Solution:
    """Versions by project name, and what was left out because it could not be had."""

    versions: Mapping[str, str]
    absent: Mapping[str, Absent] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """No set of versions meets all requirements; the resolver's own words."""

    text: str
    absent: Mapping[str, Absent] = field(default_factory=dict)


class Resolver:
    """Resolves requirements through a view, around the projects that cannot be had."""

    def __init__(self, loopback: Loopback, cache_dir: Path | None) -> None:
        """Use this loopback index; what uv finds out of the interpreter is kept in the cache."""
        self._loopback = loopback
        self._cache_dir = cache_dir

    def solve(
        self, view: Candidates, problem: Problem, lens: ServingRules, absent: Mapping[str, Absent] | None = None
    ) -> Solution | Conflict:
        """Return the versions for the view's target; `absent` projects, and those found to be, are left out."""
        left_out = dict(absent or {})
        text = ""
        for _ in range(_ATTEMPTS):
            if all(request.name in left_out for request in problem.requests):
                return Solution(versions={}, absent=left_out)
            shown = ServedCandidates(view, lens)
            found = self._compile(shown, problem, frozenset(left_out))
            if isinstance(found, dict):
                return Solution(versions=found, absent=left_out)
            new = {name: why for name, why in shown.absent.items() if name not in left_out}
            if not new:
                text = found
                break
            left_out |= new
        return Conflict(text=text or "too many projects could not be looked up", absent=left_out)

    def _compile(self, shown: ServedCandidates, problem: Problem, excluded: frozenset[str]) -> dict[str, str] | str:
        """Run uv once; return versions by name, or its message."""
        target = shown.view.target
        with tempfile.TemporaryDirectory(prefix="lambdabot-") as folder:
            place = Path(folder)
            (place / "requirements.in").write_text(_lines(shown.view, problem.requests))
            (place / "constraints.txt").write_text(_lines(shown.view, problem.constraints))
            (place / "excludes.txt").write_text("".join(f"{name}\n" for name in sorted(excluded)))
            options = {
                "--constraints": "constraints.txt",
                "--excludes": "excludes.txt",
                "--python": sys.executable,
                "--python-version": target.python_full,
                "--python-platform": _PLATFORM[shown.view.architecture],
                "--default-index": self._loopback.show(shown),
                "--only-binary": ":all:",
                "--prerelease": "allow" if problem.prereleases else "if-necessary-or-explicit",
                "--resolution": "lowest-direct" if problem.lowest else "highest",
                "--cache-dir": str(self._cache_dir or place / "cache"),
                "--color": "never",
            }
            flags = ["--no-config", "--no-python-downloads", "--no-header", "--no-annotate", "--quiet"]
            command = [UV, "pip", "compile", "requirements.in", *flags]
            command += [word for option in options.items() for word in option]
            bare = {"PATH": "/usr/bin:/bin", "HOME": folder, "NO_PROXY": "127.0.0.1"}  # nothing of ours, no secrets
            try:
                done = subprocess.run(
                    command, cwd=place, env=bare, capture_output=True, text=True, timeout=_SECONDS, check=False
                )
            except subprocess.TimeoutExpired:
                return f"no resolution within {_SECONDS} s"
        return _words(done.stderr) if done.returncode else _pins(done.stdout)


def _words(message: str) -> str:
    """Return uv's message on one line, without the address of our own index."""
    return re.sub(r"http://127\.0\.0\.1:\d+/\S*", "the index", " ".join(message.split()))


def _pins(text: str) -> dict[str, str]:
    pins = {}
    for line in text.splitlines():
        try:
            requirement = Requirement(line)
        except InvalidRequirement:
            continue
        (specifier,) = requirement.specifier
        pins[str(canonicalize_name(requirement.name))] = str(parsed(specifier.version))
    return pins


def _lines(view: Candidates, requests: tuple[Request, ...]) -> str:
    """Write the requirements for uv: an address becomes a pin on the file that the view shows for it."""
    lines = []
    for request in requests:
        requirement = request.requirement
        text = str(requirement)
        if requirement.url is not None:
            (file,) = view.rules.files[request.name]
            extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
            marker = f" ; {requirement.marker}" if requirement.marker else ""
            text = f"{requirement.name}{extras}=={file.version}{marker}"
        lines.append(text + "\n")
    return "".join(lines)
