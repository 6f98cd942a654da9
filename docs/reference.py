"""Writes what others of the repository's files say again: `make reference`.

reference.md of action.yml and the JSON schema of lambdabot.yml; messages.md of the errors; that schema for editors, at
the address that `init` writes; and the examples that are what `init` writes.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from docs import messages
from lambdabot.settings.schema import SettingsFile
from lambdabot.starter.builds import Part
from lambdabot.starter.files_of_repository import workflow

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "reference.md"
TYPES = {"integer": "whole number", "number": "number", "string": "text", "null": "nothing"}

HEAD = """# Reference

<!-- Written by `make reference` from action.yml and the schema of lambdabot.yml; a test holds them equal. -->
"""


def files() -> dict[Path, str]:
    """Return every file that is written, with its text."""
    examples = ROOT / "examples" / "workflows"
    built = Part(folder=".", command="npm ci && sam build", outputs=(".aws-sam/build",), lock="package-lock.json")
    return {
        PAGE: text(),
        messages.PAGE: messages.page(),
        ROOT / "docs" / "schema.json": json.dumps(SettingsFile.model_json_schema(), indent=2) + "\n",
        examples / "single-function.yml": workflow("lambdabot.yml"),
        examples / "built-code.yml": workflow("lambdabot.yml", [built]),
        examples / "fork-comment.yml": workflow("lambdabot-comment.yml"),
    }


def text() -> str:
    """Return the whole page."""
    action = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    parts = [
        HEAD,
        "## Inputs of the action\n\nAn input overrides the settings file.\n",
        *_table(
            ("Input", "Default", ""),
            (
                (f"`{name}`", _code(one["default"]) or "empty", one["description"])
                for name, one in action["inputs"].items()
            ),
        ),
        "\n## Outputs of the action\n",
        *_table(("Output", ""), ((f"`{name}`", one["description"]) for name, one in action["outputs"].items())),
        "\n## lambdabot.yml\n",
        *_settings(SettingsFile.model_json_schema()),
    ]
    return "\n".join(parts) + "\n"


def _settings(schema: Mapping[str, Any]) -> Iterator[str]:
    """Yield a table for every section, in the order in which they are first named."""
    sections = schema["$defs"]
    shown = ["", *(name for name in _order(schema, sections) if "properties" in sections[name])]
    for name in shown:
        section = sections[name] if name else schema
        if name:
            yield f"\n### {_title(name)}\n"
        yield f"{_line(section.get('description', ''))}\n"
        required = section.get("required", [])
        own = section["properties"].items()
        if name == "FunctionSection":
            yield "Every key of [Defaults](#defaults), and:\n"
            shared = sections["DefaultsSection"]["properties"]
            own = [(key, one) for key, one in own if key not in shared]
        yield from _table(
            ("Key", "Takes", "Default", ""),
            (
                (
                    f"`{key}`",
                    _takes(one, sections),
                    "required" if key in required else _default(one),
                    _description(one, sections),
                )
                for key, one in own
            ),
        )


def _order(part: object, sections: Mapping[str, Any], seen: dict[str, None] | None = None) -> dict[str, None]:
    """Return the names of all sections that are reached, each once."""
    seen = {} if seen is None else seen
    match part:
        case {"$ref": str(reference)}:
            name = reference.rpartition("/")[2]
            if name not in seen:
                seen[name] = None
                _order(sections[name], sections, seen)
        case dict():
            for key, value in part.items():
                if key != "$defs":
                    _order(value, sections, seen)
        case list():
            for value in part:
                _order(value, sections, seen)
    return seen


def _description(one: Mapping[str, Any], sections: Mapping[str, Any]) -> str:
    """Return the key's own description; pydantic leaves it out where it is the section's."""
    section = sections.get(one.get("$ref", "").rpartition("/")[2], {})
    return str(one.get("description") or section.get("description", ""))


def _takes(one: Mapping[str, Any], sections: Mapping[str, Any]) -> str:  # noqa: C901, PLR0911  # one line a form
    """Say in words what a value may be."""
    match one:
        case {"$ref": str(reference)}:
            name = reference.rpartition("/")[2]
            if "properties" not in sections[name]:
                return _takes(sections[name], sections)
            return f"[{_title(name)}](#{_title(name).lower().replace(' ', '-')})"
        case {"const": value}:
            return f"`{json.dumps(value)}`"
        case {"enum": list(values)}:
            return ", ".join(f"`{value}`" for value in values)
        case {"anyOf": list(ways)} | {"oneOf": list(ways)}:
            kinds = [way.get("type") for way in ways]
            left_out = {"null", "string" if "number" in kinds else ""}  # an exact number may be written as text
            return " or ".join(_takes(way, sections) for way in ways if way.get("type") not in left_out)
        case {"type": "array", "items": dict(item)}:
            return f"list, each {_takes(item, sections)}"
        case {"type": "object", "patternProperties": dict(items)}:
            return f"mapping from names to {' or '.join(_takes(item, sections) for item in items.values())}"
        case {"type": "object", "propertyNames": dict(names), "additionalProperties": dict(item)}:
            return f"mapping from {_takes(names, sections)} to {_takes(item, sections)}"
        case {"type": "boolean"}:
            return "`true`, `false`"
        case {"type": str(kind)}:
            return TYPES.get(kind, kind) + _bounds(one)
    return "any JSON value"


def _bounds(one: Mapping[str, Any]) -> str:
    names = {
        "minimum": "at least",
        "exclusiveMinimum": "above",
        "maximum": "at most",
        "exclusiveMaximum": "below",
    }
    told = [f"{words} {one[key]:.15g}" for key, words in names.items() if key in one]
    return f", {', '.join(told)}" if told else ""


def _default(one: Mapping[str, Any]) -> str:
    match one.get("default"):
        case None | dict() | []:
            return ""
        case str(value):
            return _code(value)
        case float(value):
            return _code(f"{value:g}")
        case value:
            return _code(json.dumps(value))


def _title(name: str) -> str:
    """Return `FunctionBudgetSection` as `Function budget`."""
    words = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name.removesuffix("Section"))
    return words.strip().capitalize()


def _table(heads: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"| {' | '.join(['---'] * len(heads))} |"
    for row in rows:
        yield f"| {' | '.join(_line(cell).replace('|', chr(92) + '|') for cell in row)} |"


def _code(value: str) -> str:
    return f"`{value}`" if value else ""


def _line(value: str) -> str:
    return " ".join(value.split())


if __name__ == "__main__":
    for path, written in files().items():
        path.write_text(written, encoding="utf-8")
