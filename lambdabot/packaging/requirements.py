"""Requirement files, read so that the installer never sees a line that could make it run somebody's code.

`--only-binary :all:` alone does not do that: uv still builds editable requirements, and a `--no-binary` line in the
file takes it back for the package that it names.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from lambdabot.errors import PackagingError
from lambdabot.packaging.credentials import masked

SUFFIXES = frozenset({".txt", ".in", ".pip"})
"""Names of files that are read: an include must not bring a token or `/proc/self/environ` into a message."""

FLAGS = frozenset({"--no-index", "--pre", "--require-hashes"})
PASSED_ON = {
    "-i": "--index-url",
    "-f": "--find-links",
    **{name: name for name in ("--index-url", "--extra-index-url", "--find-links")},
    **{name: name for name in FLAGS},
}
"""Options that uv gets to see, by their long names."""

WITHOUT_EFFECT = frozenset({"--only-binary", "--prefer-binary", "--trusted-host", "--use-feature"})
FILE_OPTIONS = {
    "-r": "requirements",
    "--requirement": "requirements",
    "-c": "constraints",
    "--constraint": "constraints",
}

_COMMENT = re.compile(r"(^|\s)#.*$")
_OPTION = re.compile(r"(--[\w-]+|-\w)\s*=?\s*(.*)")
_HASHES = re.compile(r"(?:\s+--hash[=\s]\s*\w+:[0-9a-fA-F]+)+\s*$")
_VARIABLE = re.compile(r"\$\{\w+\}")
_VERSION_CONTROL = re.compile(r"(?:git|hg|svn|bzr)(?:\+|@|://)")
_WEB = re.compile(r"https?://")
_ARCHIVES = (".whl", ".zip", ".tar", ".tgz", ".tar.gz", ".tar.bz2", ".tar.xz", ".tar.zst")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a line stands."""

    path: str  # relative to the source folder
    line: int

    def __str__(self) -> str:
        """Return `file:line`."""
        return f"{self.path}:{self.line}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One requirement as written, without comments and continuations."""

    place: Place
    name: str  # canonical; empty for an option
    text: str


@dataclass(slots=True, kw_only=True)
class Requirements:
    """All lines of a requirement file and of the files that it includes."""

    requirements: list[Line] = field(default_factory=list)
    constraints: list[Line] = field(default_factory=list)
    options: list[Line] = field(default_factory=list)
    no_binary: set[str] = field(default_factory=set)  # canonical names, all of them allowed

    def find(self, name: str) -> Line | None:
        """Return the line that asks for a package, or else the one that constrains it."""
        wanted = canonicalize_name(name)
        return next((line for line in [*self.requirements, *self.constraints] if line.name == wanted), None)


def read(path: Path, *, source: Path, allow_build: frozenset[str]) -> Requirements:
    """Read a requirement file with everything that it includes.

    Raises PackagingError, with file and line, for what would need a build that `allow_build` does not name: editable
    and local requirements (always), version control, source archives, `--no-binary`.
    """
    reader = _Reader(source=source, allowed=frozenset(canonicalize_name(name) for name in allow_build))
    reader.read(path, "requirements", included_at=None)
    return reader.found


