"""The events that a repository holds as JSON files, and the function that each of them is of."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from itertools import repeat
from pathlib import Path
from typing import Any

from lambdabot.events.shapes import Fit, fit, triggers_of
from lambdabot.model import EventSource, Trigger
from lambdabot.workspace import FileRefusedError, Workspace

FOLDERS = (
    "events",
    "event",
    "test-events",
    "payloads",
    "data",
    "__events__",
    "tests/events",
    "tests/payloads",
    "tests/fixtures",
    "tests/data",
    "tests/unit/events",
    "tests/unit/fixtures",
    "tests/integration/events",
    "test/events",
    "test/payloads",
    "test/fixtures",
    "__tests__/events",
    "__tests__/fixtures",
)
"""Where `sam init`, the Serverless Framework's examples and people's own tests keep events."""

FILES = ("event.json", "payload.json")

MOST_FILES = 200
"""Files that are looked at in one folder; who has more names the right ones in `payloads`."""

DEEPEST = 2
"""Folders in such a folder."""

LARGEST = 1024 * 1024
"""Bytes of an event that is looked for; a larger one is named in `payloads`."""

MOST_BYTES = 32 * 1024 * 1024
"""Of all events that are looked at, each counted as LEAST_BYTES at least: a folder called `data` may hold anything."""

LEAST_BYTES = 4096

MOST_BROKEN = 3
"""Files that are told because they cannot be read."""

MOST_EVENTS = 5
"""Events that a function is measured with when nobody chose among them."""

MOST_WORDS = 20
"""Of a name."""

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_NO_NAMES = frozenset("function lambda handler fn event events payload payloads app index main src code py js".split())  # noqa: SIM905  # a list of words


@dataclass(frozen=True)
class Subject:
    """A function as far as events are matched to it."""

    name: str
    names: tuple[str, ...]  # what else it is called: its function name, its folder, its handler
    sources: tuple[EventSource, ...]
    folders: tuple[Path, ...]  # in which events may lie, its own code's first
    code: Path | None  # the folder of its code, where that is none of those that everybody has

    @cached_property
    def words(self) -> tuple[tuple[str, ...], ...]:
        """Return the words of each of its names that has any."""
        return tuple(filter(None, map(words_of, (self.name, *self.names))))


@dataclass(frozen=True)
class EventFile:
    """A file that holds an event, or is meant to."""

    path: Path
    within: tuple[str, ...]  # the names of the folders between the one that is searched and the file
    body: bytes
    broken: str = ""  # why it holds none

    @cached_property
    def event(self) -> Any:  # noqa: ANN401  # any JSON value
        """Return the event; None of a broken file."""
        return None if self.broken else json.loads(self.body)

    @cached_property
    def words(self) -> tuple[str, ...]:
        """Return the words of its name, and of its folders."""
        return tuple(word for part in (*self.within, self.path.stem) for word in words_of(part))

    @cached_property
    def forms(self) -> frozenset[tuple[str, ...] | str]:
        """Return what a function's name may be in its own: any words that stand together, one word, or all as one."""
        words = self.words[:MOST_WORDS]
        runs = (words[start:end] for start in range(len(words)) for end in range(start + 1, len(words) + 1))
        return frozenset((*runs, *words, "".join(words)))

    @cached_property
    def around(self) -> frozenset[Path]:
        """Return the folders that it lies in."""
        return frozenset(self.path.parents)

    @cached_property
    def triggers(self) -> frozenset[Trigger]:
        """Return the triggers that its event may be of."""
        return triggers_of(self.event)


@dataclass(frozen=True, order=True, slots=True)
class Rank:
    """How sure it is that an event is a function's: by its name first, then by where it lies and what it holds."""

    named: int = 0  # words of the function's name in that of the file
    beside: bool = False  # it lies with the function's own code
    fit: Fit = Fit.NOT


@dataclass(frozen=True, slots=True)
class Found:
    """A function's events, and the files that would be and cannot be read, with why."""

    files: tuple[EventFile, ...] = ()
    more: int = 0  # how many others fit as well
    broken: tuple[EventFile, ...] = ()


