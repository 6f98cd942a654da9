"""Edits that give a function of a template other values, each in the one line where its value is written."""

from collections.abc import Sequence
from pathlib import Path

from lambdabot.model import Attribute, Edit, NoSlot, Slot, Stated
from lambdabot.model.place import NOT_EDITABLE


def edits(*wanted: tuple[Attribute[object], object]) -> tuple[tuple[Edit, ...], tuple[str, ...]]:
    """Return the edits that give attributes the values beside them, and why others cannot be made.

    A value that is written as wanted needs none; attributes on one line become one edit.
    """
    lines: dict[tuple[Path, int], list[tuple[Slot, str]]] = {}
    reasons: list[str] = []
    for attribute, value in wanted:
        match attribute:
            case Stated() if attribute.value == value:
                pass
            case Stated(slot=Slot() as slot):
                lines.setdefault((slot.path, slot.line), []).append((slot, str(value)))
            case Stated(slot=NoSlot() as slot):
                reasons.append(slot.reason)
            case _:
                reasons.append(str(attribute or NOT_EDITABLE.reason))
    return tuple(_edit(together) for together in lines.values()), tuple(dict.fromkeys(reasons))


def _edit(together: Sequence[tuple[Slot, str]]) -> Edit:
    """Write the values into their one line, from its end to its beginning, so that columns hold."""
    first = together[0][0]
    after = first.line_text
    for slot, value in sorted(together, key=lambda one: one[0].start, reverse=True):
        after = f"{after[: slot.start]}{slot.prefix}{value}{slot.suffix}{after[slot.end :]}"
    notes = dict.fromkeys(slot.note for slot, _ in together if slot.note)
    return Edit(path=first.path, line=first.line, before=first.line_text, after=after, note="; ".join(notes))
