"""poetry.lock, and Poetry's own way to write requirements in pyproject.toml."""

import re
from pathlib import Path
from typing import Any

from packaging.markers import InvalidMarker, Marker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from lambdabot.arm64.formats.text import lines_matching, needed, read_toml, sha256_of, tables, typed
from lambdabot.arm64.manifest import Indexes, Manifest, Pin, Request, Unchecked
from lambdabot.errors import Mistake, UsageError

_GAP = re.compile(r"([<>=!~^]+)\s+")  # between an operator and its version
_ELSEWHERE = {
    "git": "comes from a repository, which is not built",
    "path": "is a local path, which no index can tell of",
    "file": "is a local path, which no index can tell of",
    "directory": "is a local path, which no index can tell of",
    "url": "comes by an address, and the lock does not say from whom it may be read",
}


def read_poetry_lock(path: Path) -> Manifest:
    """Read a poetry.lock: its main group, as `poetry install --only main` installs it.

    Poetry 2 writes groups into the lock; for older locks the main group is walked from the pyproject.toml beside it.
    """
    document, text = read_toml(path)
    lines = lines_matching(text, r'^name = "([^"]+)"')
    packages = tables(document, "package", path)
    grouped = any("groups" in package for package in packages)
    pins: dict[str, tuple[Pin, ...]] = {}
    of_project: dict[str, str] = {}  # what comes from another index than the default one
    for package in packages:
        raw = needed(typed(package, "name", str, path), "name", path)
        name, line = canonicalize_name(raw), lines.get(raw)
        source = typed(package, "source", dict, path, line) or {}
        groups = typed(package, "groups", list, path, line) or ["main"]
        if "main" not in groups or (grouped and package.get("optional") is True):
            continue
        pin = Pin(
            version=needed(typed(package, "version", str, path, line), "version", path, line),
            source=f"{path.name}:{line or 1}",
            marker=_marker(package.get("markers"), path, line),
            requires=tuple(_requires(package, path, line)),
            hashes=frozenset(
                sha256_of(typed(file, "hash", str, path, line) or "") for file in tables(package, "files", path)
            ),
            unchecked=_ELSEWHERE.get(str(source.get("type")), ""),
        )
        if source.get("type") == "legacy":
            of_project[name] = str(source.get("url"))
        pins[name] = (*pins.get(name, ()), pin)
    roots = _roots(path)
    metadata = typed(document, "metadata", dict, path) or {}
    python = typed(metadata, "python-versions", str, path)
    return Manifest(
        path=str(path),
        requests=roots,
        indexes=Indexes(of_project=of_project),
        pins=pins,
        walked=not grouped and bool(roots),
        requires_python=specifier(python, path) or None if python else None,
    )


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
            if elsewhere := sorted(where.keys() & _ELSEWHERE.keys()):
                unchecked.append(Unchecked(name=name, source=source, reason=_ELSEWHERE[elsewhere[0]]))
                continue
            text = _requirement(name, entry, path, line)
            try:
                requests.append(Request(requirement=Requirement(text), source=source))
            except InvalidRequirement as error:
                message = f"{name}: {str(error).splitlines()[0]}"
                raise UsageError([Mistake(message=message, path=path, line=line)]) from error
    return requests, unchecked


def specifier(constraint: str, path: Path, line: int | None = None) -> str:
    """Return Poetry's `^1.2`, `~1.2`, `1.2`, `1.*` or `*` as a PEP 440 specifier.

    Of alternatives (`||`) the last one stands for all, which is the newest as people write them.
    """
    parts = []
    last = _GAP.sub(r"\1", constraint.rsplit("||", maxsplit=1)[-1].strip())
    for part in re.split(r"[,\s]+", last):
        try:
            parts.append(_one(part))
        except InvalidVersion as error:
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


def _requires(package: dict[str, Any], path: Path, line: int | None) -> list[str]:
    """Return a locked package's dependencies as Requires-Dist lines; versions are the lock's affair."""
    found = []
    for name, value in (typed(package, "dependencies", dict, path, line) or {}).items():
        for entry in value if isinstance(value, list) else [value]:
            table = entry if isinstance(entry, dict) else {}
            if table.get("optional") is True:
                continue
            extras = typed(table, "extras", list, path, line) or []
            marker = typed(table, "markers", str, path, line)
            found.append(
                name + ("[" + ",".join(map(str, extras)) + "]" if extras else "") + (f" ; {marker}" if marker else "")
            )
    for extra, entries in (typed(package, "extras", dict, path, line) or {}).items():
        for entry in entries if isinstance(entries, list) else []:
            bare = str(entry).partition(" ")[0].partition(";")[0]
            found.append(f"{bare} ; extra == '{extra}'")
    return found


def _marker(value: object, path: Path, line: int | None) -> Marker | None:
    if isinstance(value, dict):
        value = value.get("main")
    if not isinstance(value, str) or not value:
        return None
    try:
        return Marker(value)
    except InvalidMarker as error:
        raise UsageError([Mistake(message="a marker cannot be read", path=path, line=line)]) from error


def _roots(lock: Path) -> tuple[Request, ...]:
    """Return what the pyproject.toml beside the lock asks for, nothing where there is none."""
    path = lock.with_name("pyproject.toml")
    if not path.is_file():
        return ()
    from lambdabot.arm64.formats.pyproject import read_pyproject  # noqa: PLC0415  # each module names the other's format

    return read_pyproject(path).requests
