"""Where a value is written, and what to write there to change it."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, Self, TypeVar

from lambdabot.errors import Mistake

_PLACE = re.compile(r"(?P<file>.+):(?P<line>[0-9]{1,9})")

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A character of a file; line and column count from 1."""

    path: Path
    line: int
    column: int = 1

    def __str__(self) -> str:
        """Return `file:line`."""
        return f"{self.path}:{self.line}"

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Return the place that `file:line` names, None for any other text."""
        found = _PLACE.fullmatch(text)
        return cls(path=Path(found["file"]), line=int(found["line"])) if found else None

    def mistake(self, message: str) -> Mistake:
        """Return a mistake that stands here."""
        return Mistake(message=message, path=self.path, line=self.line, column=self.column)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """Where an attribute's value is written in a line, or what has to be added to the line to write it.

    Columns count from 0 in `line_text`, which has no line end; the value goes between `prefix` and `suffix`.
    """

    path: Path
    line: int
    line_text: str = field(repr=False)
    start: int
    end: int
    prefix: str = ""
    suffix: str = ""
    note: str = ""  # what else the value serves, or served until now


@dataclass(frozen=True, slots=True, kw_only=True)
class NoSlot:
    """The template cannot be edited for this attribute in one line, and why."""

    reason: str


NOT_EDITABLE = NoSlot(reason="the template cannot be edited")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated(Generic[T_co]):
    """A value and where it is written; `inherited` says what it comes from when not from the function's own block."""

    value: T_co
    place: Place
    inherited: str = ""
    slot: Slot | NoSlot = field(default=NOT_EDITABLE, repr=False)  # where another value would be written


@dataclass(frozen=True, slots=True, kw_only=True)
class Undecided:
    """A value that the files do not decide, and why."""

    reason: str
    place: Place
    elsewhere: bool = False  # they say that something else decides it, so that a plan's value is a placeholder too

    def __str__(self) -> str:
        """Return the place and the reason."""
        return f"{self.place}: {self.reason}"


Attribute = Stated[T_co] | Undecided | None
"""None: the template says nothing, and its format has no default."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """A line to replace: `before` is its text without the line end, `after` may hold one more line."""

    path: Path
    line: int
    before: str
    after: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A review comment that offers an edit with one click: `body` for the line that reads `line_text`."""

    path: str  # relative to the repository
    line: int
    line_text: str = field(repr=False)
    body: str = field(repr=False)
