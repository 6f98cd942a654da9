"""What a template of the user's repository says of a Lambda function, and how to write another value there.

The nouns that discovery hands to settings, pipeline and reports: every value with the place where it is written.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

from lambdabot.errors import Mistake
from lambdabot.model import Architecture, Configuration

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

    def mistake(self, message: str) -> Mistake:
        """Return a mistake that stands here."""
        return Mistake(message=message, path=self.path, line=self.line, column=self.column)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated(Generic[T_co]):
    """A value and where it is written; `inherited` says what it comes from when not from the function's own block."""

    value: T_co
    place: Place
    inherited: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Undecided:
    """A value that the files do not decide, and why."""

    reason: str
    place: Place

    def __str__(self) -> str:
        """Return the place and the reason."""
        return f"{self.place}: {self.reason}"


Attribute = Stated[T_co] | Undecided | None
"""None: the template says nothing, and its format has no default."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class EventSource:
    """What invokes a function; numbers are None where the template does not say them."""

    name: str
    kind: str  # as the template's format calls it, in lower case: sqs, kinesis, dynamodb, schedule, httpapi …
    place: Place
    batch_size: Attribute[int] = None
    window_seconds: Attribute[int] = None
    maximum_concurrency: Attribute[int] = None
    partial_failures: Attribute[bool] = None  # ReportBatchItemFailures


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """One Lambda function as a template declares it."""

    name: str  # what lambdabot calls it: the logical name, made unique among the templates
    family: str  # sam, cloudformation, cdk, serverless, terraform, terraform plan
    place: Place
    function_name: Attribute[str] = None
    runtime: Attribute[str] = None
    handler: Attribute[str] = None
    code: Attribute[Path | str] = None  # an absolute path, or the URI of an image
    memory_mb: Attribute[int] = None
    architecture: Attribute[Architecture] = None
    timeout_seconds: Attribute[int] = None
    environment: dict[str, Attribute[str]] = field(default_factory=dict, repr=False)
    environment_undecided: Undecided | None = None  # variables beside those that have a name here
    layers: tuple[Attribute[str], ...] = ()
    events: tuple[EventSource, ...] = ()
    reserved_concurrency: Attribute[int] = None
    provisioned_concurrency: Attribute[int] = None
    ephemeral_storage_mb: Attribute[int] = None
    memory_slot: Slot | NoSlot = NoSlot(reason="the template cannot be edited")
    architecture_slot: Slot | NoSlot = NoSlot(reason="the template cannot be edited")

    @property
    def undecided(self) -> dict[str, Undecided]:
        """Return what of the function's own attributes cannot be decided, by name."""
        names = ("function_name", "runtime", "handler", "code", "memory_mb", "architecture", "timeout_seconds")
        return {name: value for name in names if isinstance(value := getattr(self, name), Undecided)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovery:
    """Everything that a repository's templates say, and what could not be read."""

    functions: tuple[Declaration, ...] = ()
    problems: tuple[Undecided, ...] = ()
    templates: tuple[Path, ...] = ()


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


def edits(declaration: Declaration, wanted: Configuration) -> tuple[tuple[Edit, ...], tuple[str, ...]]:
    """Return the edits that give the function the wanted Configuration, and why others cannot be made.

    A value that is written as wanted needs none; attributes on one line become one edit.
    """
    asked: list[tuple[Attribute[object], Slot | NoSlot, object]] = [
        (declaration.memory_mb, declaration.memory_slot, wanted.memory_mb),
        (declaration.architecture, declaration.architecture_slot, wanted.architecture.value),
    ]
    wanted_slots: list[tuple[Slot, str]] = []
    reasons: list[str] = []
    for now, slot, value in asked:
        if isinstance(now, Stated) and now.value == value:
            continue
        if isinstance(slot, NoSlot):
            reasons.append(slot.reason)
        else:
            wanted_slots.append((slot, str(value)))
    lines: dict[tuple[Path, int], list[tuple[Slot, str]]] = {}
    for slot, value in wanted_slots:
        lines.setdefault((slot.path, slot.line), []).append((slot, value))
    return tuple(_edit(together) for together in lines.values()), tuple(dict.fromkeys(reasons))


def _edit(together: Sequence[tuple[Slot, str]]) -> Edit:
    """Write the values into their one line, from its end to its beginning, so that columns hold."""
    first = together[0][0]
    after = first.line_text
    for slot, value in sorted(together, key=lambda one: one[0].start, reverse=True):
        after = f"{after[: slot.start]}{slot.prefix}{value}{slot.suffix}{after[slot.end :]}"
    notes = dict.fromkeys(slot.note for slot, _ in together if slot.note)
    return Edit(path=first.path, line=first.line, before=first.line_text, after=after, note="; ".join(notes))
