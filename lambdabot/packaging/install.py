"""Dependencies for a target, installed by uv into a folder: wheels only, and no code of anybody's is run.

Packages that `allow_build` names are built when nothing else is left, by a process that has no secrets.
"""

import contextlib
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import canonicalize_name

from lambdabot.errors import PackagingError
from lambdabot.packaging.credentials import full_environment, harmless_environment, with_password
from lambdabot.packaging.explain import explain, refused_builds
from lambdabot.packaging.requirements import Line, Requirements
from lambdabot.packaging.target import Target
from lambdabot.programs import UV

TIMEOUT_SECONDS = 900

NOBODY = 65534
"""The user id of `nobody` on Linux, which owns nothing."""


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
            return self._build(folder, built)
        cache = ["--cache-dir", str(self.cache_dir)] if self.cache_dir else []
        return _run([*self._command(folder), *cache], full_environment(), folder.parent)

    def _build(self, folder: Path, built: frozenset[str]) -> str:
        """Install in a room of its own: what is built sees no cache that others trust, and no secret."""
        _refuse_secrets(built)
        user = _builder(self.target.interpreter or Path(sys.executable), Path(UV))
        with tempfile.TemporaryDirectory(prefix="lambdabot-build-") as name:
            room = Path(name)
            command = self._command(room / "package")
            command += ["--cache-dir", str(room / "cache"), *(f"--no-binary={package}" for package in sorted(built))]
            for part in ("home", "tmp"):
                (room / part).mkdir()
            if user is not None:
                for path in (room, *room.iterdir()):
                    os.chown(path, user, user)
            private = {"HOME": str(room / "home"), "TMPDIR": str(room / "tmp"), "GIT_TERMINAL_PROMPT": "0"}
            error = _run(command, {**harmless_environment(), **private}, room, session=True, user=user)
            if not error:
                _copy(room / "package", folder)
            return error

    def _command(self, folder: Path) -> list[str]:
        """Write the requirements beside the folder and return uv's command line, to be run there."""
        listed = folder.with_name(f"{folder.name}.requirements.txt")
        listed.write_text(_lines([*self.requirements.options, *self.requirements.requirements]), encoding="utf-8")
        constraints = folder.with_name(f"{folder.name}.constraints.txt")
        constraints.write_text(_lines(self.requirements.constraints), encoding="utf-8")
        command = [UV, "pip", "install", "--no-config", "--no-python-downloads", "--no-progress"]
        command += ["--color=never", "--only-binary=:all:", "--target", str(folder)]
        command += ["--python", str(self.target.interpreter or sys.executable)]
        if self.target.interpreter is None:
            command += ["--python-version", self.target.uv_python, "--python-platform", self.target.uv_platform]
        return [*command, "--requirements", listed.name, "--constraints", constraints.name]


def _builder(*programs: Path) -> int | None:
    """Return the user to build as: `nobody` where we are root and it may run the programs, else (None) our own."""
    needed = {part for program in programs for path in (program, program.resolve()) for part in (path, *path.parents)}
    reachable = all(part.stat().st_mode & stat.S_IXOTH for part in needed)
    return NOBODY if os.geteuid() == 0 and reachable else None


def _run(
    command: list[str], environment: Mapping[str, str], folder: Path, *, session: bool = False, user: int | None = None
) -> str:
    """Run uv, in a session of its own or as another user if so told; return its error text, empty on success."""
    with subprocess.Popen(
        command,
        env=environment,
        cwd=folder,  # not the workspace: nothing of the user's is found by accident
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
        user=user,
        group=user,
        extra_groups=None if user is None else [],
        start_new_session=session,
    ) as process:
        try:
            _, error = process.communicate(timeout=TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            what = f"installing the dependencies took longer than {TIMEOUT_SECONDS // 60} minutes"
            raise PackagingError(what, advice="Check the package index and the network, then run again.") from None
        finally:
            if session:  # a build may have left processes behind
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
            process.kill()
    return "" if process.returncode == 0 else error or f"uv ended with status {process.returncode}"


def _copy(built: Path, folder: Path) -> None:
    try:
        shutil.copytree(built, folder, symlinks=True)
    except shutil.Error as error:
        what = "a build left something that is neither a file nor a folder"
        raise PackagingError(what, advice="Ask for a release that has wheels.") from error


def _lines(lines: Iterable[Line]) -> str:
    return "".join(f"{line.text}\n" for line in lines)


def _refuse_secrets(built: frozenset[str]) -> None:
    """Refuse to build where the index can only be reached with a password, for the build could read it."""
    secret = with_password()
    if secret is not None:
        what = f"`{'`, `'.join(sorted(built))}` would be built by a process that can read the password in {secret}"
        raise PackagingError(what, advice="Build its wheel in an earlier step and name the folder by UV_FIND_LINKS.")
