"""Payloads as the settings name them: their events read from the repository, and their placeholders checked."""

import json
from collections.abc import Iterator
from pathlib import Path

from lambdabot.errors import Mistake
from lambdabot.model import Drawn, Form, Payload
from lambdabot.model.event_list import LARGEST_EVENT_BYTES, LARGEST_LIST_BYTES, Sample, fault, of_lines
from lambdabot.model.placeholders import EventTemplate
from lambdabot.settings.schema import PayloadSection
from lambdabot.settings.yaml_source import Location, YamlSource
from lambdabot.workspace import FileRefusedError, Workspace

_BUCKETS = "s3://"
_TOO_LARGE = "its placeholders make it larger than the 6 MB that Lambda takes"


def compact(event: object) -> bytes:
    """Return an event of the settings as JSON."""
    return json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode()


def payload_of(section: PayloadSection, folder: Path, workspace: Workspace) -> Payload:
    """Return a payload, named after its file, if any; an event read from a file is sent as it stands.

    What lies in S3 is not read yet. Raises ValueError.
    """
    form, named = next(
        ((form, text) for form, text in zip(Form, (section.file, section.lines, section.sample), strict=True) if text),
        (Form.EVENT, None),
    )
    body, events, left_out, location = b"", tuple[Drawn, ...](), "", None
    if named is None:
        body = compact(section.event)
        if len(body) > LARGEST_EVENT_BYTES:
            msg = f"payload is {len(body):,} bytes; Lambda takes 6 MB at most"
            raise ValueError(msg)
    elif named.startswith(_BUCKETS):
        location = named
    elif form is Form.EVENT:
        body = _event(folder / named, named, workspace)
    else:
        events, left_out = _several(folder / named, named, form, workspace)
    return Payload(
        name=section.name or (Path(named).stem if named else ""),
        body=body,
        weight=section.weight,
        form=form,
        events=events,
        location=location,
        left_out=left_out,
    )


def _event(path: Path, named: str, workspace: Workspace) -> bytes:
    try:
        body = workspace.read(path, largest=LARGEST_EVENT_BYTES)
    except FileRefusedError as error:
        msg = f"payload {named} {error}"
        raise ValueError(msg) from error
    if why := fault(body):
        msg = f"payload {named} {why.removeprefix('it ')}"
        raise ValueError(msg)
    return body


def _several(path: Path, named: str, form: Form, workspace: Workspace) -> tuple[tuple[Drawn, ...], str]:
    """Return the events of a list or of a folder, and what of it is left out."""
    try:
        if form is Form.LINES:
            return of_lines(workspace.read(path, largest=LARGEST_LIST_BYTES)), ""
        sample = _sample(path, workspace)
        return sample.events, sample.words  # noqa: TRY300  # both ways out stand together
    except (FileRefusedError, ValueError) as error:
        msg = f"payload {named} {error}"
        raise ValueError(msg) from error


def _sample(folder: Path, workspace: Workspace) -> Sample:
    """Read a folder's files and those below it, in order. Raises ValueError where there is no such folder."""
    if not workspace.is_dir(folder):
        msg = "is no folder of the repository"
        raise ValueError(msg)
    sample = Sample()
    for here, names in workspace.walk(folder, enters=lambda _: True):
        for name in names:
            if sample.is_full:
                sample.leave_out("beyond what is read")
                continue
            try:
                sample.add(workspace.read(here / name, largest=LARGEST_EVENT_BYTES))
            except FileRefusedError:
                sample.leave_out("not to be read")
    return sample


def event_mistakes(payload: Payload, section: PayloadSection, at: Location, source: YamlSource) -> Iterator[Mistake]:
    """Yield what is wrong with a payload's placeholders: in lambdabot.yml, or in the file that it names."""
    if payload.form is Form.SAMPLE:
        return  # sent as it is
    if section.event is not None or not (section.file or section.lines):
        yield from placeholder_mistakes(section.event, (*at, "event"), source)
    elif payload.location is None:
        named = section.file or section.lines or ""
        path = source.path.parent / named
        for one in payload.events or (Drawn(payload.body, 1),):
            template = EventTemplate.read(one.body)
            for miss in template.near_misses:
                yield Mistake(message=str(miss), path=path, line=one.line or miss.line)
            if template.longest > LARGEST_EVENT_BYTES:
                yield Mistake(message=_TOO_LARGE, path=path, line=one.line)


def placeholder_mistakes(event: object, at: Location, source: YamlSource) -> Iterator[Mistake]:
    """Yield what is wrong with the placeholders of an event in lambdabot.yml, each where it stands."""
    for inner, text in _texts(event, at):
        for miss in EventTemplate.read(compact(text)).near_misses:
            yield source.place(inner).mistake(str(miss))
    if EventTemplate.read(compact(event)).longest > LARGEST_EVENT_BYTES:
        yield source.place(at).mistake(_TOO_LARGE)


def _texts(value: object, at: Location) -> Iterator[tuple[Location, str]]:
    waiting = [(at, value)]
    while waiting:
        here, inner = waiting.pop()
        match inner:
            case str():
                yield here, inner
            case dict():
                waiting += [((*here, str(key)), item) for key, item in inner.items()]
                waiting += [((*here, str(key)), str(key)) for key in inner if isinstance(key, str)]
            case list():
                waiting += [((*here, index), item) for index, item in enumerate(inner)]
