"""What a pull request may say for itself; whatever else lambdabot.yml can say is the target branch's."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from lambdabot.errors import Mistake, UsageError
from lambdabot.model import Budget, Constraints, Function, ImageConfig, Payload, PayloadOrigin
from lambdabot.settings.load import Settings
from lambdabot.settings.schema import FunctionSection, SettingsFile
from lambdabot.settings.target_branch import TargetBranch, Unknown, nobodys

HEADS_OWN = frozenset({"version", "defaults", "functions", "templates"})
"""What a pull request's lambdabot.yml says for itself: which functions there are."""

HEADS_OWN_OF_A_FUNCTION = frozenset(
    {
        "architectures",
        "balanced_weight",
        "constraints",
        "current",
        "environment",
        "ephemeral_storage_mb",
        "handler",
        "image_config",
        "layers",
        "local",
        "local_layers",
        "memory_mb",
        "provisioned_concurrency",
        "requirements",
        "runtime",
        "snap_start",
        "source",
        "strategy",
        "tie_tolerance_percent",
        "timeout_seconds",
        "tracing",
    }
)
"""What a function is, and what is looked for in it: it changes as its code does, and a reader is told."""

OF_THE_RUN = tuple(name for name in SettingsFile.model_fields if name not in HEADS_OWN)
OF_A_FUNCTION = tuple(name for name in FunctionSection.model_fields if name not in HEADS_OWN_OF_A_FUNCTION)

_UNACCEPTED = (
    "the target branch's lambdabot.yml does not have {}, so it accepts no side effects of {}: it can be measured once "
    "that is merged"
)
_EVENTS = (
    "This pull request changes {}: the gate compares both sides with the target branch's events, and the sizes are "
    "measured with its own."
)
_UNREAD = (
    "This pull request names events of `{}` that the target branch's lambdabot.yml does not name ({}): they are read "
    "once that is merged, and the target branch's events are in force until then."
)
_PATHS = frozenset({"layers", "local_layers", "requirements", "source"})
"""Each side's lie in its own tree, so they are compared as written."""
_UNQUOTED = frozenset({"environment", "local"})
"""Values of variables may be secret, and a seed is long."""
_ATTRIBUTES = {"side_effects": "side_effects_accepted", "local": "stand_in"}
"""A Function's names for keys of lambdabot.yml that differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trusted:
    """The settings in force, what a reader should know of them, and the functions that must not be tried, with why."""

    settings: Settings
    notes: tuple[str, ...] = ()
    refused: Mapping[str, str]


def trusted(
    settings: Settings, target: TargetBranch | Unknown, *, formerly: Mapping[str, str] | None = None
) -> Trusted:
    """Return the settings with everything above as the target branch has it, and a note for each change.

    `formerly` names the functions that the target branch knows by another name. One that it does not know at all may
    use a role that the target branch names somewhere, but no other, build nothing, and accept no side effects. Where
    the target branch is not known, lambdabot's own defaults are in force on the embedded endpoint; elsewhere a
    pull request would run with power that nobody gave it, so UsageError is raised.
    """
    if isinstance(target, Unknown):
        return _closed(settings, target)
    known = {function.name: function for function in target.functions}
    every = (*settings.functions, *settings.others)
    names = {function.name: (formerly or {}).get(function.name, function.name) for function in every}
    measured = {function.name for function in settings.functions}
    reach = frozenset(one for function in target.functions for one in function.question.reaches)
    roles = {target.defaults.role, *(function.setup.role for function in target.functions)}
    in_force = (
        "the target branch's is in force until it is merged."
        if target.written
        else "the target branch has no lambdabot.yml, so lambdabot's own default is in force until it is merged."
    )
    notes = [f"{change}: {in_force}" for change in _of_the_run(settings, target)]
    functions, refused = [], {}
    for function in every:
        own, told = known.get(names[function.name]), list[str]()
        if own is None:
            reason = _new(function, roles)
            told += _unallowed(function, target)
            functions.append(_unknown(function, target))
        else:
            told += [f"{change}: {in_force}" for change in _of_a_function(function, own)]
            told += [
                f"{change}: it is measured with its own." for change in _of_its_own(settings, function, target, own)
            ]
            asks = _asks(target, own, function)
            held = _with(function, own, payloads=asks, reach=reach)
            if [one.expect for one in function.question.payloads] != [one.expect for one in held.question.payloads]:
                told.append(f"This pull request changes `expect` of payloads of `{function.name}`: {in_force}")
            told += [_EVENTS.format(_change_of_events(function, own))] if held.question.gate_payloads else []
            if asks and (foreign := _foreign(function, reach)):
                told.append(_UNREAD.format(function.name, _list(foreign)))
            functions.append(held)
            reason = _powerless(functions[-1], settings.endpoint)
        notes += told if function.name in measured else []
        if reason:
            refused[function.name] = reason
    shown = _effective(settings, target, {name: was for name, was in names.items() if was in known})
    run = {name: getattr(target, name) for name in OF_THE_RUN}
    return Trusted(
        settings=replace(
            settings,
            functions=tuple(one for one in functions if one.name in measured),
            others=tuple(one for one in functions if one.name not in measured),
            reach=reach,
            effective=shown,
            **run,
        ),
        notes=tuple(notes),
        refused=refused,
    )


def unbound(settings: Settings, *, based: bool) -> Trusted:
    """Return the settings of whoever runs at a terminal, where no lambdabot.yml of a target branch decides anything.

    Where there is a base all the same, nothing in it allows a build, accepts side effects or has anything of AWS read
    or invoked.
    """
    if not based:
        return Trusted(settings=settings, refused={})
    functions = tuple(one.changed(allow_build=frozenset()) for one in settings.functions)
    others = tuple(one.changed(allow_build=frozenset()) for one in settings.others)
    shown = {name: {**one, "allow_build": []} for name, one in settings.effective["functions"].items()}
    return Trusted(
        settings=replace(
            settings,
            functions=functions,
            others=others,
            reach=frozenset(),
            effective={**settings.effective, "functions": shown},
        ),
        notes=tuple(note for one in settings.functions for note in _unallowed(one)),
        refused={
            one.name: _UNACCEPTED.format(one.name, one.origin.like)
            for one in (*functions, *others)
            if one.origin.side_effects_accepted
        },
    )


def _closed(settings: Settings, target: Unknown) -> Trusted:
    """Return lambdabot's own defaults for what the target branch would decide. Raises UsageError but on `local`."""
    first, _, advice = target.reason.partition("\n")
    if settings.endpoint != "local":
        message = (
            "the target branch's settings are not known, and on its own word a pull request gets no role, no budget "
            f"and no gate: {first}"
        )
        raise UsageError([Mistake(message=message)], advice=advice)
    defaults = nobodys(settings.path, settings.inputs)
    found = trusted(settings, defaults)
    changed = [name for name in OF_THE_RUN if settings.effective[name] != defaults.effective[name]]
    note = f"The target branch's settings are not known ({first.rstrip('.')}), so lambdabot's own defaults are in force"
    note += f" in place of this pull request's {_list(changed)}." if changed else "."
    return Trusted(
        settings=found.settings,
        notes=(note, *(one for each in settings.functions for one in _unallowed(each, defaults))),
        refused={},
    )


