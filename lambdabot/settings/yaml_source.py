"""YAML with the line of every key, so that a mistake can be pointed at."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from lambdabot.declaration import Place
from lambdabot.errors import Mistake, UsageError

Location = tuple[str | int, ...]
"""Keys and list positions from the root, as pydantic reports them."""

MOST_VALUES = 100_000
"""In one file, with what its aliases repeat: a few lines of aliases of aliases can stand for billions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class YamlSource:
    """A YAML file as plain data, with the 1-based line of each key and list item."""

    path: Path
    data: dict[str, Any]
    lines: dict[Location, int]
    places: dict[Location, Place] = field(default_factory=dict)  # of values that templates say
    undecided: dict[Location, str] = field(default_factory=dict)  # why templates do not say a value

    def place(self, location: Location) -> tuple[Path, int]:
        """Return the file and line of a value: its template's where the file itself does not have the key."""
        written = self.places.get(location)
        if written is not None and location not in self.lines:
            return written.path, written.line
        return self.path, self.line(location)

    def line(self, location: Location) -> int:
        """Return the line of the nearest enclosing key that the file really has."""
        while location and location not in self.lines:
            location = location[:-1]
        return self.lines.get(location, 1)


def read(path: Path) -> YamlSource:
    """Read one file. Raises UsageError with the place when it cannot be read, parsed, or is no mapping."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UsageError([Mistake(message=f"cannot be read: {error.strerror}", path=path)]) from error
    except UnicodeDecodeError as error:
        raise UsageError([Mistake(message=f"is not UTF-8 text (byte {error.start})", path=path)]) from error
    try:
        loader = yaml.SafeLoader(text)
        node = loader.get_single_node()
        if not isinstance(node, yaml.MappingNode):
            raise UsageError([Mistake(message="must hold a mapping that starts with `version: 1`", path=path, line=1)])
        lines: dict[Location, int] = {(): 1}
        duplicates: list[Mistake] = []
        _walk(node, (), lines, duplicates, path)
        if duplicates:
            raise UsageError(duplicates)
        data = loader.construct_document(node)
    except RecursionError as error:
        message = "is nested too deeply, or an alias (`*name`) holds itself"
        raise UsageError([Mistake(message=message, path=path, line=1)]) from error
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        problem = getattr(error, "problem", None) or str(error).partition(";")[0] or type(error).__name__
        line = mark.line + 1 if mark else 1
        raise UsageError([Mistake(message=f"is not valid YAML: {problem}", path=path, line=line)]) from error
    return YamlSource(path=path, data=data, lines=lines)


def _walk(node: yaml.Node, at: Location, lines: dict[Location, int], duplicates: list[Mistake], path: Path) -> None:
    """Note the line of everything below the node; YAML itself lets the last of two equal keys win in silence."""
    if len(lines) > MOST_VALUES:
        message = f"holds more than {MOST_VALUES:,} values, what its aliases (`*name`) repeat included"
        raise UsageError([Mistake(message=message, path=path, line=1)])
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            name = str(key.value)
            if name in seen and name != "<<":
                duplicates.append(
                    Mistake(message=f"`{name}` stands here twice", path=path, line=key.start_mark.line + 1)
                )
            seen.add(name)
            lines[*at, name] = key.start_mark.line + 1
            _walk(value, (*at, name), lines, duplicates, path)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            lines[*at, index] = item.start_mark.line + 1
            _walk(item, (*at, index), lines, duplicates, path)
