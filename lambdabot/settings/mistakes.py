"""From pydantic's errors to mistakes in a YAML file: the line, what is wrong, and the nearest right word."""

import difflib
import json
import typing
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from lambdabot.errors import Mistake, UsageError
from lambdabot.settings.forms import FORMS
from lambdabot.settings.schema import DefaultsSection
from lambdabot.settings.yaml_source import Location, YamlSource

M = TypeVar("M", bound=BaseModel)

_LONGEST = 120  # characters of a value that a message repeats

_TEXT, _WHOLE, _NUMBER, _SWITCH = "text", "a whole number", "a number", "`true` or `false`"
_LIST, _MAPPING = "a list, as in `[first, second]`", "a mapping, as in `{{key: value}}`"
_WANTED = {
    **dict.fromkeys(("string_type", "enum_type"), _TEXT),
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float", "int_parsing_size"), _WHOLE),
    **dict.fromkeys(("float_type", "float_parsing", "decimal_type", "decimal_parsing", "finite_number"), _NUMBER),
    **dict.fromkeys(("bool_type", "bool_parsing"), _SWITCH),
    "list_type": _LIST,
    **dict.fromkeys(("dict_type", "model_type", "model_attributes_type"), _MAPPING),
    "invalid-json-value": "what JSON can hold: text in quotes, a number, `true`, `false`, `null`, a list or a mapping",
    "greater_than_equal": "at least {ge:.15g}",
    "greater_than": "above {gt:.15g}",
    "less_than_equal": "at most {le:.15g}",
    "less_than": "below {lt:.15g}",
    "string_too_short": "text that is not empty",
    "too_short": "a list that is not empty",
    "too_long": "a list of at most {max_length}, not {actual_length}",
    "enum": "{expected}",
    "literal_error": "{expected}",
}
"""What a value must be, by pydantic's name of the error; the names in braces come from its context."""


def validated(
    model: type[M],
    source: YamlSource,
    data: Mapping[str, Any] | None = None,
    *,
    written_at: Callable[[Location], Location] = lambda location: location,
) -> M:
    """Return a file as its model. Raises UsageError with every mistake.

    `data` stands in for the file's own when something was merged in it; `written_at` then tells where a value stands.
    """
    try:
        return model.model_validate(source.data if data is None else data)
    except ValidationError as error:
        mistakes: dict[str, Mistake] = {}
        for detail in error.errors(include_url=False, include_context=True):
            location = written_at(_without_type_names(detail["loc"]))
            mistake = source.place(location).mistake(_message(model, location, detail, source))
            mistakes.setdefault(str(mistake), mistake)  # a mistake in `defaults` is found once per function
        raise UsageError(sorted(mistakes.values(), key=lambda one: (one.line or 0, one.column or 0))) from error


def _without_type_names(location: tuple[int | str, ...]) -> Location:
    """Drop what pydantic adds for the key of a mapping, and what the schema adds for a choice of forms."""
    return tuple(part for part in location if not str(part).startswith("["))


def _message(model: type[BaseModel], location: Location, detail: ErrorDetails, source: YamlSource) -> str:
    """Say what is wrong, what is allowed, and what was given where that is short and no secret."""
    name = ".".join(str(part) for part in location)
    kind = detail["type"]
    if kind == "extra_forbidden":
        return _unknown_key(model, location, name)
    if kind == "missing":
        reason = source.undecided.get(location)
        return f"`{name}` is missing, and cannot be decided: {reason}" if reason else f"`{name}` is missing"
    text = wanted(detail)
    given = detail["input"]
    secret = "environment" in location or "event" in location
    if not location:
        return text
    elsewhere = location in source.declared and location not in source.written  # no other file is quoted
    if secret or elsewhere or isinstance(given, dict | list) or kind == "value_error":
        return f"`{name}`: {text}"
    return f"`{name}`: {text}; it is {_shown(given)}"


def wanted(detail: ErrorDetails) -> str:
    """Say what the value must be, in the words of somebody who writes YAML."""
    context = detail.get("ctx", {})
    if context.get("pattern") in FORMS:
        return f"must be {FORMS[context['pattern']]}"
    if detail["type"] in _WANTED:
        return f"must be {_WANTED[detail['type']].format_map(context)}"
    text = detail["msg"].removeprefix("Value error, ")
    return text[:1].lower() + text[1:]


def _shown(given: object) -> str:
    """Return a value as YAML has it, not longer than a line."""
    if given is None:
        return "empty"
    text = json.dumps(given) if isinstance(given, bool) else repr(given)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _unknown_key(model: type[BaseModel], location: Location, name: str) -> str:
    allowed = _keys_beside(model, location)
    if len(location) == 1 and location[0] in DefaultsSection.model_fields:
        return f"`{name}` is a key of a function, or of `defaults` for all of them"
    nearest = difflib.get_close_matches(str(location[-1]), allowed, n=1)
    hint = f"did you mean `{nearest[0]}`?" if nearest else f"allowed are {', '.join(sorted(allowed))}"
    return f"`{name}` is not known here; {hint}"


def _keys_beside(model: type[BaseModel], location: Location) -> list[str]:
    """Return the keys that the section around the location may have."""
    for part in location[:-1]:
        field = model.model_fields.get(str(part))
        model = _section(field.annotation) or model if field else model
    return [field.alias or name for name, field in model.model_fields.items()]


def _section(annotation: object) -> type[BaseModel] | None:
    """Return the section inside an annotation such as `dict[Name, FunctionSection]` or `X | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in typing.get_args(annotation) if (found := _section(part))), None)
