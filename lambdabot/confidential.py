"""What must not leave the job: the values of its token and of its credentials, whatever a text has made of them.

Every way out asks here: the log, the runner's files, GitHub and the report's files. It is the last of the guards, for
what the others let through: what a pull request's own code encodes in its own way, no reader of texts can find.
"""

import re
from base64 import b64encode
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self

MARK = "***"
"""What stands in a secret's place, as in GitHub's own logs."""

SHORTEST = 8
"""Characters of a value that counts: a shorter one is no secret of GitHub's or AWS's, and stands in innocent words."""

PIECE = 16
"""Characters by which a value is known whose end or beginning was cut off."""

_TOKENS = ("GITHUB_TOKEN", "GH_TOKEN", "INPUT_GITHUB-TOKEN")
_FAMILIES = ("AWS_", "ACTIONS_")

# Of those families every variable is a secret but what is known to be none, for AWS and GitHub add new ones: places,
# names and switches. An account's id is no secret to AWS, and `lambdabot policy` prints it.
_NO_SECRET = re.compile(
    r"\w+_(?:REGION|PROFILE|ENDPOINTS|FILE|PATH|DIR|BUNDLE|HOOKS|MODE|NAME|BUCKET|ACCOUNT_ID"
    r"|ENV|OUTPUT|PAGER|ATTEMPTS|DISABLED|ENABLED|DEBUG|VERSION|V\d+)"
)
# A role, an address without a password, and words in small letters, as no key of AWS's or GitHub's is one.
_NO_KEY = re.compile(r"arn:.*|https?://[^@/]*(?:/.*)?|[a-z]+(?:-[a-z]+)*")

_HEADER = re.compile(r"eyJ[\w-]*\.")
"""The first part of a JSON Web Token is the same for all of an issuer's tokens (RFC 7515, section 3.1)."""

# Writers of Markdown, HTML, JSON, addresses and workflow commands each have their own way to write a character.
_CODED = re.compile(
    r"&\#(?P<decimal>\d{1,6});|&\#x(?P<hex>[0-9A-Fa-f]{1,5});|&(?P<name>amp|lt|gt|quot|apos);"
    r"|%(?P<percent>[0-9A-Fa-f]{2})|\\u(?P<unicode>[0-9A-Fa-f]{4})|\\(?P<escape>[nrt\"\\/])"
)
_NAMES = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'", "n": "\n", "r": "\r", "t": "\t"}
_NOTHING = "\u200b"  # what `report.escape` sets before a word that GitHub would link
_SKIPPED = re.compile(rf"{_CODED.pattern}|[\s{_NOTHING}]+")

_BASIC = re.compile(rf"{b64encode(b'x-access-token:').decode().lower()}[\w+/-]{{8,400}}={{0,2}}", re.ASCII)
"""base64 of `x-access-token:` and a token: what actions/checkout leaves in git's configuration."""

BASIC = "git's authorization"


@dataclass(frozen=True, slots=True)
class _Piece:
    """A part of a secret that gives it away; the whole has it at `start`."""

    text: str
    whole: str
    start: int
    name: str  # of the variable


class Secrets:
    """The secrets of a job, and the names of those that stood in a text."""

    def __init__(self, values: Mapping[str, str]) -> None:
        """Know these values by the names of their variables."""
        self.found: set[str] = set()
        self._pieces = [one for name, value in values.items() for one in _pieces(name, value)]

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Self:
        """Take the secrets among a job's variables."""
        return cls({name: value for name, value in environ.items() if _is_secret(name, value)})

    def withheld(self, text: str) -> str:
        """Return the text with a mark in place of each secret; in linear time."""
        if len(text) < SHORTEST or not any(self._spans(_plain(text))):
            return text
        return self._marked(text)

    def _spans(self, plain: str) -> Iterator[tuple[int, int, str]]:
        """Yield where a secret stands, and whose it is, as far as the text has it in one piece."""
        for piece in self._pieces:
            at = plain.find(piece.text)
            while at >= 0:
                start, end = at, at + len(piece.text)
                before, after = piece.start, piece.start + len(piece.text)
                while start and before and plain[start - 1] == piece.whole[before - 1]:
                    start, before = start - 1, before - 1
                while end < len(plain) and after < len(piece.whole) and plain[end] == piece.whole[after]:
                    end, after = end + 1, after + 1
                yield start, end, piece.name
                at = plain.find(piece.text, end)
        for found in _BASIC.finditer(plain):
            yield found.start(), found.end(), BASIC

    def _marked(self, text: str) -> str:
        plain, places = _read(text)
        kept, end = [], 0
        for start, stop, name in sorted(self._spans(plain)):
            self.found.add(name)
            begin, after = places.of(start)[0], places.of(stop - 1)[1]
            if begin >= end:
                kept += [text[end:begin], MARK]
            end = max(end, after)
        return "".join([*kept, text[end:]])


