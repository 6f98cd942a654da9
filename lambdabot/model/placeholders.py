"""Placeholders in an event, so that no two calls are the same.

They stand in strings of the event's JSON. A string that is nothing but `{{counter}}` or `{{random A B}}` becomes a
number; everything else stays text. A backslash before the braces leaves them as they are. Text in double braces that is
close to none of them is somebody else's, such as Handlebars', and left alone.
"""

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from random import Random
from typing import Self
from uuid import UUID

NAMES = ("uuid", "now", "counter", "random", "copy")
LARGEST_RANDOM = 10**15  # below 2**53, which every reader of JSON takes as it is written

_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)  # JSON's; each byte is looked at once
_BRACES = re.compile(rb'(\\\\)?\{\{([^{}"\\\x00-\x1f]{1,100})\}\}')
_RANDOM = re.compile(r"random +(-?[0-9]{1,16}) +(-?[0-9]{1,16})")
_KEY = re.compile(rb"[ \t\r\n]*:")
_ALIKE = 0.75  # `{{uuidd}}`, `{{UUID}}` and `{{guid}}` are, `{{user}}`, `{{id}}` and `{{row}}` are not
_MOST_TOLD = 20  # near misses of one event
_LONGEST = {"uuid": 36, "now": 24, "counter": 20, "copy": 64}  # characters


@dataclass(frozen=True, slots=True)
class NearMiss:
    """Text in double braces that is no placeholder and can be taken for one."""

    text: str
    line: int  # of the event's text, from 1

    def __str__(self) -> str:
        """Say what there is instead, and how to keep the text."""
        return (
            f"`{{{{{self.text}}}}}` is no placeholder: there are `{{{{uuid}}}}`, `{{{{now}}}}`, `{{{{counter}}}}`, "
            "`{{random FIRST LAST}}` with two whole numbers, and `{{copy}}`. A backslash before the braces, in JSON "
            f"`\\\\{{{{{self.text}}}}}`, leaves them as they are"
        )


@dataclass(frozen=True, slots=True)
class _Placeholder:
    name: str
    first: int = 0
    last: int = 0

    @property
    def longest(self) -> int:
        """Return how many bytes it can take at most."""
        return _LONGEST.get(self.name) or max(len(str(self.first)), len(str(self.last)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What makes one call's event unlike another's.

    Calls with the same `key` and `number` have the same random parts, whatever copy they go to.
    """

    key: str
    number: int  # from 0
    began: datetime  # of the function's measurement; with a time zone
    copy: str  # the name of the throw-away copy that is called

    @property
    def chance(self) -> Random:
        """Return the generator of what is drawn for this call, at its beginning."""
        return Random(f"{self.key}/{self.number}")  # noqa: S311  # to be drawn again, no secret


@dataclass(frozen=True, slots=True)
class EventTemplate:
    """An event's JSON text, cut where placeholders stand."""

    parts: tuple[bytes | _Placeholder, ...]
    near_misses: tuple[NearMiss, ...]

    @classmethod
    def read(cls, body: bytes) -> Self:
        """Cut valid JSON once, in time that grows with its length."""
        if b"{{" not in body:
            return cls((body,), ())
        parts: list[bytes | _Placeholder] = []
        missed: list[NearMiss] = []
        done = 0
        for start, end, part in _found(body):
            if isinstance(part, NearMiss):
                missed += [part] if len(missed) < _MOST_TOLD else []
            else:
                parts += [body[done:start], part]
                done = end
        return cls((*parts, body[done:]), tuple(missed))

    @property
    def is_plain(self) -> bool:
        """Tell whether every call gets the same event."""
        return all(isinstance(part, bytes) for part in self.parts)

    @property
    def longest(self) -> int:
        """Return how many bytes an event can have at most."""
        return sum(len(part) if isinstance(part, bytes) else part.longest for part in self.parts)

    def rendered(self, call: Call) -> bytes:
        """Return the event of one call.

        Each `{{uuid}}` and `{{random}}` of an event is another one; `{{counter}}`, `{{now}}` and `{{copy}}` are the
        call's.
        """
        if len(self.parts) == 1 and isinstance(self.parts[0], bytes):
            return self.parts[0]
        chance = call.chance
        return b"".join(part if isinstance(part, bytes) else _value(part, call, chance) for part in self.parts)


def _found(body: bytes) -> Iterator[tuple[int, int, bytes | _Placeholder | NearMiss]]:
    """Yield where something else takes the place of text, or should, in order."""
    line, counted = 1, 0
    for string in _STRING.finditer(body):
        if b"{{" not in string[0]:
            continue
        for braces in _BRACES.finditer(body, string.start(), string.end()):
            start, end = braces.span()
            text = braces[2].decode(errors="replace").strip()
            placeholder = _read(text)
            if placeholder is None and not _is_near(text):
                continue
            if braces[1]:
                yield start, end, body[start + len(braces[1]) : end]
            elif placeholder is None:
                line, counted = line + body.count(b"\n", counted, start), start
                yield start, end, NearMiss(text, line)
            elif (start - 1, end + 1) == string.span() and placeholder.name in {"counter", "random"}:
                if _KEY.match(body, end + 1):
                    yield start, end, placeholder
                else:
                    yield start - 1, end + 1, placeholder  # with its quotes
            else:
                yield start, end, placeholder


def _read(text: str) -> _Placeholder | None:
    if text in NAMES and text != "random":
        return _Placeholder(text)
    numbers = _RANDOM.fullmatch(text)
    if numbers is None:
        return None
    first, last = int(numbers[1]), int(numbers[2])
    in_order = -LARGEST_RANDOM <= first <= last <= LARGEST_RANDOM
    return _Placeholder("random", first=first, last=last) if in_order else None


@lru_cache(1024)  # templates of others repeat their names
def _is_near(text: str) -> bool:
    words = text.lstrip("$").split(maxsplit=1)
    return bool(words and difflib.get_close_matches(words[0].lower(), NAMES, n=1, cutoff=_ALIKE))


def _value(part: _Placeholder, call: Call, chance: Random) -> bytes:
    match part.name:
        case "uuid":
            text = str(UUID(int=chance.getrandbits(128), version=4))
        case "now":
            moment = call.began + timedelta(milliseconds=call.number)
            text = f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
        case "counter":
            text = str(call.number + 1)
        case "copy":
            text = call.copy
        case _:
            text = str(chance.randint(part.first, part.last))
    return text.encode()