@dataclass
class EventFiles:
    """The files of a repository's events; each folder is looked through once."""

    workspace: Workspace
    _read: dict[Path, tuple[EventFile, ...]] = field(default_factory=dict)
    _left: int = field(default_factory=lambda: MOST_BYTES)

    def of(self, subjects: Sequence[Subject]) -> Mapping[str, Found]:
        """Return the events of each function by its name.

        A file belongs to the function that it is named for, then to that beside whose code it lies, then to those that
        its shape fits best; one that is named for another function is nobody else's.
        """
        ranks: dict[Path, dict[str, Rank]] = {}
        files: dict[Path, EventFile] = {}
        for subject in subjects:
            for file in self._near(subject):
                files[file.path] = file
                rank = rank_of(file, subject, alone=len(subjects) == 1)
                if rank is not None:
                    ranks.setdefault(file.path, {})[subject.name] = rank
        best = {path: max(each.values()) for path, each in ranks.items()}
        known = {form: len(words) for one in subjects for words in one.words for form in (words, "".join(words))}
        by_name = {path: max(map(known.get, files[path].forms, repeat(0)), default=0) for path in ranks}

        def of_one(subject: Subject) -> Found:
            own = [
                (each[subject.name], files[path])
                for path, each in ranks.items()
                if each.get(subject.name) == best[path] and each[subject.name].named >= by_name[path]
            ]
            whole = [(rank, file) for rank, file in own if not file.broken]
            top = max((rank for rank, _ in whole), default=Rank())
            taken = sorted((file for rank, file in whole if rank == top), key=lambda one: one.path)
            broken = tuple(
                file for rank, file in own if file.broken and (rank.named, rank.beside) >= (top.named, top.beside)
            )
            return Found(tuple(taken[:MOST_EVENTS]), max(0, len(taken) - MOST_EVENTS), broken[:MOST_BROKEN])

        return {subject.name: of_one(subject) for subject in subjects}

    def _near(self, subject: Subject) -> Iterator[EventFile]:
        for folder in dict.fromkeys(subject.folders):
            for name in FOLDERS:
                yield from self._in(folder / name)
            for name in FILES:
                path = folder / name
                if path not in self._read:
                    self._read[path] = tuple(self._one(path, ()))
                yield from self._read[path]

    def _in(self, folder: Path) -> tuple[EventFile, ...]:
        if folder not in self._read:
            self._read[folder] = tuple(self._walked(folder))
        return self._read[folder]

    def _walked(self, folder: Path) -> Iterator[EventFile]:
        left = MOST_FILES
        depth = len(folder.parts)
        for here, names in self.workspace.walk(folder, enters=lambda inner: len(inner.parts) - depth <= DEEPEST):
            for name in names:
                if left and name.endswith(".json"):
                    left -= 1
                    yield from self._one(here / name, here.relative_to(folder).parts)

    def _one(self, path: Path, within: tuple[str, ...]) -> Iterator[EventFile]:
        """Yield a file's event; nothing for a file that is not there, or where enough was looked at."""
        if self._left <= 0 or not self.workspace.is_file(path):
            return
        self._left -= LEAST_BYTES
        try:
            body = self.workspace.read(path, largest=LARGEST)
        except FileRefusedError as error:
            yield EventFile(path, within, b"", str(error))
            return
        self._left -= max(0, len(body) - LEAST_BYTES)
        yield EventFile(path, within, body, _fault(body))


def rank_of(file: EventFile, subject: Subject, *, alone: bool) -> Rank | None:
    """Return how sure it is that a file's event is a function's; None where it is not.

    Where the template names what invokes it, only the events of that are. Else one that is named for it is, one beside
    its code, or, of the only function, any.
    """
    named, beside = words_in(file, subject), subject.code in file.around
    if file.broken:
        return Rank(named, beside) if named or beside else None
    if not subject.sources:
        foreign = not (named or beside or alone)
        return None if foreign else Rank(named, beside, Fit.SHAPE if file.triggers else Fit.UNSURE)
    found = max(fit(file.event, source, file.triggers) for source in subject.sources)
    if found is Fit.NOT or (found is Fit.UNSURE and not (named or beside or alone)):
        return None
    return Rank(named, beside, found)


def words_in(file: EventFile, subject: Subject) -> int:
    """Return how many words of one of a function's names stand together in the name of a file."""
    forms = file.forms
    return max((len(words) for words in subject.words if words in forms or "".join(words) in forms), default=0)


@cache
def words_of(name: str) -> tuple[str, ...]:
    """Return the words that tell a name from others: `order` of `OrdersFunction`, `put` and `item` of `put-items`."""
    words = (one.lower() for one in _WORD.findall(name))
    return tuple(one if len(one) < 4 else one.removesuffix("s") for one in words if one not in _NO_NAMES)  # noqa: PLR2004  # `sns`, `s3s`


def _fault(body: bytes) -> str:
    """Return why a body is no event, in words; empty where it is one."""
    try:
        json.loads(body)
    except RecursionError:
        return "is nested too deeply"
    except ValueError as error:
        where = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        return f"is not valid JSON{where}"
    return ""


def shared(folders: Iterable[Path | None]) -> frozenset[Path]:
    """Return the folders that are more than one function's code, or hold another's: their names are nobody's alone."""
    every = Counter(one for one in folders if one is not None)
    around = {above for one in every for above in one.parents}
    return frozenset(one for one, count in every.items() if count > 1 or one in around)
