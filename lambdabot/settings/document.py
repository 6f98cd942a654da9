"""From the data of lambdabot.yml to a validated Document, `defaults` merged into its functions."""

from functools import partial
from typing import Any

from lambdabot.settings.mistakes import validated
from lambdabot.settings.schema import Document
from lambdabot.settings.yaml_source import Location, YamlSource


def validate(source: YamlSource) -> Document:
    """Return the file as a Document, defaults merged into each function. Raises UsageError with every mistake."""
    return validated(Document, source, _with_defaults(source.data), written_at=partial(_written_at, source))


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
