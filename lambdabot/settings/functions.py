"""From a validated document to the functions it describes: paths resolved, payloads read, every mistake at once."""

from collections.abc import Container
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lambdabot.errors import Mistake, UsageError
from lambdabot.events.choice import Asked, Events
from lambdabot.model import (
    Architecture,
    Budget,
    Code,
    Configuration,
    Constraints,
    Declaration,
    Expectation,
    Function,
    ImageConfig,
    Layer,
    Origin,
    Payload,
    Place,
    Preparation,
    Question,
    Selection,
    Setup,
    Side,
)
from lambdabot.model.selection import ALL
from lambdabot.settings.declared import Declared, code_fault, code_of, outside, unbuilt_fault
from lambdabot.settings.layers import layer_fault, layer_of
from lambdabot.settings.payloads import compact, event_mistakes, payload_of, placeholder_mistakes
from lambdabot.settings.schema import (
    ExpectSection,
    FunctionSection,
    PayloadSection,
    PreparationSection,
    SettingsFile,
)
from lambdabot.settings.stand_in import stand_in
from lambdabot.settings.yaml_source import Location
from lambdabot.unbuilt.package_files import Packages
from lambdabot.workspace import Workspace

NO_EXTRA_STORAGE_MB = 512
"""What every function has in /tmp, and SnapStart's limit (Lambda Developer Guide, "SnapStart")."""
BOTH = 2
"""Memory and architecture."""


@dataclass(frozen=True, slots=True)
class _Faults:
    """What is wrong with the functions; missing files are listed apart."""

    mistakes: list[Mistake]
    missing: list[Mistake]


def functions(
    document: SettingsFile, declared: Declared, side: Side, *, absent: dict[str, str] | None = None
) -> tuple[Function, ...]:
    """Return the document's functions, but those that are left out.

    Raises UsageError with every path and payload that does not hold. Where `absent` is given, missing files are no
    mistakes: they are noted in it, under the function's name.
    """
    mistakes: list[Mistake] = []
    found = []
    events = events_of(document, declared)
    for name, section in document.functions.items():
        faults = _Faults(mistakes, mistakes if absent is None else [])
        function = _function(name, section, declared, side, faults, events=events, names=document.functions)
        if name not in declared.left_out:
            found.append(function)
        if absent is not None and faults.missing:
            absent[name] = "; ".join(one.message for one in faults.missing)
    if mistakes:
        raise UsageError(list(dict.fromkeys(mistakes)))  # what `defaults` says is wrong with each function
    return tuple(found)


def events_of(document: SettingsFile, declared: Declared) -> Events:
    """Return the events that functions are measured with for which the settings name none."""
    folder = declared.source.path.parent
    asked = (
        Asked(
            name=name,
            code=None if section.source is None else code_of(section.source, folder),
            handler=section.handler,
            declaration=declared.declarations.get(name),
        )
        for name, section in document.functions.items()
    )
    return Events(asked, folder, declared.workspace)


