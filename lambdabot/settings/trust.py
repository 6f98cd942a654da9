"""What a pull request must not decide for itself: the gate, the money, the role, and what production it may touch."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic import BaseModel

from lambdabot.model import Function
from lambdabot.settings.load import Settings, TargetBranch

OF_THE_RUN = ("gate", "budget", "bucket")
OF_A_FUNCTION = ("role", "like", "side_effects_accepted", "budget")

_SPELLED = {"side_effects_accepted": "side_effects"}  # in lambdabot.yml
KEYS = frozenset(_SPELLED.get(name, name) for name in OF_A_FUNCTION)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trusted:
    """The settings in force, what a reader should know of them, and the functions that must not be tried, with why."""

    settings: Settings
    notes: tuple[str, ...] = ()
    refused: Mapping[str, str]


def trusted(settings: Settings, target: TargetBranch) -> Trusted:
    """Return the settings with everything above as the target branch has it, and a note for each change.

    A function that the target branch does not know yet may use a role that the target branch names somewhere, but no
    other, and may accept no side effects.
    """
    known = {function.name: function for function in target.functions}
    roles = {function.role for function in target.functions}
    notes = [
        _note(f"`{name}`", _change(getattr(settings, name), getattr(target, name)))
        for name in OF_THE_RUN
        if getattr(settings, name) != getattr(target, name)
    ]
    functions, refused = [], {}
    for function in settings.functions:
        own = known.get(function.name)
        if own is not None:
            changed = [name for name in OF_A_FUNCTION if getattr(function, name) != getattr(own, name)]
            keys = ", ".join(f"`{_SPELLED.get(name, name)}`" for name in changed)
            notes += [_note(f"{keys} of `{function.name}`", "")] if changed else []
            function = _with(function, own)  # noqa: PLW2901 - the same function, as it is trusted
        elif reason := _new(function, roles):
            refused[function.name] = reason
        functions.append(function)
    run = {name: getattr(target, name) for name in OF_THE_RUN}
    in_force = replace(settings, functions=tuple(functions), effective=_effective(settings, target), **run)
    return Trusted(settings=in_force, notes=tuple(notes), refused=refused)


def _effective(settings: Settings, target: TargetBranch) -> dict[str, Any]:
    """Return what the report shows as the settings: those in force."""
    shown = {**settings.effective, **{name: target.effective[name] for name in OF_THE_RUN}}
    theirs = target.effective["functions"]
    shown["functions"] = {
        name: {**one, **{key: theirs[name][key] for key in KEYS}} if name in theirs else one
        for name, one in settings.effective["functions"].items()
    }
    return shown


def _with(function: Function, own: Function) -> Function:
    """Return the function with what the target branch decides; what is given there counts as given."""
    given = (function.given - KEYS) | (own.given & KEYS)
    return replace(function, given=given, **{name: getattr(own, name) for name in OF_A_FUNCTION})


def _new(function: Function, roles: set[str | None]) -> str:
    """Return why a function that only the pull request has must not be tried; empty when it may."""
    if function.side_effects_accepted:
        return (
            f"the target branch's lambdabot.yml does not have {function.name}, so it accepts no side effects of "
            f"{function.like}: it can be measured once that is merged"
        )
    if function.role is not None and function.role not in roles:
        return (
            f"the target branch's lambdabot.yml does not have {function.name}, nor its role {function.role} elsewhere: "
            "it can be measured once that is merged, or with a role that is there already"
        )
    return ""


def _note(what: str, change: str) -> str:
    return f"This pull request changes {what}{change}: the target branch's is in force until it is merged."


def _change(here: Any, there: Any) -> str:  # noqa: ANN401 - a section of the settings, or a plain value
    """Say which values differ: ` (threshold_percent 10 to 50)`."""
    if not isinstance(here, BaseModel):
        return f" ({there or 'none'} to {here or 'none'})"
    return f" ({', '.join(_differences(here, there))})"


def _differences(here: BaseModel, there: BaseModel) -> Iterator[str]:
    for name in type(here).model_fields:
        before, after = getattr(there, name), getattr(here, name)
        if before != after:
            yield f"{name} {before} to {after}"
