"""What a requirements file asks for, and why some of it cannot be looked up."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from lambdabot.arm64.indexes.environment import Indexes
from lambdabot.arm64.indexes.release import filename_of
from lambdabot.arm64.manifest import Manifest, Request, Unchecked
from lambdabot.arm64.rules import file_at
from lambdabot.requirements_file import Entry, Option, has_variable, read
from lambdabot.workspace import Workspace

_ADDRESS = re.compile(r"(https?|file):", re.IGNORECASE)
_VCS = re.compile(r"(git|hg|svn|bzr)\+", re.IGNORECASE)
_EGG = re.compile(r"[#&]egg=([A-Za-z0-9._-]+)")
_LONGEST = 4096  # characters; a parser of requirements need not be quick
_NOT_FOLLOWED = {
    "--find-links": "the files of --find-links are not looked at",
    "--requirement": "a requirements file elsewhere is not fetched",
    "--constraint": "a constraints file elsewhere is not fetched",
}
_LOCAL = "is a local path, which no index can tell of"


def read_requirements(path: Path, workspace: Workspace) -> Manifest:
    """Read a requirements file and the files that it names; raise UsageError when one cannot be read at all."""
    written = read(path, workspace, root=path.parent)
    options = _options(written.options)
    wanted = [(entry, parse_requirement(entry.text, str(entry.place))) for entry in written.entries]
    requests = [(entry, _request(entry, found)) for entry, found in wanted if isinstance(found, Requirement)]
    lost = [found for entry, found in wanted if isinstance(found, Unchecked) and not entry.constraint]
    return Manifest(
        path=str(path),
        requests=tuple(request for entry, request in requests if not entry.constraint),
        constraints=tuple(request for entry, request in requests if entry.constraint),
        unchecked=(*lost, *options.unchecked),
        indexes=options.indexes,
        require_hashes=options.require_hashes or any(one.hashes for entry, one in requests if not entry.constraint),
        prereleases=options.prereleases,
        only_binary=frozenset(options.only_binary),
        no_binary=frozenset(options.no_binary),
    )


def _request(entry: Entry, requirement: Requirement) -> Request:
    pairs = (digest.lower().split(":") for digest in entry.hashes)
    hashes = frozenset(digest for algorithm, digest in pairs if algorithm == "sha256")
    # Hashes of another algorithm alone cannot be compared with the index's: an impossible one keeps the line strict.
    strict = hashes or frozenset({""} if entry.hashes else ())
    return Request(requirement=requirement, source=str(entry.place), hashes=strict)


@dataclass(slots=True)
class _Options:
    indexes: Indexes = field(default_factory=Indexes)
    unchecked: list[Unchecked] = field(default_factory=list)
    require_hashes: bool = False
    prereleases: bool = False
    only_binary: set[str] = field(default_factory=set)
    no_binary: set[str] = field(default_factory=set)


def _options(options: Iterable[Option]) -> _Options:
    """Apply the options in their order; those that say how files are fetched or built, not which, have no effect."""
    found = _Options()
    for option in options:
        match option.name:
            case "--index-url" | "--extra-index-url" | "--no-index":
                found.indexes = _indexes(found.indexes, option)
            case "--only-binary":
                _set_format(found.only_binary, found.no_binary, option.value)
            case "--no-binary":
                _set_format(found.no_binary, found.only_binary, option.value)
            case "--pre":
                found.prereleases = True
            case "--require-hashes":
                found.require_hashes = True
            case "--editable":
                found.unchecked.append(_unchecked(option.value, str(option.place)))
            case name if name in _NOT_FOLLOWED:
                place = str(option.place)
                found.unchecked.append(Unchecked(name=place, source=place, reason=_NOT_FOLLOWED[name]))
    return found


def _indexes(indexes: Indexes, option: Option) -> Indexes:
    if option.name == "--no-index":
        return replace(indexes, none=True)
    if option.name == "--index-url":
        return replace(indexes, default=option.value)
    return replace(indexes, extra=(*indexes.extra, option.value))


def _set_format(add: set[str], other: set[str], value: str) -> None:
    """Apply `--only-binary` or `--no-binary` as pip does: a later option takes names from the other's set."""
    for name in value.split(","):
        if name == ":none:":
            add.clear()
        elif name == ":all:":
            other.clear()
            add.clear()
            add.add(name)
        elif name:
            add.add(canonicalize_name(name))
            other.discard(canonicalize_name(name))


def parse_requirement(text: str, source: str) -> Requirement | Unchecked:
    """Return a requirement that an index can answer, or why it can not; what is none is named by its place."""
    if len(text) > _LONGEST or has_variable(text):
        reason = f"is longer than {_LONGEST} characters, or has a variable of the environment, which is not expanded"
        return Unchecked(name=source, source=source, reason=reason)
    if _VCS.match(text) or text.startswith((".", "/", "file:")) or _is_path(text):
        return _unchecked(text, source)
    if _ADDRESS.match(text):
        name = filename_of(text).partition("-")[0]
        text = f"{name} @ {text}"
    try:
        requirement = Requirement(text)
    except (InvalidRequirement, RecursionError):  # of parentheses in a marker
        return Unchecked(name=source, source=source, reason="is not a requirement (PEP 508)")
    if requirement.url and not requirement.url.startswith("https://"):
        return _unchecked(requirement.url, source, name=requirement.name)
    if requirement.url and file_at(requirement.url, requirement.name) is None:
        reason = "its address does not end in the name of a wheel or sdist, so nothing can be told from it"
        return Unchecked(name=requirement.name, source=source, reason=reason)
    return requirement


def _is_path(text: str) -> bool:
    word = text.split(" ", maxsplit=1)[0].split(";", maxsplit=1)[0]
    return "@" not in text and "://" not in text and ("/" in word or word.endswith((".whl", ".tar.gz", ".zip")))


def _unchecked(text: str, source: str, name: str = "") -> Unchecked:
    """Say why an address or a path is not looked up; without a name of its own it is named by its place."""
    if _VCS.match(text.partition("@ ")[2] or text):
        egg = _EGG.search(text)
        reason = "comes from a repository, which is not built"
        return Unchecked(name=name or (egg[1] if egg else source), source=source, reason=reason)
    reason = "comes over plain http, which is not followed" if "http:" in text else _LOCAL
    return Unchecked(name=name or source, source=source, reason=reason)
