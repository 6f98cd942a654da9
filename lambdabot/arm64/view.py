"""What a resolver is shown of the indexes: for each release the one file that fits, and nothing else."""

from collections.abc import Mapping
from threading import Lock

from lambdabot.arm64.contents import Contents
from lambdabot.arm64.index import Absent, Index
from lambdabot.arm64.reader import Reader
from lambdabot.arm64.release import File, Project
from lambdabot.arm64.rules import Rules
from lambdabot.arm64.target import Target
from lambdabot.model import Architecture

_COMPILED_SDISTS = 3  # where so many releases needed a compiler, the older ones do, and are not read


class View:
    """The indexes as a machine of this target and architecture may use them."""

    def __init__(self, index: Index, reader: Reader, target: Target, architecture: Architecture, rules: Rules) -> None:
        """Show the indexes through the target and the rules."""
        self.target = target
        self.architecture = architecture
        self.rules = rules
        self._index = index
        self._reader = reader
        self._lock = Lock()
        self._compiled_sdists: dict[str, int] = {}

    def release(self, name: str, version: str) -> tuple[File, ...] | Absent:
        """Return the files of a release, fitting or not."""
        project = self.project(name)
        return project if isinstance(project, Absent) else project.releases.get(version, ())

    def project(self, name: str) -> Project | Absent:
        """Return a project's releases: as the manifest lists them, else as the index does."""
        files = self.rules.files.get(name)
        if files is None:
            return self._index.project(name)
        releases: dict[str, tuple[File, ...]] = {}
        for file in files:
            releases[file.version] = (*releases.get(file.version, ()), file)
        return Project(name, "the manifest", releases)

    def page(self, name: str, *, excused: bool) -> Mapping[str, File] | Absent:
        """Return the file to show for every version that fits; `excused`: for every version at all."""
        project = self.project(name)
        if isinstance(project, Absent):
            return project
        chosen = {}
        for version, files in project.releases.items():
            file = self.fitting(name, files) or (stand_in(files) if excused else None)
            if file is not None:
                chosen[version] = file
        return chosen

    def fitting(self, name: str, files: tuple[File, ...]) -> File | None:
        """Return the file of a release that an installer would take: the most specific wheel, else a pure sdist."""
        rules = self.rules
        allowed = [file for file in files if rules.allows_hash(name, file) and rules.allows_kind(name, file)]
        return self.fitting_tags(allowed, compiled=is_compiled(files))

    def fitting_tags(self, files: list[File], *, compiled: bool) -> File | None:
        """Return the best of these files by tags and Requires-Python alone; `compiled`: a sdist needs a compiler."""
        best: tuple[int, File] | None = None
        sdist = None
        for file in files:
            if not file.supports_python(self.target):
                continue
            if not file.is_wheel:
                sdist = sdist or file
            elif (rank := file.rank(self.target, self.architecture)) is not None and (best is None or rank < best[0]):
                best = rank, file
        if best is not None:
            return best[1]
        return None if compiled else sdist

    def contents(self, name: str, file: File) -> Contents:
        """Return what a file holds."""
        return self._reader.read(file, name)

    def contents_in_turn(self, name: str, file: File) -> Contents:
        """Return what a file holds, for a resolver that tries one release after the other."""
        with self._lock:
            if not file.is_wheel and self._compiled_sdists.get(name, 0) >= _COMPILED_SDISTS:
                return Contents(compiler="newer releases need a compiler")
        contents = self._reader.read(file, name)
        if contents.compiler:
            with self._lock:
                self._compiled_sdists[name] = self._compiled_sdists.get(name, 0) + 1
        return contents


def is_compiled(files: tuple[File, ...]) -> bool:
    """Tell by the wheels of a release whether its sdist needs a compiler: a wheel per platform says so."""
    return any(file.is_wheel and not file.is_any for file in files)


def stand_in(files: tuple[File, ...]) -> File | None:
    """Return the file of a release that tells its dependencies most cheaply: a wheel for Linux, any wheel, the sdist."""
    return min(files, key=lambda file: (not file.is_wheel, not any("linux" in tag for tag in file.tags)), default=None)