def _function(
    name: str,
    section: FunctionSection,
    declared: Declared,
    side: Side,
    faults: _Faults,
    *,
    events: Events,
    names: Container[str],
) -> Function:
    at: Location = ("functions", name)
    source, declaration = declared.source, declared.declarations.get(name)

    def place(key: str) -> Place:
        own, default = (*at, key), ("defaults", key)
        return source.place(default if default in source.written and own not in source.written else own)

    def wrong(key: str, message: str, among: list[Mistake]) -> None:
        among.append(place(key).mistake(message))

    code = None if section.source is None else code_of(section.source, source.path.parent)
    is_own = not source.written.keys().isdisjoint({(*at, "source"), ("defaults", "source")})
    selection = ALL if is_own or declaration is None else declaration.selection
    requirements = _requirements(section, code, selection)
    fault = _code_fault(section, code, declared.packages, None if is_own else declaration, side)
    if fault and name not in declared.left_out:
        wrong("source", f"`{name}`: {fault}", faults.missing)
    elif not fault and (fault := _requirements_fault(section, code, requirements, declared.workspace)):
        wrong("requirements", f"`{name}`: {fault}", faults.missing)

    def layer(text: str, key: str) -> Layer:
        found = layer_of(text, source.path.parent, declared.workspace, declaration)
        if fault := layer_fault(found.source, text, declared.workspace):
            wrong(key, f"`{name}`: {fault}", faults.missing)
        return found

    given = section.layers if isinstance(section.layers, dict) else dict.fromkeys(Architecture, section.layers)
    texts = dict.fromkeys(text for every in given.values() for text in every)
    read = {text: text if text.startswith("arn:") else layer(text, "layers") for text in texts}
    layers = {architecture: tuple(map(read.__getitem__, every)) for architecture, every in given.items() if every}
    local_layers = {arn: layer(text, "local_layers") for arn, text in section.local_layers.items()}
    if isinstance(code, Path) and section.handler is None and section.like is None:
        faults.mistakes.append(source.place(at).mistake(f"`{name}` needs a `handler`, as in `app.handler`"))
    if section.snap_start and section.ephemeral_storage_mb > NO_EXTRA_STORAGE_MB:
        message = f"`{name}`: Lambda has SnapStart only with 512 MB of ephemeral storage"
        wrong("snap_start", message, faults.mistakes)
    if section.snap_start and section.provisioned_concurrency:
        wrong("snap_start", f"`{name}`: Lambda has SnapStart only without provisioned concurrency", faults.mistakes)
    stands, unfit = stand_in(section.local, place("local"), source.path.parent, declared.workspace)
    faults.mistakes.extend(unfit if side is Side.HEAD else ())  # whose stands for AWS on both sides
    current, image = section.current, section.image_config
    chosen = None if section.payloads else events.of(name)
    around: dict[str, Any] = {"name": name, "declared": declared, "names": names, "faults": faults}
    return Function(
        name=name,
        side=side,
        code=Code(
            workspace=declared.workspace,
            source=code,
            selection=selection,
            handler=section.handler,
            runtime=section.runtime,
            requirements=requirements,
            layers=layers,
            missing_layers=declared.missing_layers.get(name, ()),
            local_layers=local_layers,
            image_config=None
            if image is None
            else ImageConfig(
                entry_point=tuple(image.entry_point),
                command=tuple(image.command),
                working_directory=image.working_directory,
            ),
            allow_build=frozenset(section.allow_build),
        ),
        setup=Setup(
            current=Configuration(
                memory_mb=current.memory_mb if current else 128,
                architecture=current.architecture if current else Architecture.X86_64,
            ),
            # A template's open values are assumed; half a configuration written by hand means the other's default.
            current_assumed=current is None or (declaration is not None and len(current.model_fields_set) < BOTH),
            timeout_seconds=section.timeout_seconds,
            environment=dict(section.environment),
            role=section.role,
            ephemeral_storage_mb=section.ephemeral_storage_mb,
            provisioned_concurrency=section.provisioned_concurrency,
            snap_start=section.snap_start,
            tracing=section.tracing,
        ),
        question=Question(
            payloads=_payloads(name, section.payloads, declared, faults) if chosen is None else chosen.payloads,
            no_event="" if chosen is None else chosen.refused,
            memory_mb=tuple(sorted(set(section.memory_mb))),
            sizes_assumed="memory_mb" not in section.model_fields_set,
            architectures=tuple(dict.fromkeys(section.architectures)),
            constraints=Constraints(**section.constraints.model_dump()),
            strategy=section.strategy,
            balanced_weight=section.balanced_weight,
            tie_tolerance_percent=section.tie_tolerance_percent,
            budget=Budget(**section.budget.model_dump()),
            monthly_invocations=section.monthly_invocations,
            pause_ms=section.pause_ms,
            before=_preparation("before", section, **around),
            after=_preparation("after", section, **around),
            expect=_expectation(section.expect),
            allowed_errors=frozenset(section.allowed_errors),
            stand_in=stands,
        ),
        origin=Origin(
            like=section.like,
            given=frozenset(section.model_fields_set),
            declaration=declaration,
            # Without `like` it is that of `before` and `after`, which the schema wants it for.
            side_effects_accepted=section.side_effects is not None and section.like is not None,
        ),
    )


