"""Edits that give a function of a template other values, each in the one line where its value is written."""

from collections.abc import Sequence
from pathlib import Path

from lambdabot.model import Attribute, Configuration, Declaration, Edit, NoSlot, Slot, Stated


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
