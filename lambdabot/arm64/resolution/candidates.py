"""What a resolver is shown of the indexes: for each release the one file that fits, and nothing else."""

from collections.abc import Mapping, Sequence
from threading import Lock

from lambdabot.arm64.files.contents import Contents
from lambdabot.arm64.files.reader import Reader
from lambdabot.arm64.indexes.index import Absent, Index
from lambdabot.arm64.indexes.release import File, Project, accepts_python, rank
from lambdabot.arm64.rules import FileRules
from lambdabot.arm64.target import Target
from lambdabot.model import Architecture

_COMPILED_SDISTS = 3  # where so many releases needed a compiler, the older ones do, and are not read


class Candidates:
    """The indexes as a machine of this target and architecture may use them."""

    def __init__(
        self,
        index: Index,
        reader: Reader,
        target: Target,
        architecture: Architecture,
        *,
        rules: FileRules,
        other: "Candidates | None" = None,
    ) -> None:
        """Offer what target and rules allow; where a wheel fits `other` as well, it is read there and only once."""
        self.target = target
        self.architecture = architecture
        self.rules = rules
        self._index = index
        self._other = other
        self._reader = reader
        self._lock = Lock()
        self._ranks: dict[str, int | None] = {}  # by tags
        self._compiled_sdists: dict[str, int] = {}
        self._pages: dict[tuple[str, bool], Mapping[str, File]] = {}

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
        with self._lock:
            known = self._pages.get((name, excused))
        return self._choose(name, excused=excused) if known is None else known

    def _choose(self, name: str, *, excused: bool) -> Mapping[str, File] | Absent:
        project = self.project(name)
        if isinstance(project, Absent):
            return project
        chosen = {}
        for version, files in project.releases.items():
            file = self.fitting(name, files) or (stand_in(files) if excused else None)
            if file is not None:
                chosen[version] = file
        with self._lock:
            self._pages[name, excused] = chosen
        return chosen

    def fitting(self, name: str, files: tuple[File, ...]) -> File | None:
        """Return the file of a release that an installer would take: the most specific wheel, else a pure sdist."""
        rules = self.rules
        if not (rules.hashes or rules.only_binary or rules.no_binary):
            return self.fitting_tags(files, compiled=is_compiled(files))
        allowed = [file for file in files if rules.allows_hash(name, file) and rules.allows_kind(name, file)]
        return self.fitting_tags(allowed, compiled=is_compiled(files))

    def fitting_tags(self, files: Sequence[File], *, compiled: bool) -> File | None:
        """Return the best of these files by tags and Requires-Python alone; `compiled`: a sdist needs a compiler."""
        python, ranks = self.target.python_full, self._ranks
        best: tuple[int, File] | None = None
        sdist = None
        for file in files:  # of every release of every project: the loop that counts
            if file.requires_python is not None and not accepts_python(file.requires_python, python):
                continue
            tags = file.tags
            if not tags:
                sdist = sdist or file
                continue
            if tags not in ranks:
                ranks[tags] = rank(tags, self.target, self.architecture)
            found = ranks[tags]
            if found is not None and (best is None or found < best[0]):
                best = found, file
        if best is not None:
            return best[1]
        return None if compiled else sdist

    def contents(self, name: str, file: File) -> Contents:
        """Return what a file holds."""
        return self._reader.read(self._telling(name, file), name)

    def contents_in_turn(self, name: str, file: File) -> Contents:
        """Return what a file holds, for a resolver that tries one release after the other."""
        with self._lock:
            if not file.is_wheel and self._compiled_sdists.get(name, 0) >= _COMPILED_SDISTS:
                return Contents(compiler="newer releases need a compiler")
        contents = self.contents(name, file)
        if contents.compiler:
            with self._lock:
                self._compiled_sdists[name] = self._compiled_sdists.get(name, 0) + 1
        return contents

    def _telling(self, name: str, file: File) -> File:
        """Return the wheel to read in the place of one for this platform.

        The dependencies of a release are the same in all its wheels, as uv assumes too: the other architecture's is
        read, which has been or will be read anyway.
        """
        if self._other is None or not file.is_wheel or file.is_any:
            return file
        files = self._other.release(name, file.version)
        other = None if isinstance(files, Absent) else self._other.fitting(name, files)
        return file if other is None or not other.is_wheel else other


def is_compiled(files: tuple[File, ...]) -> bool:
    """Tell by the wheels of a release whether its sdist needs a compiler: a wheel per platform says so."""
    return any(file.is_wheel and not file.is_any for file in files)


def stand_in(files: tuple[File, ...]) -> File | None:
    """Return a file of a release that tells its dependencies: a wheel for Linux, any wheel, the sdist."""
    return min(
        files,
        key=lambda file: (not file.is_wheel, not any("linux" in platform for platform in file.platforms)),
        default=None,
    )
