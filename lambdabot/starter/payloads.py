"""The events of a first lambdabot.yml: those that the repository holds, and files of those that are made."""

import json
import os
import re
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path

from lambdabot.events.choice import Asked, Events
from lambdabot.model import Stated
from lambdabot.settings.declared import Declared

FOLDER = "events/lambdabot"
"""Where events are written that were made, beside lambdabot.yml: nobody's own lie there."""

_UNFIT = re.compile(r"[^A-Za-z0-9_.-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Payloads:
    """What lambdabot.yml says of one function's events, and the files that it names and that are not there yet."""

    lines: tuple[str, ...]
    files: Mapping[Path, str]


def payloads(declared: Declared, root: Path) -> dict[str, Payloads]:
    """Return the events of the functions that templates declare, by the functions' names."""
    asked = [
        Asked(
            name=name,
            code=one.code.value if isinstance(one.code, Stated) else None,
            handler=one.handler.value if isinstance(one.handler, Stated) else None,
            declaration=one,
        )
        for name, one in declared.declarations.items()
    ]
    events = Events(asked, root, declared.workspace)
    found: dict[str, Payloads] = {}
    taken: set[Path] = set()
    for one in asked:
        found[one.name] = _payloads(one.name, events, root, taken)
        taken |= found[one.name].files.keys()
    return found


def _payloads(name: str, events: Events, root: Path, taken: AbstractSet[Path]) -> Payloads:
    choice = events.of(name)
    if choice.files:
        found = (f"      - file: {_quoted(os.path.relpath(path, root))}" for path in choice.files)
        return Payloads(lines=("    payloads: # found in the repository", *found), files={})
    if choice.refused or not choice.made:
        why = f"not measured without: {choice.refused}" if choice.refused else choice.payloads[0].described
        return Payloads(lines=(f"    # payloads: # {' '.join(why.split())}",), files={})
    places = _free(root / FOLDER, taken, _UNFIT.sub("-", name).strip("-.") or "function")
    lines, files = ["    payloads: # synthetic, to be edited: no event lies in the repository"], {}
    for made, path in zip(choice.made, places, strict=False):
        lines.append(f"      - file: {_quoted(os.path.relpath(path, root))} # {' '.join(made.words.split())}")
        files[path] = json.dumps(made.event, indent=2, ensure_ascii=False) + "\n"
    return Payloads(lines=tuple(lines), files=files)


def _free(folder: Path, taken: AbstractSet[Path], name: str) -> Iterator[Path]:
    """Yield the paths of files that are not there, nor taken: `orders.json`, `orders-2.json` and so on."""
    number = 0
    while True:
        number += 1
        path = folder / (f"{name}.json" if number == 1 else f"{name}-{number}.json")
        if path not in taken and not os.path.lexists(path):
            yield path


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
