"""From the data of lambdabot.yml to a validated SettingsFile, `defaults` merged into its functions."""

import copy
from functools import partial
from typing import Any

from pydantic import ValidationError

from lambdabot.settings.mistakes import validated
from lambdabot.settings.schema import SettingsFile
from lambdabot.settings.yaml_source import Location, YamlSource

_ROUNDS = 10  # rounds of leaving keys out: what remains of a section may be refused as well
_STAND_INS = {"version": 1, "handler": "app.handler", "like": "hello"}
_EVENT = {"event": None}
"""Stand-ins for what cannot be left out: it would be missed, or the next payload would take its place."""


def validate(source: YamlSource) -> SettingsFile:
    """Return the file as a SettingsFile, defaults merged into each function. Raises UsageError with every mistake."""
    return validated(SettingsFile, source, _with_defaults(source.data), written_at=partial(_written_at, source))


def sound_part(source: YamlSource) -> SettingsFile | None:
    """Return the file without the keys whose values the schema refuses; None when it refuses them all.

    It is not measured, only searched for the mistakes that no schema sees, such as a path that leads nowhere.
    """
    data = copy.deepcopy(_with_defaults(source.data))
    for _ in range(_ROUNDS):
        try:
            return SettingsFile.model_validate(data)
        except ValidationError as error:
            for refused in error.errors(include_url=False, include_context=False, include_input=False):
                _leave_out(data, refused["loc"])
    return None


def _leave_out(data: dict[Any, Any], location: tuple[int | str, ...]) -> None:
    """Remove the innermost key around a location."""
    match location:
        case ("functions", name, "payloads", int(index)):
            data["functions"][name]["payloads"][index] = dict(_EVENT)
            return
    inner: Any = data
    holder, key = data, location[0]
    for part in location:
        if isinstance(inner, dict) and part in inner:
            holder, key = inner, part
        elif not isinstance(inner, list) or not isinstance(part, int):
            break
        inner = inner[part]
    if key in _STAND_INS:
        holder[key] = _STAND_INS[str(key)]
    else:
        holder.pop(key, None)


def _with_defaults(data: dict[str, Any]) -> dict[str, Any]:
    """Give each function the keys of `defaults` that it does not have; anything malformed is left to the schema."""
    defaults, functions = data.get("defaults"), data.get("functions")
    if not isinstance(defaults, dict) or not isinstance(functions, dict):
        return data
    merged = {
        name: {**defaults, **function} if isinstance(function, dict) else function
        for name, function in functions.items()
    }
    return {**data, "functions": merged}


def _written_at(source: YamlSource, location: Location) -> Location:
    """Return where the value really stands: in the function, or in `defaults`."""
    match location:
        case ("functions", _, key, *rest) if location[:3] not in source.written and ("defaults", key) in source.written:
            return ("defaults", key, *rest)
    return location
