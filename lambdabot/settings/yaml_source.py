"""YAML with the place of every key, so that a mistake can be pointed at."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from lambdabot.errors import Mistake, UsageError
from lambdabot.model import Place
from lambdabot.workspace import FileRefusedError, Workspace

Location = tuple[str | int, ...]
"""Keys and list positions from the root, as pydantic reports them."""

LARGEST_BYTES = 1024 * 1024
"""The largest file that is read: a monorepo's with a thousand functions has some hundred kB."""

LONGEST_NUMBER = 100
"""Characters: YAML counts `1:1:…` in base 60, in time that grows with the square of the length."""

_NUMBERS = {"tag:yaml.org,2002:int", "tag:yaml.org,2002:float"}

MOST_VALUES = 100_000
"""Values in one file, counting what its aliases repeat: a few lines of aliases of aliases can stand for billions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class YamlSource:
    """A YAML file as plain data, with the place of each key and list item."""

    path: Path
    data: dict[str, Any]
    written: dict[Location, Place] = field(default_factory=dict)
    declared: dict[Location, Place] = field(default_factory=dict)  # where templates say a value
    undecided: dict[Location, str] = field(default_factory=dict)  # why templates do not say a value

    def place(self, location: Location) -> Place:
        """Return where a value is written: in a template where that says it, else at the nearest enclosing key."""
        if location in self.declared and location not in self.written:
            return self.declared[location]
        while location and location not in self.written:
            location = location[:-1]
        return self.written.get(location) or Place(path=self.path, line=1)


class _Loader(yaml.SafeLoader):
    """Says of a value that YAML cannot make, such as a 13th month, where it stands."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:  # noqa: ANN401, FBT002  # as PyYAML has it
        if node.tag in _NUMBERS and isinstance(node, yaml.ScalarNode) and len(node.value) > LONGEST_NUMBER:
            problem = f"a number has more than {LONGEST_NUMBER} characters"
            raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark)
        try:
            return super().construct_object(node, deep)
        except (ValueError, OverflowError) as error:
            raise yaml.constructor.ConstructorError(
                None, None, str(error).partition(";")[0], node.start_mark
            ) from error


def is_there(config: Path) -> bool:
    """Tell whether anything bears the name of the settings file; whether it can be read shows when it is."""
    try:
        return os.path.lexists(config)
    except ValueError:  # a NUL in the name
        return False


def read(path: Path, workspace: Workspace) -> YamlSource:
    """Read one file of a workspace. Raises UsageError with the place when it cannot be read or parsed, or maps nothing.

    What a link leads to is known by its own place: what the file names, it names from there.
    """
    try:
        text = workspace.read(path, largest=LARGEST_BYTES).decode("utf-8-sig")
    except FileRefusedError as error:
        raise UsageError([Mistake(message=str(error), path=path)]) from error
    except UnicodeDecodeError as error:
        raise UsageError([Mistake(message=f"is not UTF-8 text (byte {error.start})", path=path)]) from error
    path = path.resolve()
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        if not isinstance(node, yaml.MappingNode):
            top = Place(path=path, line=1)
            raise UsageError([top.mistake("must hold a mapping that starts with `version: 1`")])
        written: dict[Location, Place] = {}
        mistakes: list[Mistake] = []
        _walk(node, (), written, mistakes, path)
        if mistakes:
            raise UsageError(mistakes)
        data = loader.construct_document(node)
    except RecursionError as error:
        top = Place(path=path, line=1)
        raise UsageError([top.mistake("is nested too deeply, or an alias (`*name`) holds itself")]) from error
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        problem = getattr(error, "problem", None) or str(error).partition(";")[0] or type(error).__name__
        if problem == "found unhashable key":
            problem = 'a mapping stands where a name belongs (text in double braces stands in quotes: `"{{uuid}}"`)'
        place = _place(path, mark) if mark else Place(path=path, line=1)
        raise UsageError([place.mistake(f"is not valid YAML: {problem}")]) from error
    return YamlSource(path=path, data=data, written=written)


def _place(path: Path, mark: yaml.Mark) -> Place:
    return Place(path=path, line=mark.line + 1, column=mark.column + 1)


def _walk(node: yaml.Node, at: Location, written: dict[Location, Place], mistakes: list[Mistake], path: Path) -> None:
    """Note the place of everything below the node; YAML itself lets the last of two equal keys win in silence."""
    if len(written) > MOST_VALUES:
        message = f"holds more than {MOST_VALUES:,} values, what its aliases (`*name`) repeat included"
        raise UsageError([Place(path=path, line=1).mistake(message)])
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            name = str(key.value)
            place = _place(path, key.start_mark)
            if name in seen and name != "<<":
                mistakes.append(place.mistake(f"`{name}` stands here twice"))
            seen.add(name)
            written[*at, name] = place
            _walk(value, (*at, name), written, mistakes, path)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            written[*at, index] = _place(path, item.start_mark)
            _walk(item, (*at, index), written, mistakes, path)
    elif "\0" in node.value:
        mistakes.append(_place(path, node.start_mark).mistake("holds a NUL character, which no path or variable can"))