def _effective(settings: Settings, target: TargetBranch, before: Mapping[str, str]) -> dict[str, Any]:
    """Return what the report shows as the settings: those in force."""
    shown = {**settings.effective, **{name: target.effective[name] for name in OF_THE_RUN}}
    theirs = target.effective["functions"]
    decided = [key for key in OF_A_FUNCTION if key != "payloads"]
    unknown = {"budget": target.defaults.budget.model_dump(mode="json"), "allow_build": []}
    shown["functions"] = {
        name: {**one, **({key: theirs[before[name]][key] for key in decided} if name in before else unknown)}
        for name, one in settings.effective["functions"].items()
    }
    return shown


def _foreign(function: Function, reach: frozenset[str]) -> list[str]:
    """Return the objects of S3's that a pull request's payloads name and the target branch does not."""
    return sorted({one.location for one in function.question.payloads if one.location} - reach)


def _with(function: Function, own: Function, *, payloads: bool, reach: frozenset[str]) -> Function:
    """Return the function with what the target branch decides; what is given there counts as given.

    Its sizes are measured with its own events all the same, but for objects in S3 that the target branch does not name:
    the job's role would read them for whoever opens a pull request. What a good answer to them is the target branch
    says: a pull request must not declare its own errors expected. Without `payloads`, the target branch names none, or
    they could not all be read and it is not compared.
    """
    given = (function.origin.given - frozenset(OF_A_FUNCTION)) | (own.origin.given & frozenset(OF_A_FUNCTION))
    values = {_attribute(name): _value(own, name) for name in OF_A_FUNCTION if name != "payloads"}
    if payloads and _foreign(function, reach):
        function = function.changed(payloads=own.question.payloads)
    expected = {one.contents: one.expect for one in own.question.payloads}
    ours = tuple(replace(one, expect=expected.get(one.contents)) for one in function.question.payloads)
    function = function.changed(payloads=ours)
    gate = _gate_payloads(function, own) if payloads and function.question.payloads != own.question.payloads else ()
    return function.changed(given=given, gate_payloads=gate, **values)


def _asks(target: TargetBranch, own: Function, function: Function) -> bool:
    """Tell whether the target branch says what both sides are compared with.

    What it holds, or what its templates tell, counts as what it writes; but where it has no lambdabot.yml, a pull
    request that brings one names the first events.
    """
    if _wrote(own):
        return target.written and own.name not in target.absent
    return target.written or not _wrote(function)


