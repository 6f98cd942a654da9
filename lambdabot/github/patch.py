"""A file's patch, as GitHub lists it for a pull request: the lines on which a review may comment."""

import re

_HUNK = re.compile(r"@@ -\d+(?:,\d+)? \+(\d+)(?:,\d+)? @@")


def lines_of_head(patch: str) -> dict[int, str]:
    """Return the head's lines inside the hunks, by number: those that were added, and those around them."""
    lines: dict[int, str] = {}
    number = 0
    for line in patch.split("\n"):
        if found := _HUNK.match(line):
            number = int(found[1])
        elif line[:1] in {"+", " "} and number:
            lines[number] = line[1:].removesuffix("\r")
            number += 1
    return lines


def line_in(patch: str, line: int, text: str) -> int | None:
    """Return the number of the line that reads so, the nearest one to `line`; None when no hunk holds it.

    What was checked out is the merge with the target branch, in which lines may lie elsewhere than in the head.
    """
    there = [number for number, found in lines_of_head(patch).items() if found == text]
    return min(there, key=lambda number: abs(number - line), default=None)