def _code_fault(
    section: FunctionSection, code: Path | str | None, packages: Packages, declaration: Declaration | None, side: Side
) -> str:
    """Return why code cannot be packaged; of the base, also why it cannot run, for which the head's is left out."""
    if not isinstance(code, Path):
        return ""
    fault = code_fault(code, section.source or "", packages.workspace, declaration)
    return fault or (unbuilt_fault(section, code, packages, declaration) if side is Side.BASE else "")


def _requirements_fault(
    section: FunctionSection, code: Path | str | None, requirements: Path | None, workspace: Workspace
) -> str:
    """Return why the requirements cannot be read; empty when they can, or when there are none."""
    if requirements is not None and not workspace.holds(requirements):
        return outside(section.requirements or requirements.name)
    if section.requirements is None or (requirements is not None and requirements.is_file()):
        return ""
    if isinstance(code, Path) and code.is_dir():
        return f"there is no file {section.requirements} in {section.source}"
    return "`requirements` goes with a folder; a .zip holds its packages, and an image too"


def _requirements(section: FunctionSection, code: Path | str | None, selection: Selection) -> Path | None:
    if not isinstance(code, Path) or not code.is_dir() or selection.is_texts_alone:
        return None
    if section.requirements is not None:
        return (code / section.requirements).resolve()
    default = code / "requirements.txt"
    return default if default.is_file() else None


def _payloads(name: str, sections: list[PayloadSection], declared: Declared, faults: _Faults) -> tuple[Payload, ...]:
    source = declared.source
    payloads: dict[str, Payload] = {}
    for index, section in enumerate(sections):
        at: Location = ("functions", name, "payloads", index)
        at = at if at in source.written else ("defaults", "payloads", index)
        try:
            payload = payload_of(section, source.path.parent, declared.workspace)
        except ValueError as error:
            key = next(iter({"file", "lines", "sample"} & section.model_fields_set), "event")
            faults.missing.append(source.place((*at, key)).mistake(f"`{name}`: {error}"))
            continue
        faults.mistakes.extend(event_mistakes(payload, section, at, source))
        called = payload.name or f"payload {index + 1}"
        if called in payloads:
            message = f"`{name}`: two payloads are called `{called}`; give each a `name`"
            faults.mistakes.append(source.place(at).mistake(message))
        expect = None if section.expect is None else _expectation(section.expect)
        described = "" if section.file is None else f"`{section.file}`"
        payloads[called] = replace(payload, name=called, expect=expect, described=described)
    return tuple(payloads.values())


def _preparation(
    key: str, section: FunctionSection, *, name: str, declared: Declared, names: Container[str], faults: _Faults
) -> Preparation | None:
    """Return what runs `before` or `after` the calls; one that names no function of the file is a mistake."""
    source = declared.source
    one: PreparationSection | None = getattr(section, key)
    if one is None:
        return None
    at: Location = ("functions", name, key)
    at = at if at in source.written else ("defaults", key)
    faults.mistakes.extend(placeholder_mistakes(one.event, (*at, "event"), source))
    found = Preparation(function=one.function, event=compact(one.event), each=one.each)
    if one.function is not None and not found.exists and one.function not in names:
        message = f"`{name}`: there is no function `{one.function}` here that `{key}` could invoke"
        faults.mistakes.append(source.place((*at, "function")).mistake(message))
    return found


def _expectation(section: ExpectSection) -> Expectation:
    status = section.status if isinstance(section.status, list) else [section.status]
    return Expectation(status=tuple(status), json=section.json_values)


def redacted(document: SettingsFile) -> dict[str, Any]:
    """Return the effective settings for a report: values of variables, events and answers left out."""
    data = document.model_dump(mode="json", exclude={"defaults"})
    for function in data["functions"].values():
        function["environment"] = dict.fromkeys(function["environment"], "***")
        for one in (*function["payloads"], *filter(None, (function["before"], function["after"]))):
            if one.pop("event", None) is not None:
                one["event"] = "***"
        for one in (function, *function["payloads"]):
            if one["expect"] is not None:
                one["expect"]["json"] = dict.fromkeys(one["expect"].pop("json_values"), "***")
    return data
