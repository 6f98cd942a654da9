"""Paths fitted to globs in time that grows with both, whoever wrote the glob: each name meets each step of it once.

What backtracks, as regular expressions of whole globs do, takes minutes for `**/a/**/a/**/a/b`.
"""

import re
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

ANY_DEPTH = "**"
"""The step that stands for any number of folders."""

MOST_STEPS, LONGEST_STEP = 100, 255
"""Bounds of a glob: no file really lies deeper, and none has a longer name."""

MOST_ALTERNATIVES, LONGEST = 64, 4096
"""Bounds of a glob with braces: the globs that it stands for, and its characters."""

Steps = tuple[str, ...]

_UNREAD = re.compile(r"^!|\[!|[!?*+@]\(|\([^)]*\||\\|\{[^{},]*\.\.[^{},]*\}")
_BRACES = re.compile(r"\{([^{}]*)\}")
_SINGLE, _SINGLE_END = "\0", "\1"
"""Stand for the braces around no choice, which are signs like others."""


def is_glob(name: str) -> bool:
    """Tell whether a name has signs that stand for others."""
    return any(sign in name for sign in "*?[{(!\\")


def fault(glob: str) -> str:
    """Return why a glob is not read; empty for one that is."""
    if "\0" in glob or "\1" in glob or _UNREAD.search(glob):
        return "has signs that are not read, as extended globs and ranges have them"
    if ".." in glob.split("/"):
        return "leads out of the folder"
    try:
        expanded = alternatives(glob)
    except ValueError as error:
        return str(error)
    if any(len(one) > MOST_STEPS or any(len(step) > LONGEST_STEP for step in one) for one in expanded):
        return "is longer than a path can be"
    return ""


def alternatives(glob: str) -> list[Steps]:
    """Return the steps of each glob that one with braces stands for. Raises ValueError for too many."""
    made: list[Steps] = []
    waiting = [glob.removeprefix("./")]
    while waiting:
        if len(made) + len(waiting) > MOST_ALTERNATIVES or len(glob) > LONGEST:
            message = f"stands for more than {MOST_ALTERNATIVES} others, or is too long"
            raise ValueError(message)
        text = waiting.pop()
        found = _BRACES.search(text)
        if found is None:
            made.append(_steps(text.replace(_SINGLE, "{").replace(_SINGLE_END, "}")))
            continue
        before, after = text[: found.start()], text[found.end() :]
        if "," in found[1]:
            waiting += [f"{before}{one}{after}" for one in found[1].split(",")]
        else:
            waiting.append(f"{before}{_SINGLE}{found[1]}{_SINGLE_END}{after}")
    return made


def _steps(text: str) -> Steps:
    steps = single_depths(text.replace("[^", "[!").split("/"))
    # As micromatch has it, `a/**` fits `a`, and `a*/**` does not fit `ab`.
    below = steps[-1] == ANY_DEPTH and steps[-2:-1] and steps[-2].endswith("*")
    return (*steps, "*") if below else steps


def single_depths(steps: Sequence[str]) -> Steps:
    """Return the steps without those `**` that stand behind another."""
    return tuple(step for step, before in zip(steps, ("", *steps), strict=False) if (step, before) != (ANY_DEPTH,) * 2)


def taken(names: Sequence[str], steps: Steps) -> set[int]:
    """Return how many steps of a glob some names can have taken: all of them when it fits.

    No name is tried twice against a step, and no two steps after one another are `**`.
    """
    states = _skipped({0}, steps)
    for name in names:
        if not states:
            break
        states = _skipped(set(_after(name, states, steps)), steps)
    return states


def covers(states: set[int], steps: Steps) -> bool:
    """Tell whether a glob that some steps were taken of fits whatever lies below."""
    last = len(steps) - (2 if steps[-2:] == (ANY_DEPTH, "*") else 1)
    return steps[last] == ANY_DEPTH and last in states


def _after(name: str, states: set[int], steps: Steps) -> Iterator[int]:
    for state in states:
        if state < len(steps):
            if steps[state] == ANY_DEPTH:
                yield state
            elif fnmatchcase(name, steps[state]):
                yield state + 1


def _skipped(states: set[int], steps: Steps) -> set[int]:
    """Add what is reached where `**` stands for no folder at all."""
    return states | {state + 1 for state in states if state < len(steps) and steps[state] == ANY_DEPTH}
