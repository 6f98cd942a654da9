"""What a resolver is shown of the indexes: for each release the one file that fits, and nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock

from lambdabot.arm64.index import Absent, Index
from lambdabot.arm64.release import File, Project
from lambdabot.arm64.target import Target
from lambdabot.arm64.wheel import Contents
from lambdabot.model import Architecture

_NATIVE_SDISTS = 3  # a project whose newest sdists need a compiler has it so in the older ones too: they are not read


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How files are chosen, apart from the target: by the manifest's options and hashes."""

    hashes: Mapping[str, frozenset[str]] = field(default_factory=dict)
    only_binary: frozenset[str] = frozenset()
    no_binary: frozenset[str] = frozenset()
    direct: Mapping[str, File] = field(default_factory=dict)  # projects that are pinned to a file by its address

    def allows_hash(self, name: str, file: File) -> bool:
        """Judge a file by the manifest's `--hash` options."""
        allowed = self.hashes.get(name)
        return not allowed or file.sha256 in allowed

    def allows_kind(self, name: str, file: File) -> bool:
        """Judge a file by `--only-binary` and `--no-binary`; what names the project wins over `:all:`."""
        if file.is_wheel:
            return name not in self.no_binary and (":all:" not in self.no_binary or name in self.only_binary)
        return name not in self.only_binary and (":all:" not in self.only_binary or name in self.no_binary)


class View:
    """The indexes as a machine of this target and architecture may use them.

    `excused` projects are shown whole, as if every release fitted, so that the rest can be resolved around them.
    """

    def __init__(self, index: Index, target: Target, architecture: Architecture, rules: Rules) -> None:
        """Show the indexes through the target and the rules."""
        self.index = index
        self.target = target
        self.architecture = architecture
        self.rules = rules
        self._lock = Lock()
        self._native_sdists: dict[str, int] = {}

    def fitting(self, name: str, files: tuple[File, ...]) -> File | None:
        """Return the file of a release that an installer would take: the most specific wheel, else the sdist."""
        best: tuple[int, File] | None = None
        sdist = None
        for file in files:
            if not (
                file.supports_python(self.target)
                and self.rules.allows_hash(name, file)
                and self.rules.allows_kind(name, file)
            ):
                continue
            if not file.is_wheel:
                sdist = sdist or file
            elif (rank := file.rank(self.target, self.architecture)) is not None and (best is None or rank < best[0]):
                best = rank, file
        return best[1] if best else sdist

    def shown(self, name: str, *, excused: bool) -> Mapping[str, File] | Absent:
        """Return the file to show for every version."""
        if (direct := self.rules.direct.get(name)) is not None:
            return {direct.version: direct}
        project = self.index.project(name)
        if isinstance(project, Absent):
            return project
        chosen = {}
        for version, files in project.releases.items():
            file = self.fitting(name, files) or (_stand_in(files) if excused else None)
            if file is not None:
                chosen[version] = file
        return chosen

    def release(self, name: str, version: str) -> tuple[File, ...] | Absent:
        """Return the files of a release, fitting or not."""
        if (direct := self.rules.direct.get(name)) is not None:
            return (direct,) if direct.version == version else ()
        project = self.index.project(name)
        return project if isinstance(project, Absent) else project.releases.get(version, ())

    def contents(self, name: str, file: File, *, excused: bool) -> Contents:
        """Return what the file holds; sdists of a project that needs a compiler are not read again and again."""
        with self._lock:
            if not file.is_wheel and not excused and self._native_sdists.get(name, 0) >= _NATIVE_SDISTS:
                return Contents(native="newer releases need a compiler")
        contents = self.index.read(file, name)
        if contents.native:
            with self._lock:
                self._native_sdists[name] = self._native_sdists.get(name, 0) + 1
        return contents


def _stand_in(files: tuple[File, ...]) -> File | None:
    """Return any file of a release that tells its dependencies: a wheel for Linux, any wheel, the sdist."""
    return min(files, key=lambda file: (not file.is_wheel, not any("linux" in tag for tag in file.tags)), default=None)


def project_of(view: View, name: str) -> Project | None:
    """Return the project itself, where it could be had."""
    project = view.index.project(name)
    return None if isinstance(project, Absent) else project
