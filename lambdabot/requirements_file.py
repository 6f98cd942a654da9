"""Requirement files as pip reads them: the one reader, for the installer and for the ARM64 check.

It opens the workspace's files alone, expands nothing of the environment, and tells a mistake by its place: an include
may name any file, and what stands in that one is nobody's to read.
"""

import os
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from lambdabot.errors import Mistake, UsageError
from lambdabot.model import Place
from lambdabot.workspace import LARGEST_TEXT, FileRefusedError, Workspace

SUFFIXES = frozenset({".txt", ".in", ".pip"})
"""Names of files that are included: what has another is a program's, and may hold its password."""

FLAGS = frozenset({"--no-index", "--pre", "--prefer-binary", "--require-hashes"})
"""Options without a value."""

_DEEPEST = 20  # files that name one another
_MOST_FILES = 500
_MOST_MISTAKES = 20
_LONGEST = 4096  # characters of a requirement without its hashes, or of a line of options
_INCLUDES = frozenset({"--requirement", "--constraint"})
_LONG = {
    "-i": "--index-url",
    "-f": "--find-links",
    "-r": "--requirement",
    "-c": "--constraint",
    "-e": "--editable",
}
_WITH_VALUE = frozenset(
    {
        *_LONG.values(),
        *("--extra-index-url", "--only-binary", "--no-binary", "--trusted-host", "--use-feature"),
        *("--config-settings", "--config-setting", "--global-option"),
    }
)

# None of these looks further than a few characters ahead: a user's text is read in linear time.
_COMMENT = re.compile(r"(^|\s)#")
_OPTION = re.compile(r"\s--?[a-z]")
_HASH = re.compile(r"\s--hash[=\s]")
_DIGEST = re.compile(r"\w+:[0-9a-fA-F]+")

