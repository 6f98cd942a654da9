"""From the data of lambdabot.yml to a validated Document, every mistake with its line and the nearest right word."""

import difflib
import typing
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from lambdabot.errors import Mistake, UsageError
from lambdabot.settings.schema import Document
from lambdabot.settings.yaml_source import Location, YamlSource


def validate(source: YamlSource) -> Document:
    """Return the file as a Document, defaults merged into each function. Raises UsageError with every mistake."""
    try:
        return Document.model_validate(_with_defaults(source.data))
    except ValidationError as error:
        mistakes: dict[str, Mistake] = {}
        for detail in error.errors(include_url=False, include_context=True):
            location = _written_at(source, _without_type_names(detail["loc"]))
            path, line = source.place(location)
            mistake = Mistake(message=_message(location, detail, source), path=path, line=line)
            mistakes.setdefault(str(mistake), mistake)  # a mistake in `defaults` is found once per function
        raise UsageError(sorted(mistakes.values(), key=lambda mistake: mistake.line or 0)) from error


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


def _without_type_names(location: tuple[int | str, ...]) -> Location:
    """Drop what pydantic adds for the key of a mapping."""
    return tuple(part for part in location if part != "[key]")


def _written_at(source: YamlSource, location: Location) -> Location:
    """Return where the value really stands: in the function, or in `defaults`."""
    match location:
        case ("functions", _, key, *rest) if location[:3] not in source.lines and ("defaults", key) in source.lines:
            return ("defaults", key, *rest)
    return location


def _message(location: Location, detail: ErrorDetails, source: YamlSource) -> str:
    """Say what is wrong, what is allowed, and what was given where that is short and no secret."""
    name = ".".join(str(part) for part in location)
    kind = detail["type"]
    if kind == "extra_forbidden":
        return _unknown_key(location, name)
    if kind == "missing":
        reason = source.undecided.get(location)
        return f"`{name}` is missing, and cannot be decided: {reason}" if reason else f"`{name}` is missing"
    text = detail["msg"].removeprefix("Value error, ")
    text = text[:1].lower() + text[1:]
    given = detail["input"]
    secret = "environment" in location or "event" in location
    if secret or isinstance(given, dict | list) or kind == "value_error":
        return f"`{name}`: {text}"
    return f"`{name}`: {text}; it is {given!r}"


def _unknown_key(location: Location, name: str) -> str:
    allowed = _keys_beside(location)
    nearest = difflib.get_close_matches(str(location[-1]), allowed, n=1)
    hint = f"did you mean `{nearest[0]}`?" if nearest else f"allowed are {', '.join(sorted(allowed))}"
    return f"`{name}` is not known here; {hint}"


def _keys_beside(location: Location) -> list[str]:
    """Return the keys that the section around the location may have."""
    model: type[BaseModel] = Document
    for part in location[:-1]:
        field = model.model_fields.get(str(part))
        model = _section(field.annotation) or model if field else model
    return list(model.model_fields)


def _section(annotation: object) -> type[BaseModel] | None:
    """Return the section inside an annotation such as `dict[Name, FunctionSection]` or `X | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in typing.get_args(annotation) if (found := _section(part))), None)
