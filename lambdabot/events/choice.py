"""Which events a function is measured with where its settings name none: found, else made, else the empty one."""

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from pathlib import Path

from lambdabot.events.fixed import Made
from lambdabot.events.found import EventFile, EventFiles, Found, Subject, shared
from lambdabot.events.synthetic import NOT_MEASURED, of_all
from lambdabot.model import Declaration, Payload, PayloadOrigin, Stated
from lambdabot.workspace import Workspace

NONE_GIVEN = "no event was given"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A function for which an event is wanted, or that may have those that lie about."""

    name: str
    code: Path | str | None = None
    handler: str | None = None
    declaration: Declaration | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The events of one function; `refused` says why it is not measured with them."""

    payloads: tuple[Payload, ...] = ()
    refused: str = ""
    files: tuple[Path, ...] = ()  # that `payloads` were found in, in their order
    made: tuple[Made, ...] = ()  # that `payloads` were made as


class Events:
    """The events of a repository's functions, below the folder that lambdabot.yml is in."""

    def __init__(self, functions: Iterable[Asked], root: Path, workspace: Workspace) -> None:
        """Read nothing yet; every function counts, as another one's event is not taken."""
        self._functions = {one.name: one for one in functions}
        self._root = root
        self._workspace = workspace

    @cached_property
    def _found(self) -> Mapping[str, Found]:
        folders = {name: _folder(one) for name, one in self._functions.items()}
        common = shared(folders.values())
        subjects = [self._subject(one, folders[name], common) for name, one in self._functions.items()]
        return EventFiles(self._workspace).of(subjects)

    def _subject(self, one: Asked, folder: Path | None, common: frozenset[Path]) -> Subject:
        declaration = one.declaration
        around = [self._root]
        if declaration is not None:
            around = [declaration.place.path.parent, *filter(None, [declaration.root_module]), self._root]
        own = folder if folder is not None and folder not in around else None
        names = [own.name] if own is not None and own not in common else []
        if declaration is not None and isinstance(declaration.function_name, Stated):
            names.append(declaration.function_name.value)
        module, _, function = (one.handler or "").rpartition(".")
        names += [module.rpartition("/")[2], function]
        return Subject(
            name=one.name,
            names=tuple(names),
            sources=() if declaration is None else declaration.events,
            folders=tuple(filter(None, [folder, *around])),
            code=own,
        )

    def of(self, name: str) -> Choice:
        """Return a function's events: those that the repository holds, else those of its triggers, else `{}`."""
        one, found = self._functions[name], self._found[name]
        broken = "".join(f"; `{self._shown(each.path)}` {each.broken}" for each in found.broken)
        if found.files:
            return Choice(
                payloads=tuple(
                    _payload(
                        called,
                        file.body,
                        PayloadOrigin.FOUND,
                        f"`{self._shown(file.path)}`, found in the repository{broken}{_more(found)}",
                    )
                    for called, file in self._called(found.files).items()
                ),
                files=tuple(file.path for file in found.files),
            )
        sources = one.declaration.events if one.declaration is not None else ()
        made = of_all(sources)
        if made:
            return Choice(
                payloads=tuple(
                    _payload(called, body(each), PayloadOrigin.SYNTHETIC, _said(each, broken))
                    for called, each in _named(made).items()
                ),
                made=made,
            )
        reasons = [NOT_MEASURED[each.trigger] for each in sources if each.trigger in NOT_MEASURED]
        if reasons:
            advice = "write `payloads` in lambdabot.yml to measure it as one"
            return Choice(
                payloads=(_payload("empty", b"{}", PayloadOrigin.EMPTY, ""),), refused=f"{reasons[0]}: {advice}{broken}"
            )
        kinds = ", ".join(dict.fromkeys(f"`{each.name}` ({each.kind})" for each in sources))
        why = f"what {kinds} sends is not known" if kinds else "no template tells what invokes it"
        words = f"the empty event `{{}}`: {NONE_GIVEN}, and {why}{broken}"
        return Choice(payloads=(_payload("empty", b"{}", PayloadOrigin.EMPTY, words),))

    def _shown(self, path: Path) -> str:
        return os.path.relpath(path, self._root)

    def _called(self, files: tuple[EventFile, ...]) -> dict[str, EventFile]:
        """Return files by what reports call them: their names, with their folders where those are alike."""
        stems = [file.path.stem for file in files]
        return {
            file.path.stem if stems.count(file.path.stem) == 1 else self._shown(file.path.with_suffix("")): file
            for file in files
        }


def body(made: Made) -> bytes:
    """Return an event that was made as it is sent."""
    return json.dumps(made.event, separators=(",", ":"), ensure_ascii=False).encode()


def _payload(name: str, sent: bytes, origin: PayloadOrigin, described: str) -> Payload:
    return Payload(name=name, body=sent, weight=Decimal(1), origin=origin, described=described)


def _said(made: Made, broken: str) -> str:
    article, _, what = made.words.partition(" ")
    words = f"a synthetic {what}" if article in {"a", "an"} else made.words
    return f"{words}: {NONE_GIVEN}{broken}"


def _named(made: tuple[Made, ...]) -> dict[str, Made]:
    """Return events by what reports call them, each by a name of its own."""
    named: dict[str, Made] = {}
    for one in made:
        number = 1 + sum(each.name == one.name for each in named.values())
        named[one.name if number == 1 else f"{one.name} {number}"] = one
    return named


def _more(found: Found) -> str:
    return f" ({found.more} more fit as well)" if found.more else ""


def _folder(one: Asked) -> Path | None:
    """Return the folder of a function's code; of a build's output, of what it was built from."""
    code = one.code
    if one.declaration is not None and one.declaration.built_from is not None:
        code = one.declaration.built_from
    if not isinstance(code, Path):
        return None
    return code.parent if code.is_file() else code