@dataclass(slots=True, kw_only=True)
class _Reader:
    source: Path
    allowed: frozenset[str]
    found: Requirements = field(default_factory=Requirements)
    seen: set[tuple[Path, str]] = field(default_factory=set)

    def read(self, path: Path, kind: str, *, included_at: Place | None) -> None:
        where = f"{included_at}: " if included_at else ""
        path = path.resolve()
        if (path, kind) in self.seen:
            return
        self.seen.add((path, kind))
        if path.suffix.lower() not in SUFFIXES:
            what = f"{where}{_shown(path, self.source)} is no requirements file, by its name (.txt, .in or .pip)"
            advice = "Export other formats in the workflow, for instance `uv export --no-dev -o requirements.txt`."
            raise PackagingError(what, advice=advice)
        if not path.is_file():
            what = f"{where}there is no file {_shown(path, self.source)}"
            raise PackagingError(what, advice="Add the file, or correct its path.")
        try:
            text = path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            what = f"{where}{_shown(path, self.source)} cannot be read: {reason}"
            raise PackagingError(what, advice="Make it readable, and save it as UTF-8.") from error
        for number, content in _logical_lines(text):
            self._take(content, Place(path=_shown(path, self.source), line=number), path.parent, kind)

    def _take(self, text: str, place: Place, folder: Path, kind: str) -> None:
        if _VARIABLE.search(text):
            _refuse(
                place,
                "environment variables are not expanded in requirement files, lest a pull request reads secrets",
                "Give the index and its credentials to the workflow step as UV_INDEX or UV_DEFAULT_INDEX.",
            )
        if text.startswith("-"):
            self._option(text, place, folder, kind)
            return
        written, hashes = _without_hashes(text)
        line = Line(place=place, name=self._name(written, place), text=written + hashes)
        (self.found.requirements if kind == "requirements" else self.found.constraints).append(line)

    def _option(self, text: str, place: Place, folder: Path, kind: str) -> None:
        match = _OPTION.fullmatch(text)
        option, value = (match[1], match[2].strip("\"'")) if match else (text, "")
        if option in FILE_OPTIONS:
            if "://" in value or not value:
                _refuse(place, f"`{option}` takes the path of a file in the repository", "Copy that file into it.")
            inner = "constraints" if kind == "constraints" else FILE_OPTIONS[option]
            self.read(folder / value, inner, included_at=place)
        elif option in {"-e", "--editable"}:
            _refuse_local(place, f"`{value}` is an editable requirement")
        elif option == "--no-binary":
            self._no_binary(value, place)
        elif option in PASSED_ON:
            option = PASSED_ON[option]
            if (option in FLAGS) == bool(value) or re.search(r"(^|\s)-", value):
                _refuse(place, f"`{option}` is not written as one option a line", "Write each on a line of its own.")
            if option == "--find-links" and "://" not in value:
                value = str((folder / value).resolve())
            self.found.options.append(Line(place=place, name="", text=f"{option} {value}".rstrip()))
        elif option not in WITHOUT_EFFECT:
            _refuse(place, f"`{option}` is not supported in a requirements file", "Remove the option.")

    def _no_binary(self, value: str, place: Place) -> None:
        if value in {":all:", ":none:"}:
            _refuse(place, f"`--no-binary {value}` does not say what to build", "Name the packages instead.")
        names = {canonicalize_name(name.strip()) for name in value.split(",")}
        if not names <= self.allowed:
            _refuse_build(place, f"`--no-binary {value}` asks for a build", ", ".join(sorted(names - self.allowed)))
        self.found.no_binary |= names

    def _name(self, text: str, place: Place) -> str:
        """Return the canonical name of a requirement that may be installed; refuse every other."""
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            return _unnamed(text, place)
        if requirement.name.lower().endswith(_ARCHIVES):
            _refuse_local(place, f"`{requirement.name}` is a local path")
        name = canonicalize_name(requirement.name)
        if requirement.url is not None:
            self._check_address(requirement.name, requirement.url, place)
        return name

    def _check_address(self, name: str, address: str, place: Place) -> None:
        if address.startswith("file:") or "://" not in address:
            _refuse_local(place, f"`{name}` is required from a local path")
        wheel = _WEB.match(address) and urlsplit(address).path.endswith(".whl")
        if not wheel and canonicalize_name(name) not in self.allowed:
            origin = "version control" if _VERSION_CONTROL.match(address) else "a source archive"
            _refuse_build(place, f"`{name}` is required from {origin} and needs a build", name)


def _unnamed(text: str, place: Place) -> str:
    """Take the address of a wheel, which names itself, and say what is wrong with everything else."""
    address = text.partition(" ;")[0].strip()
    if _VERSION_CONTROL.match(address):
        _refuse_build(place, "a requirement from version control needs a build", "NAME", f"NAME @ {address}")
    if _WEB.match(address):
        name = urlsplit(address).path.rpartition("/")[2]
        if name.endswith(".whl"):
            return canonicalize_name(name.partition("-")[0])
        _refuse_build(place, f"`{name}` is not a wheel and needs a build", "NAME", f"NAME @ {address}")
    if address.startswith(("file:", ".", "/", "~")) or "/" in address or address.endswith(_ARCHIVES):
        _refuse_local(place, f"`{address}` is a local path")
    return _refuse(place, "this is not a requirement (PEP 508)", "Write it as in `requests>=2.32,<3`.")


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield the number of each line and its content, continuations joined and comments dropped, as pip does."""
    pending, first = "", 0
    for number, raw in enumerate(text.splitlines(), start=1):
        first = first or number
        is_comment = raw.lstrip().startswith("#")
        if raw.endswith("\\") and not is_comment:
            pending += raw[:-1] + " "
            continue
        content = _COMMENT.sub("", pending + ("" if is_comment else raw)).strip()
        if content:
            yield first, content
        pending, first = "", 0
    if content := _COMMENT.sub("", pending).strip():
        yield first, content


def _without_hashes(text: str) -> tuple[str, str]:
    match = _HASHES.search(text)
    return (text[: match.start()].rstrip(), " " + " ".join(match[0].split())) if match else (text, "")


def _shown(path: Path, source: Path) -> str:
    """Return a path as it is said in messages: as seen from the source folder."""
    return Path(os.path.relpath(path.resolve(), source.resolve())).as_posix()


def _refuse(place: Place, reason: str, advice: str) -> NoReturn:
    what = f"{place}: {masked(reason)}"
    raise PackagingError(what, advice=masked(advice))


def _refuse_local(place: Place, what: str) -> NoReturn:
    advice = (
        "Build its wheel in an earlier step of the workflow (`uv build --wheel -o wheels`) and name the folder with "
        "`--find-links wheels`; `allow_build` is for packages of an index."
    )
    _refuse(place, f"{what}; installing it would run its code here", advice)


def _refuse_build(place: Place, what: str, name: str, rewritten: str = "") -> NoReturn:
    advice = f"Ask for a release that has wheels, or list it in lambdabot.yml: `allow_build: [{name}]`"
    advice += f", and write the line as `{rewritten}`." if rewritten else "."
    _refuse(place, f"{what}, which would run its code here", advice)
