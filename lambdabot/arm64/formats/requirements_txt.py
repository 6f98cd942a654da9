"""requirements.txt as pip reads it: continued lines, comments, options, other files, hashes, addresses."""

import os
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from lambdabot.arm64.formats.text import read_text
from lambdabot.arm64.manifest import Indexes, Manifest, Request, Unchecked
from lambdabot.arm64.release import filename_of
from lambdabot.arm64.rules import file_at
from lambdabot.errors import Mistake, UsageError

_ADDRESS = re.compile(r"(https?|file):", re.IGNORECASE)
_COMMENT = re.compile(r"(^|\s+)#.*$")
_HASH = re.compile(r"\s--hash[=\s]\s*(\w+):([0-9a-fA-F]+)")
_OPTION = re.compile(r"\s--?[a-z]")
_VARIABLE = re.compile(r"\$\{([A-Z0-9_]+)\}")
_VCS = re.compile(r"(git|hg|svn|bzr)\+", re.IGNORECASE)
# What a pull request must never make us send to an address of its choice.
_FORBIDDEN_VARIABLES = ("AWS_", "GITHUB_", "GH_", "ACTIONS_", "RUNNER_", "INPUT_")
_DEEPEST = 20  # files that name one another
_LONG = {
    "-i": "--index-url",
    "-f": "--find-links",
    "-r": "--requirement",
    "-c": "--constraint",
    "-e": "--editable",
}
# How files are fetched or built, not which.
_WITHOUT_EFFECT = frozenset(
    {"--trusted-host", "--use-feature", "--config-settings", "--global-option", "--config-setting"}
)
_WITHOUT_VALUE = frozenset({"--no-index", "--pre", "--prefer-binary", "--require-hashes"})


@dataclass(slots=True)
class _Reading:
    """What has been read so far, over all the files."""

    root: Path
    requests: list[Request] = field(default_factory=list)
    constraints: list[Request] = field(default_factory=list)
    unchecked: list[Unchecked] = field(default_factory=list)
    indexes: Indexes = field(default_factory=Indexes)
    require_hashes: bool = False
    prereleases: bool = False
    only_binary: set[str] = field(default_factory=set)
    no_binary: set[str] = field(default_factory=set)
    seen: set[tuple[Path, bool]] = field(default_factory=set)


def read_requirements(path: Path) -> Manifest:
    """Read a requirements file and the files that it names; raise UsageError when one cannot be read at all."""
    reading = _Reading(path.parent)
    _read_file(reading, path, constraint=False, depth=0)
    hashed = any(request.hashes for request in reading.requests)
    return Manifest(
        path=str(path),
        requests=tuple(reading.requests),
        constraints=tuple(reading.constraints),
        unchecked=tuple(reading.unchecked),
        indexes=reading.indexes,
        require_hashes=reading.require_hashes or hashed,
        prereleases=reading.prereleases,
        only_binary=frozenset(reading.only_binary),
        no_binary=frozenset(reading.no_binary),
    )


def logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield number and content of the lines, continued ones joined, comments and empty ones gone."""
    parts: list[str] = []
    start = 0
    for number, line in enumerate(text.splitlines(), start=1):
        start = start if parts else number
        is_comment = _COMMENT.match(line) is not None
        if line.endswith("\\") and not is_comment:
            parts.append(line[:-1])
            continue
        joined = "".join(parts) if is_comment and parts else "".join([*parts, line])
        parts = []
        if content := _COMMENT.sub("", joined).strip():
            yield start, content
    if parts and (content := _COMMENT.sub("", "".join(parts)).strip()):
        yield start, content


def _read_file(reading: _Reading, path: Path, *, constraint: bool, depth: int) -> None:
    key = (path.resolve(), constraint)
    if key in reading.seen:
        return
    reading.seen.add(key)
    if depth > _DEEPEST:
        raise UsageError([Mistake(message=f"more than {_DEEPEST} files name one another", path=path)])
    for line, content in logical_lines(read_text(path)):
        if content.startswith("-"):
            _read_options(reading, path, line, content, constraint=constraint, depth=depth)
        else:
            _read_requirement(reading, path, line, content, constraint=constraint)


def _read_options(reading: _Reading, path: Path, line: int, content: str, *, constraint: bool, depth: int) -> None:
    try:
        words = shlex.split(content)
    except ValueError as error:
        raise UsageError([Mistake(message=f"quotes do not match: {error}", path=path, line=line)]) from error
    while words:
        word = words.pop(0)
        option, _, value = word.partition("=") if word.startswith("--") else (word[:2], "", word[2:])
        option = _LONG.get(option, option)
        if option in _WITHOUT_VALUE:
            _set_flag(reading, option)
            continue
        if not value and not words:
            raise UsageError([Mistake(message=f"{option} has no value", path=path, line=line)])
        value = value or words.pop(0)
        if option in {"--requirement", "--constraint"}:
            only = constraint or option == "--constraint"
            _follow(reading, path, line, value, constraint=only, depth=depth)
        else:
            _apply(reading, path, line, option, value)


def _apply(reading: _Reading, path: Path, line: int, option: str, value: str) -> None:
    indexes = reading.indexes
    match option:
        case "--editable":
            reading.unchecked.append(_unchecked(value, _place(reading, path, line)))
        case "--index-url":
            reading.indexes = replace(indexes, default=expanded(value))
        case "--extra-index-url":
            reading.indexes = replace(indexes, extra=(*indexes.extra, expanded(value)))
        case "--only-binary":
            _set_format(reading.only_binary, reading.no_binary, value)
        case "--no-binary":
            _set_format(reading.no_binary, reading.only_binary, value)
        case "--find-links":
            name, place = f"--find-links {_shown(value)}", _place(reading, path, line)
            reading.unchecked.append(Unchecked(name=name, source=place, reason="its files are not looked at"))
        case _ if option not in _WITHOUT_EFFECT:
            raise UsageError([Mistake(message=f"pip knows no option {option} here", path=path, line=line)])


def _set_flag(reading: _Reading, option: str) -> None:
    match option:
        case "--no-index":
            reading.indexes = replace(reading.indexes, none=True)
        case "--pre":
            reading.prereleases = True
        case "--require-hashes":
            reading.require_hashes = True


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


def _follow(reading: _Reading, path: Path, line: int, value: str, *, constraint: bool, depth: int) -> None:
    if _ADDRESS.match(value):
        reason = "a requirements file elsewhere is not fetched"
        reading.unchecked.append(Unchecked(name=_shown(value), source=_place(reading, path, line), reason=reason))
        return
    other = path.parent / value
    try:
        found = other.is_file()
    except OSError:  # such as a name that is too long for one
        found = False
    if not found:
        raise UsageError([Mistake(message=f"there is no file {value}", path=path, line=line)])
    _read_file(reading, other, constraint=constraint, depth=depth + 1)


def _read_requirement(reading: _Reading, path: Path, line: int, content: str, *, constraint: bool) -> None:
    hashes = frozenset(digest.lower() for algorithm, digest in _HASH.findall(content) if algorithm == "sha256")
    hashed = _HASH.search(content) is not None
    option = _OPTION.search(content)
    text = content[: option.start()].strip() if option else content
    source = _place(reading, path, line)
    requirement = parse_requirement(text, source)
    if isinstance(requirement, Unchecked):
        if not constraint:
            reading.unchecked.append(requirement)
        return
    # Hashes of another algorithm alone cannot be compared with the index's: an impossible one keeps the line strict.
    request = Request(requirement=requirement, source=source, hashes=hashes or frozenset({""} if hashed else ()))
    (reading.constraints if constraint else reading.requests).append(request)


def parse_requirement(text: str, source: str) -> Requirement | Unchecked:
    """Return a requirement that an index can answer, or why it can not."""
    if _VCS.match(text) or text.startswith((".", "/", "file:")) or _is_path(text):
        return _unchecked(text, source)
    if _ADDRESS.match(text):
        name = filename_of(text).partition("-")[0]
        text = f"{name} @ {text}"
    try:
        requirement = Requirement(text)
    except InvalidRequirement as error:
        return Unchecked(
            name=_shown(text), source=source, reason=f"{source}: not a requirement: {str(error).splitlines()[0]}"
        )
    if requirement.url and not requirement.url.startswith("https://"):
        return _unchecked(f"{requirement.name} @ {requirement.url}", source, name=requirement.name)
    if requirement.url:
        requirement.url = expanded(requirement.url)
        if file_at(requirement.url, requirement.name) is None:
            reason = "its address does not end in the name of a wheel or sdist, so nothing can be told from it"
            return Unchecked(name=requirement.name, source=source, reason=reason)
    return requirement


def _is_path(text: str) -> bool:
    word = text.split(" ", maxsplit=1)[0].split(";", maxsplit=1)[0]
    return "@" not in text and "://" not in text and ("/" in word or word.endswith((".whl", ".tar.gz", ".zip")))


def _unchecked(text: str, source: str, name: str = "") -> Unchecked:
    if _VCS.match(text.partition("@ ")[2] or text):
        egg = re.search(r"[#&]egg=([A-Za-z0-9._-]+)", text)
        return Unchecked(
            name=name or (egg[1] if egg else _shown(text)),
            source=source,
            reason="comes from a repository, which is not built",
        )
    if "http:" in text:
        return Unchecked(
            name=name or _shown(text), source=source, reason="comes over plain http, which is not followed"
        )
    return Unchecked(name=name or _shown(text), source=source, reason="is a local path, which no index can tell of")


def _shown(text: str) -> str:
    """Return the beginning of the user's text without credentials."""
    return re.sub(r"//[^/@\s]*@", "//", text)[:120]


def expanded(address: str) -> str:
    """Replace `${NAME}` as pip does, but never by the platform's own secrets."""

    def value(match: re.Match[str]) -> str:
        name = match[1]
        return match[0] if name.startswith(_FORBIDDEN_VARIABLES) else os.environ.get(name, match[0])

    return _VARIABLE.sub(value, address)


def _place(reading: _Reading, path: Path, line: int) -> str:
    shown = os.path.relpath(path, reading.root)
    return f"{shown}:{line}"
