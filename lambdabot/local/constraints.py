"""Checks a parsed request against the constraints of botocore's model, in the words of AWS's own validation."""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape

from lambdabot.local.api_error import ApiError


class Constraints:
    """The constraints of one service's model, corrected where the service itself is stricter or looser.

    `maxima` replaces the maximum of a shape by its name; `unchecked` names shapes that the service checks itself,
    because it answers another error.
    """

    def __init__(self, *, maxima: Mapping[str, int] | None = None, unchecked: frozenset[str] = frozenset()) -> None:
        """Keep the corrections."""
        self._maxima = maxima or {}
        self._unchecked = unchecked

    def check(self, shape: StructureShape, value: Mapping[str, Any]) -> None:
        """Raise ValidationException with every violation, as AWS counts them."""
        violations = list(self._structure(shape, value, ""))
        if violations:
            count = f"{len(violations)} validation error{'s' if len(violations) > 1 else ''} detected: "
            raise ApiError(code="ValidationException", message=count + "; ".join(violations), status=400)

    def _violations(self, shape: Shape, value: Any, path: str) -> Iterator[str]:  # noqa: ANN401  # any JSON value
        if shape.name in self._unchecked:
            return
        match shape:
            case StructureShape():
                yield from self._structure(shape, value, path)
            case ListShape():
                yield from self._range(shape, len(value), value, path, "length ")
                for index, item in enumerate(value, start=1):
                    yield from self._violations(shape.member, item, f"{path}.{index}.member")
            case MapShape():
                for key, item in value.items():
                    yield from self._violations(shape.key, key, f"{path}.{key}.key")
                    yield from self._violations(shape.value, item, f"{path}.{key}.member")
            case StringShape():
                yield from self._string(shape, value, path)
            case _ if shape.type_name in {"integer", "long"}:
                yield from self._range(shape, value, value, path, "")
            case _ if shape.type_name == "blob":
                yield from self._range(shape, len(value), "java.nio.HeapByteBuffer", path, "length ")

    def _structure(self, shape: StructureShape, value: Mapping[str, Any], path: str) -> Iterator[str]:
        for name, member in shape.members.items():
            place = f"{path}.{_camel(name)}" if path else _camel(name)
            if value.get(name) is not None:
                yield from self._violations(member, value[name], place)
            elif name in shape.required_members:
                yield f"Value null at '{place}' failed to satisfy constraint: Member must not be null"

    def _string(self, shape: StringShape, value: str, path: str) -> Iterator[str]:
        if shape.enum and value not in shape.enum:
            yield _failed(value, path, f"Member must satisfy enum value set: [{', '.join(shape.enum)}]")
        yield from self._range(shape, len(value), value, path, "length ")
        pattern = shape.metadata.get("pattern")
        if pattern and not _compiled(pattern).fullmatch(value):
            yield _failed(value, path, f"Member must satisfy regular expression pattern: {pattern}")

    def _range(self, shape: Shape, size: int, value: object, path: str, what: str) -> Iterator[str]:
        minimum = shape.metadata.get("min")
        maximum = self._maxima.get(shape.name, shape.metadata.get("max"))
        if minimum is not None and size < minimum:
            yield _failed(value, path, f"Member must have {what or 'value '}greater than or equal to {minimum}")
        if maximum is not None and size > maximum:
            yield _failed(value, path, f"Member must have {what or 'value '}less than or equal to {maximum}")


def _failed(value: object, path: str, constraint: str) -> str:
    return f"Value '{value}' at '{path}' failed to satisfy constraint: {constraint}"


def _camel(name: str) -> str:
    return name[:1].lower() + name[1:]


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    """Compile a pattern of the model, which is written for Java: letters, numbers and spaces have other names there."""
    return re.compile(pattern.replace(r"\p{L}", r"\w").replace(r"\p{N}", r"\w").replace(r"\p{Z}", r"\s"))
