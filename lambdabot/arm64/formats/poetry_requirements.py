"""Poetry's own way to write requirements, which Pipenv shares."""

import re
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from lambdabot.arm64.formats.text import typed
from lambdabot.arm64.manifest import Request, Unchecked
from lambdabot.errors import Mistake, UsageError

_GAP = re.compile(r"(?<=[<>=!~^])\s+")  # between an operator and its version
ELSEWHERE = {
    "git": "comes from a repository, which is not built",
    "path": "is a local path, which no index can tell of",
    "file": "is a local path, which no index can tell of",
    "directory": "is a local path, which no index can tell of",
    "url": "comes by an address, and the lock does not say from whom it may be read",
}
"""Why a package is not looked up, by the key that says where it comes from."""


def poetry_requests(
    dependencies: dict[str, Any], path: Path, lines: dict[str, int]
) -> tuple[list[Request], list[Unchecked]]:
    """Return the requirements of a `[tool.poetry.dependencies]` table; Python itself is none."""
    requests, unchecked = [], []
    for name, value in dependencies.items():
        line = lines.get(name)
        source = f"{path.name}:{line or 1}"
        for entry in value if isinstance(value, list) else [value]:
            if canonicalize_name(name) == "python" or (isinstance(entry, dict) and entry.get("optional") is True):
                continue
            where = entry if isinstance(entry, dict) else {}
            if elsewhere := sorted(where.keys() & ELSEWHERE.keys()):
                unchecked.append(Unchecked(name=name, source=source, reason=ELSEWHERE[elsewhere[0]]))
                continue
            text = _requirement(name, entry, path, line)
            try:
                requests.append(Request(requirement=Requirement(text), source=source))
            except (InvalidRequirement, RecursionError) as error:
                message = f"{name}: is not a requirement (PEP 508)"
                raise UsageError([Mistake(message=message, path=path, line=line)]) from error
    return requests, unchecked


def specifier(constraint: str, path: Path, line: int | None = None) -> str:
    """Return Poetry's `^1.2`, `~1.2`, `1.2`, `1.*` or `*` as a PEP 440 specifier.

    Of alternatives (`||`) the last one stands for all, which is the newest as people write them.
    """
    parts = []
    last = _GAP.sub("", constraint.rsplit("||", maxsplit=1)[-1].strip())
    for part in re.split(r"[,\s]+", last):
        try:
            parts.append(_one(part))
        except ValueError as error:  # InvalidVersion, or thousands of digits
            message = f"{part!r} is no version constraint"
            raise UsageError([Mistake(message=message, path=path, line=line)]) from error
    return ",".join(filter(None, parts))


def _one(part: str) -> str:
    if part in {"", "*"}:
        return ""
    if part[0] in "^~" and not part.startswith("~="):
        version = Version(part[1:])
        release = version.release
        kept = (
            next((i for i, number in enumerate(release) if number), len(release) - 1)
            if part[0] == "^"
            else min(1, len(release) - 1)
        )
        ceiling = (*release[:kept], release[kept] + 1)
        return f">={version},<{'.'.join(map(str, ceiling))}"
    if part[0].isdigit():
        if not part.endswith(".*"):
            Version(part)
        return f"=={part}"
    return part


def _requirement(name: str, entry: object, path: Path, line: int | None) -> str:
    if isinstance(entry, str):
        return f"{name}{specifier(entry, path, line)}"
    if not isinstance(entry, dict):
        raise UsageError([Mistake(message=f"{name!r} is neither a version nor a table", path=path, line=line)])
    extras = typed(entry, "extras", list, path, line) or []
    conditions = [f"({marker})" for marker in [typed(entry, "markers", str, path, line)] if marker]
    if python := typed(entry, "python", str, path, line):
        conditions += map(_python_marker, filter(None, specifier(python, path, line).split(",")))
    if platform := typed(entry, "platform", str, path, line):
        conditions.append(f"sys_platform == '{platform}'")
    text = f"{name}{'[' + ','.join(map(str, extras)) + ']' if extras else ''}"
    text += specifier(typed(entry, "version", str, path, line) or "*", path, line)
    return text + (f" ; {' and '.join(conditions)}" if conditions else "")


def _python_marker(part: str) -> str:
    version = part.lstrip("<>=!~")
    return f"python_version {part.removesuffix(version)} '{version}'"
