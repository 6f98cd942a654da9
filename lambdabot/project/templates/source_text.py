"""A template's text: places and slots by character offset."""

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

from lambdabot.model import NoSlot, Place, Slot, Undecided
from lambdabot.workspace import FileRefusedError, Workspace

MAX_BYTES = 16 * 1024 * 1024
"""CloudFormation takes templates of 1 MB; a Terraform plan of a large estate is some MB of JSON."""

_BLANKS = re.compile(r"[^\S\r\n]*")

LONGEST_VALUE = 10_000
"""Characters of a value that is put together: Lambda takes 4 KB of variables, and references of references double."""

LONGEST_LINE = 2_000
"""An edit carries its whole line; in minified files that would be everything."""


class TemplateError(Exception):
    """A file that cannot be read as a template, and where it stops making sense."""

    def __init__(self, reason: str, place: Place) -> None:
        """Keep the reason with its place."""
        super().__init__(f"{place}: {reason}")
        self.undecided = Undecided(reason=reason, place=place)


@dataclass(frozen=True)
class SourceText:
    """A file as text, without the byte order mark that it may begin with."""

    path: Path
    content: str

    @classmethod
    def read(cls, path: Path, workspace: Workspace) -> Self:
        """Read a file of a workspace. Raises TemplateError when it is too large, no UTF-8, or cannot be read."""
        try:
            data = workspace.read(path, largest=MAX_BYTES)
            return cls(path=path, content=data.decode("utf-8-sig"))
        except FileRefusedError as error:
            raise TemplateError(str(error), Place(path=path, line=1)) from error
        except UnicodeDecodeError as error:
            msg = f"is not UTF-8 text (byte {error.start})"
            raise TemplateError(msg, Place(path=path, line=1)) from error

    @cached_property
    def starts(self) -> list[int]:
        """Return the offset at which each line begins."""
        starts, at = [0], self.content.find("\n")
        while at >= 0:
            starts.append(at + 1)
            at = self.content.find("\n", at + 1)
        return starts

    def row(self, offset: int) -> int:
        """Return the line of an offset, counted from 0."""
        return bisect_right(self.starts, offset) - 1

    def place(self, offset: int) -> Place:
        """Return the place of an offset."""
        row = self.row(offset)
        return Place(path=self.path, line=row + 1, column=offset - self.starts[row] + 1)

    def line_text(self, row: int) -> str:
        """Return a line without its end."""
        end = self.starts[row + 1] if row + 1 < len(self.starts) else len(self.content)
        return self.content[self.starts[row] : end].rstrip("\r\n")

    def _length(self, row: int) -> int:
        end = self.starts[row + 1] - 1 if row + 1 < len(self.starts) else len(self.content)
        return end - self.starts[row]

    @cached_property
    def line_end(self) -> str:
        """Return the file's own line end: that of its first line."""
        return "\r\n" if self.content[: self.content.find("\n") + 1].endswith("\r\n") else "\n"

    def slot(self, start: int, end: int, *, prefix: str = "", suffix: str = "", note: str = "") -> Slot | NoSlot:
        """Return the slot between two offsets, which must lie on one line of a bearable length."""
        row = self.row(start)
        first = self.starts[row]
        if self._length(row) > LONGEST_LINE and self.row(end) == row:  # it is not copied for each value in it
            return NoSlot(reason=f"line {row + 1} of {self.path.name} is longer than {LONGEST_LINE} characters")
        line = self.line_text(row)
        if not start <= end <= first + len(line):
            return NoSlot(reason=f"the value at {self.place(start)} goes over several lines")
        return Slot(
            path=self.path,
            line=row + 1,
            line_text=line,
            start=start - first,
            end=end - first,
            prefix=prefix,
            suffix=suffix,
            note=note,
        )

    def indentation(self, row: int) -> str:
        """Return the blanks at the beginning of a line."""
        found = _BLANKS.match(self.content, self.starts[row])
        return found[0] if found else ""