def _wrote(function: Function) -> bool:
    """Tell whether a function's events are those that its lambdabot.yml names."""
    return all(one.origin is PayloadOrigin.WRITTEN for one in function.question.payloads)


def _change_of_events(function: Function, own: Function) -> str:
    """Say which events a pull request changes, and to what where no lambdabot.yml names them."""
    if _wrote(function) and _wrote(own):
        return f"`payloads` of `{function.name}`"
    before, after = (
        "`payloads`" if _wrote(one) else ", ".join(each.described for each in one.question.payloads)
        for one in (own, function)
    )
    return f"the events of `{function.name}` ({before} to {after})"


def _gate_payloads(function: Function, own: Function) -> tuple[Payload, ...]:
    """Return the target branch's payloads, named apart from the pull request's other ones."""
    bodies = {one.name: one.contents for one in function.question.payloads}
    return tuple(
        one if bodies.get(one.name, one.contents) == one.contents else replace(one, name=f"{one.name} (target branch)")
        for one in own.question.payloads
    )


def _unknown(function: Function, target: TargetBranch) -> Function:
    """Return a function that only the pull request has, without what it would give itself."""
    return function.changed(budget=Budget(**target.defaults.budget.model_dump()), allow_build=frozenset())


def _new(function: Function, roles: set[str | None]) -> str:
    """Return why a function that only the pull request has must not be tried; empty when it may."""
    if function.origin.side_effects_accepted:
        return _UNACCEPTED.format(function.name, function.origin.like)
    if function.setup.role is not None and function.setup.role not in roles:
        return (
            f"the target branch's lambdabot.yml does not have {function.name}, nor its role {function.setup.role} "
            "elsewhere: it can be measured once that is merged, or with a role that is there already"
        )
    return ""


def _powerless(function: Function, endpoint: str) -> str:
    """Return why a function cannot be tried with what the target branch gives it; empty when it can."""
    if endpoint == "aws" and function.setup.role is None and not function.origin.side_effects_accepted:
        return (
            f"the target branch's lambdabot.yml has no `role` for {function.name}: it can be measured once that is "
            "merged"
        )
    return ""


def _unallowed(function: Function, target: TargetBranch | None = None) -> Iterator[str]:
    """Say what a function would give itself that no target branch gives it."""
    if function.code.allow_build:
        names = _list(sorted(function.code.allow_build))
        yield f"`{function.name}` builds nothing: no lambdabot.yml of the target branch allows it to build {names}."
    if target is not None and function.question.budget != _unknown(function, target).question.budget:
        yield f"`{function.name}` has the usual `budget`: no lambdabot.yml of the target branch gives it another."


def _of_the_run(settings: Settings, target: TargetBranch) -> Iterator[str]:
    for name in OF_THE_RUN:
        there, here = target.effective[name], settings.effective[name]
        if here != there:
            yield f"This pull request changes `{name}` ({_difference(here, there)})"


def _of_a_function(function: Function, own: Function) -> Iterator[str]:
    """Say what a pull request changes of what the target branch decides."""
    changed = [name for name in OF_A_FUNCTION if name != "payloads" and _value(function, name) != _value(own, name)]
    if changed:
        yield f"This pull request changes {_list(changed)} of `{function.name}`"


def _of_its_own(settings: Settings, function: Function, target: TargetBranch, own: Function) -> Iterator[str]:
    """Say what a pull request changes of what it decides itself."""
    for name in sorted(HEADS_OWN_OF_A_FUNCTION):
        if name in _PATHS:
            here = settings.effective["functions"][function.name][name]
            there = target.effective["functions"][own.name][name]
        else:
            here, there = _value(function, name), _value(own, name)
        if here != there:
            change = "" if name in _UNQUOTED else f" ({_words(there)} to {_words(here)})"
            yield f"This pull request changes `{name}` of `{function.name}`{change}"


def _value(function: Function, name: str) -> Any:  # noqa: ANN401 - of any key
    return function.value(_attribute(name))


def _attribute(name: str) -> str:
    return _ATTRIBUTES.get(name, name)


def _list(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _difference(here: Any, there: Any) -> str:  # noqa: ANN401 - a section of the settings, or a plain value
    """Say which values differ: `threshold_percent 10 to 50`."""
    if not isinstance(here, dict):
        return f"{_words(there)} to {_words(here)}"
    return ", ".join(f"{name} {there[name]} to {value}" for name, value in here.items() if value != there[name])


def _words(value: Any) -> str:  # noqa: ANN401 - of any key
    """Return a value in a line: `128, 256`, `p95_ms 5.0`, `none`."""
    match value:
        case Constraints() | ImageConfig():
            return _words({name: one for name, one in asdict(value).items() if one is not None})
        case None | "" | () | []:
            return "none"
        case Mapping():
            return ", ".join(f"{name} {_words(one)}" for name, one in value.items()) or "none"
        case list() | tuple():
            return ", ".join(map(_words, value))
    return str(value)
