"""Which files of a function's code folder are its package."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Self

from lambdabot import globs
from lambdabot.globs import Steps
from lambdabot.model.place import Place, Stated, Undecided
from lambdabot.workspace import is_private

MOST_STEPS = 1000
"""Steps of all globs of one selection, braces counted out: each folder of each file may be held against each."""

_USELESS = frozenset({"__pycache__", ".venv", ".DS_Store"})
_BUILT = frozenset({".aws-sam", ".serverless", "cdk.out", ".terraform", ".lambdabot-base", "lambdabot-report"})
SECRETS = ".env"
"""Variables for a developer's machine."""

NOTHING = ("!**",)
"""Patterns that no file of the folder fits."""


def is_never_packaged(relative: PurePosixPath | Path) -> bool:
    """Tell whether a path belongs in no package.

    It is private, an output of lambdabot or of the frameworks, byte code, or a virtual environment.
    """
    return relative.suffix == ".pyc" or any(map(_is_never_packaged, relative.parts))


def _is_never_packaged(name: str) -> bool:
    return name in _USELESS or name in _BUILT or name == SECRETS or ".tfstate" in name or is_private(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which files of a folder are the package: all, but for what these leave out and what belongs in no package."""

    patterns: tuple[str, ...] = ()  # globs seen from the folder; the last that fits decides, and `!` leaves out
    apart: frozenset[str] = frozenset()  # files and folders that are left out whatever the patterns say
    texts: tuple[tuple[str, Stated[str]], ...] = ()  # files that the template itself holds, by name in the package
    notes: tuple[Undecided, ...] = ()  # in what the package may differ from the one that is deployed

    @classmethod
    def of(cls, written: Iterable[tuple[str, Place]]) -> Self:
        """Return a selection by patterns, with a note for each that is not applied."""
        patterns: list[str] = []
        notes: list[Undecided] = []
        count = 0
        for pattern, place in written:
            reason = globs.fault(pattern.removeprefix("!"))
            if not reason:
                count += sum(map(len, _alternatives(pattern.removeprefix("!"))))
                reason = f"is beyond the {MOST_STEPS} parts that are read" if count > MOST_STEPS else ""
            if reason:
                shown = pattern if len(pattern) <= 60 else f"{pattern[:57]}..."  # noqa: PLR2004  # a line of a message
                notes.append(Undecided(reason=f"the pattern `{shown}` is not applied: it {reason}", place=place))
            else:
                patterns.append(pattern)
        return cls(patterns=tuple(patterns), notes=tuple(notes))

    @property
    def is_texts_alone(self) -> bool:
        """Tell whether the package is what the template holds, and no file of the folder."""
        return bool(self.texts) and self.patterns == NOTHING

    def without(self, folder: PurePosixPath | Path) -> Self:
        """Return the selection without one more folder."""
        return replace(self, apart=self.apart | {folder.as_posix()})

    def below(self, folder: PurePosixPath) -> Self:
        """Return the selection as it is seen from a folder below."""
        left = [
            f"{'' if wanted else '!'}{'/'.join(steps[state:])}"
            for wanted, alternatives in self._rules()
            for steps in alternatives
            for state in sorted(globs.taken(folder.parts, steps))
            if state < len(steps)
        ]
        apart = {PurePosixPath(one) for one in self.apart}
        inside = {str(one.relative_to(folder)) for one in apart if one.is_relative_to(folder)}
        return replace(self, patterns=tuple(left), apart=frozenset(inside)) if folder.parts else self

    def takes(self, name: PurePosixPath | Path) -> bool:
        """Tell whether a file is part of the package."""
        return not self._is_out(name) and self.fits(name)

    def fits(self, name: PurePosixPath | Path) -> bool:
        """Tell whether the patterns have a file in the package, whether or not it belongs in one."""
        within = True
        for wanted, alternatives in self._rules():
            if wanted != within and any(len(steps) in globs.taken(name.parts, steps) for steps in alternatives):
                within = wanted
        return within

    def enters(self, folder: PurePosixPath | Path) -> bool:
        """Tell whether a folder may hold files of the package, so that it is worth looking."""
        if self._is_out(folder):
            return False
        within = True
        for wanted, alternatives in self._rules():
            if wanted != within:
                reached = [(globs.taken(folder.parts, steps), steps) for steps in alternatives]
                if wanted:
                    within = any(min(states, default=len(steps)) < len(steps) for states, steps in reached)
                else:
                    within = not any(globs.covers(states, steps) for states, steps in reached)
        return within

    def _is_out(self, name: PurePosixPath | Path) -> bool:
        """Tell whether a path is left out whatever the patterns say."""
        return is_never_packaged(name) or any(
            PurePosixPath(*name.parts[: end + 1]).as_posix() in self.apart
            for end in (range(len(name.parts)) if self.apart else ())
        )

    def _rules(self) -> Iterator[tuple[bool, tuple[Steps, ...]]]:
        """Yield what each pattern does with a file that fits, and its globs."""
        for pattern in self.patterns:
            yield not pattern.startswith("!"), _alternatives(pattern.removeprefix("!"))


ALL = Selection()
"""Everything but what belongs in no package."""


@lru_cache(maxsize=4096)
def _alternatives(pattern: str) -> tuple[Steps, ...]:
    return tuple(globs.alternatives(pattern))
