r"""JSON as the node tree that YAML has: JSON allows tabs, `\/` and surrogate pairs, which YAML's readers refuse."""

import json
import re
from typing import Any

import yaml

from lambdabot.project.templates.source_text import SourceText, TemplateError

MAX_DEPTH = 200
"""Far above what any template nests, and below what Python's stack bears."""

_SPACE = re.compile(r"[ \t\r\n]*")
_TAGS = {str: "str", bool: "bool", int: "int", float: "float", type(None): "null"}


def read(text: SourceText) -> yaml.Node:
    """Return the root node; marks hold offsets only. Raises TemplateError with the place."""
    reader = _Reader(text)
    node, at = reader.value(reader.space(0), 0)
    at = reader.space(at)
    if at != len(text.content):
        raise reader.error(at, "there is more after the end of the JSON value")
    return node


class _Reader:
    def __init__(self, text: SourceText) -> None:
        self._text = text
        self._content = text.content
        self._scalar = json.JSONDecoder(strict=False).raw_decode

    def space(self, at: int) -> int:
        found = _SPACE.match(self._content, at)
        return found.end() if found else at

    def error(self, at: int, reason: str) -> TemplateError:
        return TemplateError(f"is not valid JSON: {reason}", self._text.place(at))

    def value(self, at: int, depth: int) -> tuple[yaml.Node, int]:
        """Return the value that begins at an offset, and the offset after it."""
        if depth > MAX_DEPTH:
            raise self.error(at, f"it nests deeper than {MAX_DEPTH}")
        match self._content[at : at + 1]:
            case "{":
                return self._object(at, depth)
            case "[":
                return self._array(at, depth)
            case "":
                raise self.error(at, "it ends too early")
        return self._simple(at)

    def _simple(self, at: int) -> tuple[yaml.ScalarNode, int]:
        try:
            value, end = self._scalar(self._content, at)
        except (json.JSONDecodeError, ValueError) as error:
            raise self.error(at, "a value was expected") from error
        node = yaml.ScalarNode(
            f"tag:yaml.org,2002:{_TAGS[type(value)]}",
            value if isinstance(value, str) else self._content[at:end],
            _mark(at),
            _mark(end),
            style='"' if isinstance(value, str) else None,
        )
        return node, end

    def _object(self, at: int, depth: int) -> tuple[yaml.Node, int]:
        pairs: list[tuple[yaml.Node, yaml.Node]] = []
        here = self.space(at + 1)
        while self._content[here : here + 1] != "}":
            if pairs:
                here = self._expect(here, ",")
            if self._content[here : here + 1] != '"':
                raise self.error(here, "a key in double quotes was expected")
            key, here = self._simple(here)
            value, here = self.value(self._expect(self.space(here), ":"), depth + 1)
            pairs.append((key, value))
            here = self.space(here)
        return _collection(yaml.MappingNode, "map", pairs, at, here + 1)

    def _array(self, at: int, depth: int) -> tuple[yaml.Node, int]:
        items: list[yaml.Node] = []
        here = self.space(at + 1)
        while self._content[here : here + 1] != "]":
            if items:
                here = self._expect(here, ",")
            item, here = self.value(here, depth + 1)
            items.append(item)
            here = self.space(here)
        return _collection(yaml.SequenceNode, "seq", items, at, here + 1)

    def _expect(self, at: int, sign: str) -> int:
        if self._content[at : at + 1] != sign:
            raise self.error(at, f"`{sign}` was expected")
        return self.space(at + 1)


def _collection(
    kind: type[yaml.CollectionNode], tag: str, value: list[Any], start: int, end: int
) -> tuple[yaml.Node, int]:
    return kind(f"tag:yaml.org,2002:{tag}", value, _mark(start), _mark(end), flow_style=True), end


def _mark(at: int) -> yaml.Mark:
    return yaml.Mark("", at, 0, 0, None, 0)