_VARIABLE = (
    "environment variables are not expanded in requirement files, lest a pull request reads secrets: give the index "
    "and its credentials to the job, as UV_INDEX or UV_DEFAULT_INDEX"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One requirement as written, without comments, continuations and options."""

    place: Place
    text: str
    hashes: tuple[str, ...] = ()  # `sha256:0123…`
    constraint: bool = False
    odd: bool = False  # it has options beside well-formed hashes


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One option, by its long name; `folder` is what a path in its value is relative to.

    `--requirement` and `--constraint` are followed, and are left over for an address alone.
    """

    place: Place
    name: str
    value: str
    folder: Path


@dataclass(frozen=True, slots=True)
class RequirementsFile:
    """All that a requirement file and the files that it includes say, in their order."""

    entries: list[Entry] = field(default_factory=list)
    options: list[Option] = field(default_factory=list)


def read(path: Path, workspace: Workspace, *, root: Path) -> RequirementsFile:
    """Read a requirement file with everything that it includes; places are told as seen from `root`.

    Raises UsageError with the place of every mistake: files that are refused, `${VARIABLE}`, options that nobody knows.
    """
    reader = _Reader(workspace=workspace, root=root)
    reader.read(path, constraint=False, included=())
    if reader.mistakes:
        raise UsageError(reader.mistakes)
    return reader.found


def read_text(path: Path, workspace: Workspace, *, largest: int = LARGEST_TEXT) -> str:
    """Return a file's text, which is UTF-8, or UTF-16 as PowerShell's `>` writes it. Raises FileRefusedError."""
    raw = workspace.read(path, largest=largest)
    encoding, name = ("utf-16", "UTF-16") if raw[:2] in {b"\xff\xfe", b"\xfe\xff"} else ("utf-8-sig", "UTF-8")
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        message = f"is not {name} text, as its line {line} shows"
        raise FileRefusedError(message) from error


def has_variable(text: str) -> bool:
    """Tell whether a reader that expands `${NAME}`, as pip and uv do, would put something of the environment in."""
    return "${" in text


def logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield number and content of the lines, continued ones joined, comments and empty ones gone."""
    parts: list[str] = []
    start = 0
    for number, line in enumerate([*text.splitlines(), ""], start=1):  # the last one ends what is continued to the end
        start = start if parts else number
        is_comment = line.lstrip().startswith("#")
        if line.endswith("\\") and not is_comment:
            parts.append(line[:-1])
            continue
        joined = "".join(parts if is_comment else [*parts, line])
        parts = []
        comment = _COMMENT.search(joined)
        if content := joined[: comment.start() if comment else None].strip():
            yield start, content


@dataclass(slots=True, kw_only=True)
class _Reader:
    workspace: Workspace
    root: Path
    found: RequirementsFile = field(default_factory=RequirementsFile)
    mistakes: list[Mistake] = field(default_factory=list)
    seen: set[tuple[str, bool]] = field(default_factory=set)
    left: int = LARGEST_TEXT  # bytes, of all files together

    def read(self, path: Path, *, constraint: bool, included: tuple[Place, ...]) -> None:
        """Read a file that the last of `included` names, if any, once as requirements and once as constraints."""
        key = (os.path.normpath(path), constraint)
        if key in self.seen:
            return
        self.seen.add(key)
        shown = Path(os.path.relpath(path, self.root))
        at, what = (included[-1], "the file that it names ") if included else (Place(path=shown, line=0), "")
        if len(included) > _DEEPEST or len(self.seen) > _MOST_FILES:
            self._mistake(at, f"more than {_DEEPEST} files name one another, or more than {_MOST_FILES} are named")
            return
        if included and path.suffix.lower() not in SUFFIXES:
            self._mistake(at, f"{what}is no requirements file, by its name (.txt, .in or .pip)")
            return
        try:
            text = read_text(path, self.workspace, largest=self.left)
        except FileRefusedError as error:
            self._mistake(at, f"{what}{error}")
            return
        self.left -= len(text)
        for number, content in logical_lines(text):
            place = Place(path=shown, line=number)
            if has_variable(content):
                self._mistake(place, _VARIABLE)
            elif content.startswith("-"):
                self._options(content, place, path.parent, constraint=constraint, included=included)
            else:
                self._entry(content, place, constraint=constraint)

    def _entry(self, content: str, place: Place, *, constraint: bool) -> None:
        option = _OPTION.search(content)
        text, tail = (content[: option.start()], content[option.start() :]) if option else (content, "")
        if len(text) > _LONGEST:
            self._mistake(place, f"a requirement has {_LONGEST} characters at most")
            return
        rest, *digests = (part.strip() for part in _HASH.split(tail))
        hashes = tuple(digest for digest in digests if _DIGEST.fullmatch(digest))
        odd = bool(rest) or len(hashes) < len(digests)
        self.found.entries.append(Entry(place=place, text=text.rstrip(), hashes=hashes, constraint=constraint, odd=odd))

    def _options(
        self, content: str, place: Place, folder: Path, *, constraint: bool, included: tuple[Place, ...]
    ) -> None:
        if len(content) > _LONGEST:
            self._mistake(place, f"a line of options has {_LONGEST} characters at most")
            return
        try:
            words = iter(shlex.split(content))
        except ValueError:
            self._mistake(place, "quotes do not match")
            return
        for word in words:
            name, _, value = word.partition("=") if word.startswith("--") else (word[:2], "", word[2:])
            name = _LONG.get(name, name)
            if name in _WITH_VALUE:
                value = value or next(words, "")
            if (name not in _WITH_VALUE and name not in FLAGS) or (name in FLAGS and value):
                self._mistake(place, "pip knows no such option in a requirements file")
                return
            if name in _WITH_VALUE and not value:
                self._mistake(place, f"{name} has no value")
            elif has_variable(value):  # put together out of quotes
                self._mistake(place, _VARIABLE)
            elif name in _INCLUDES and ":" not in value:
                only = constraint or name == "--constraint"
                self.read(folder / value, constraint=only, included=(*included, place))
            else:
                self.found.options.append(Option(place=place, name=name, value=value, folder=folder))

    def _mistake(self, place: Place, message: str) -> None:
        if len(self.mistakes) < _MOST_MISTAKES:
            self.mistakes.append(Mistake(message=message, path=place.path, line=place.line or None))