class _Places:
    """Where the characters of what was read stand in the text itself."""

    def __init__(self) -> None:
        self._read: list[int] = []
        self._runs: list[tuple[int, int]] = []  # each run's beginning in the text, and what one character takes there

    def add(self, read: int, begin: int, width: int) -> None:
        self._read.append(read)
        self._runs.append((begin, width))

    def of(self, index: int) -> tuple[int, int]:
        """Return where a character begins and ends."""
        run = bisect_right(self._read, index) - 1
        begin, width = self._runs[run]
        start = begin + (index - self._read[run])  # of a coded character there is one in its run
        return start, start + width


def _plain(text: str) -> str:
    """Return the text without what its writers put around and between characters, and with one form of letters."""
    if "&" in text or "%" in text or "\\" in text:
        text = _CODED.sub(_decoded, text)
    return _folded("".join(text.split()).replace(_NOTHING, ""))


def _folded(text: str) -> str:
    """Return the text as an index of packages writes names (PEP 503), with as many characters as before."""
    lower = text.lower()
    if len(lower) != len(text):
        lower = "".join(one.lower() if one.isascii() else one for one in text)
    return lower.replace("_", "-").replace(".", "-")


def _read(text: str) -> tuple[str, _Places]:
    """Return the same as `_plain`, and where it stands in the text."""
    parts: list[str] = []
    places, length, at = _Places(), 0, 0

    def take(part: str, begin: int, width: int) -> None:
        nonlocal length
        if part:
            places.add(length, begin, width)
            parts.append(part)
            length += len(part)

    for found in _SKIPPED.finditer(text):
        take(text[at : found.start()], at, 1)
        take(_plain(_decoded(found)) if found.lastgroup else "", found.start(), len(found[0]))
        at = found.end()
    take(text[at:], at, 1)
    return _folded("".join(parts)), places


def _decoded(found: re.Match[str]) -> str:
    kind = found.lastgroup
    text = found[kind] if kind else ""
    match kind:
        case "name" | "escape":
            return _NAMES.get(text, text)
        case "decimal":
            return chr(int(text))
        case _:
            return chr(int(text, 16))


def _pieces(name: str, value: str) -> Iterator[_Piece]:
    value = _HEADER.sub("", value, count=1) if value.count(".") > 1 else value
    raw = value.encode(errors="replace")
    for whole in dict.fromkeys(map(_plain, [value, raw.hex(), *_in_base64(raw)])):
        if len(whole) >= SHORTEST:
            for start in sorted({0, max(0, len(whole) - PIECE)}):
                yield _Piece(whole[start : start + PIECE], whole, start, name)


def _in_base64(value: bytes) -> Iterator[str]:
    """Yield what a value is in base64, in either alphabet, whatever stands before it (RFC 4648)."""
    for before in range(3):
        text = b64encode(bytes(before) + value).decode()[-(-before * 8 // 6) : (before + len(value)) * 8 // 6]
        yield from (text, text.replace("+", "-").replace("/", "_"))


def _is_secret(name: str, value: str) -> bool:
    if len(value) < SHORTEST:
        return False
    known = _NO_SECRET.fullmatch(name) is not None or _NO_KEY.fullmatch(value) is not None
    return name in _TOKENS or (name.startswith(_FAMILIES) and not known)


_kept: list[Secrets] = []


@contextmanager
def keeping(environ: Mapping[str, str]) -> Iterator[Secrets]:
    """Withhold the secrets of these variables, in all threads, until this is left."""
    secrets = Secrets.of(environ)
    _kept.append(secrets)
    try:
        yield secrets
    finally:
        _kept.remove(secrets)


def withheld(text: str) -> str:
    """Return a text as it may leave the job."""
    return _kept[-1].withheld(text) if _kept else text


def withheld_in(value: Any) -> Any:  # noqa: ANN401  # any JSON value
    """Return a JSON value as it may leave the job."""
    match value:
        case str():
            return withheld(value)
        case Mapping():
            return {withheld(key): withheld_in(item) for key, item in value.items()}
        case list() | tuple():
            return [withheld_in(item) for item in value]
    return value


def told() -> str:
    """Return what to say of the secrets that were withheld until now; nothing where there were none."""
    names = sorted(_kept[-1].found) if _kept else []
    if not names:
        return ""
    return (
        f"A secret of this job stood in a text and was replaced by {MARK}: {', '.join(names)}. Find out how it got "
        "there: what could read it may have sent it elsewhere, so replace it."
    )
