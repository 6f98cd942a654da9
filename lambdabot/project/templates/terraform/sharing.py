"""Lines that set a value of several functions: a module may be called several times, and so may what calls it."""

from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from itertools import islice
from pathlib import Path
from typing import Any

from lambdabot.model import Declaration, Slot, Stated
from lambdabot.project.templates.cloudformation.stack import MOST_NAMED, in_words


def with_shared(functions: Sequence[Declaration]) -> Iterator[Declaration]:
    """Yield the functions, those of Terraform with a note in each slot of the others that another value changes."""
    files: dict[Path, Path] = {}

    def spot(slot: Slot) -> object:
        """Return what two functions' slots share: files of a root may be links to another's."""
        if slot.path not in files:
            files[slot.path] = slot.path.resolve()
        return files[slot.path], slot.line, slot.start, slot.end, slot.prefix

    served: dict[object, dict[str, None]] = {}
    for one in functions:
        for _, _, slot in _slots(one):
            served.setdefault(spot(slot), {})[one.name] = None
    for one in functions:
        noted: dict[str, Any] = {
            name: replace(value, slot=_noted(slot, one.name, served[spot(slot)]))
            for name, value, slot in _slots(one)
            if len(served[spot(slot)]) > 1
        }
        yield replace(one, **noted) if noted else one


def _slots(one: Declaration) -> Iterator[tuple[str, Stated[Any], Slot]]:
    for each in fields(one) if one.family == "terraform" else ():
        value = getattr(one, each.name)
        if isinstance(value, Stated) and isinstance(value.slot, Slot):
            yield each.name, value, value.slot


def _noted(slot: Slot, name: str, served: dict[str, None]) -> Slot:
    first = [other for other in islice(served, MOST_NAMED + 1) if other != name]  # thousands may share a slot
    also = f"it also changes {in_words(first, len(served) - 1)}"
    return replace(slot, note=f"{slot.note}; {also}" if slot.note else also)
