"""Manifests as text: read with a bound, decoded, parsed; every mistake with its file and line."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any, TypeVar

from packaging.markers import InvalidMarker, Marker

from lambdabot import requirements_file
from lambdabot.errors import Mistake, UsageError
from lambdabot.workspace import FileRefusedError, Workspace

T = TypeVar("T")
_BEYOND = "nested too deeply, or a number too large"
# tomllib takes quadratic time over the parts of a key, which may be as many as a file is long.
_DEEP_KEY = re.compile(r"""(?<![\w-])(?:(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){64}""")


def read_text(path: Path, workspace: Workspace) -> str:
    """Return a manifest's text; raise UsageError for what is no readable text file of the workspace."""
    try:
        return requirements_file.read_text(path, workspace)
    except FileRefusedError as error:
        raise UsageError([Mistake(message=str(error), path=path)]) from error


def read_toml(path: Path, workspace: Workspace) -> tuple[dict[str, Any], str]:
    """Return a TOML file parsed and as text; raise UsageError with the line of the mistake."""
    text = read_text(path, workspace)
    if deep := _DEEP_KEY.search(text):
        line = text.count("\n", 0, deep.start()) + 1
        raise UsageError([Mistake(message=f"is not TOML: {_BEYOND}", path=path, line=line)])
    try:
        return tomllib.loads(text), text
    except tomllib.TOMLDecodeError as error:
        match = re.search(r"\(at line (\d+), column \d+\)", str(error))
        line = int(match[1]) if match else text.count("\n") + 1
        message = f"is not TOML: {str(error).partition(' (at ')[0]}"
        raise UsageError([Mistake(message=message, path=path, line=line)]) from error
    except (RecursionError, ValueError) as error:  # ValueError: thousands of digits
        raise UsageError([Mistake(message=f"is not TOML: {_BEYOND}", path=path)]) from error


def read_json(path: Path, workspace: Workspace) -> tuple[dict[str, Any], str]:
    """Return a JSON object parsed and as text; raise UsageError with the line of the mistake."""
    text = read_text(path, workspace)
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise UsageError([Mistake(message=f"is not JSON: {error.msg}", path=path, line=error.lineno)]) from error
    except (RecursionError, ValueError) as error:  # ValueError: thousands of digits
        raise UsageError([Mistake(message=f"is not JSON: {_BEYOND}", path=path)]) from error
    if not isinstance(document, dict):
        raise UsageError([Mistake(message="is not a JSON object", path=path, line=1)])
    return document, text


def lines_matching(text: str, pattern: str) -> dict[str, int]:
    """Return the first line number by what the pattern's first group finds there."""
    found: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if match := re.search(pattern, line):
            found.setdefault(match[1], number)
    return found


def typed(table: dict[str, Any], key: str, kind: type[T], path: Path, line: int | None = None) -> T | None:
    """Return a value of the type that it must have, None when it is absent; raise UsageError when it is another."""
    value = table.get(key)
    if value is None or isinstance(value, kind):
        return value
    message = f"{key!r} is a {type(value).__name__}, and must be a {kind.__name__}"
    raise UsageError([Mistake(message=message, path=path, line=line)])


def tables(table: dict[str, Any], key: str, path: Path) -> list[dict[str, Any]]:
    """Return an array of tables, empty when it is absent; raise UsageError for anything else."""
    value = typed(table, key, list, path) or []
    if any(not isinstance(item, dict) for item in value):
        raise UsageError([Mistake(message=f"{key!r} holds something else than tables", path=path)])
    return value


def needed(value: T | None, key: str, path: Path, line: int | None = None) -> T:
    """Return a value that must be there; raise UsageError when it is not."""
    if value is None:
        raise UsageError([Mistake(message=f"{key!r} is missing", path=path, line=line)])
    return value


def marked(text: str | None, path: Path, line: int | None = None) -> Marker | None:
    """Return an environment marker, None when there is none; raise UsageError for what is none."""
    try:
        return Marker(text) if text else None
    except (InvalidMarker, RecursionError) as error:
        raise UsageError([Mistake(message="a marker cannot be read", path=path, line=line)]) from error


def sha256_of(digest: str) -> str:
    """Return the hexadecimal digest of `sha256:…`, empty for another algorithm."""
    algorithm, _, value = digest.partition(":")
    return value.lower() if algorithm == "sha256" else ""
