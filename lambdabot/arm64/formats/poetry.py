"""poetry.lock: the packages of the main group."""

from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from lambdabot.arm64.formats.poetry_requirements import ELSEWHERE, specifier
from lambdabot.arm64.formats.pyproject import read_pyproject
from lambdabot.arm64.formats.text import lines_matching, marked, needed, read_toml, sha256_of, tables, typed
from lambdabot.arm64.indexes.environment import Indexes
from lambdabot.arm64.manifest import Manifest, Pin, Request
from lambdabot.workspace import Workspace


def read_poetry_lock(path: Path, workspace: Workspace) -> Manifest:
    """Read a poetry.lock: its main group, as `poetry install --only main` installs it.

    Poetry 2 writes groups into the lock; for older locks the main group is walked from the pyproject.toml beside it.
    """
    document, text = read_toml(path, workspace)
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
            marker=marked(_of_main(package.get("markers")), path, line),
            requires=tuple(_requires(package, path, line)),
            hashes=frozenset(
                sha256_of(typed(file, "hash", str, path, line) or "") for file in tables(package, "files", path)
            ),
            unchecked=ELSEWHERE.get(str(source.get("type")), ""),
        )
        if source.get("type") == "legacy":
            of_project[name] = str(source.get("url"))
        pins[name] = (*pins.get(name, ()), pin)
    roots = _roots(path.with_name("pyproject.toml"), workspace)
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


def _of_main(markers: object) -> str | None:
    """Return the main group's marker: since Poetry 2 there may be one for each group."""
    marker = markers.get("main") if isinstance(markers, dict) else markers
    return marker if isinstance(marker, str) else None


def _roots(path: Path, workspace: Workspace) -> tuple[Request, ...]:
    """Return what the pyproject.toml beside the lock asks for, nothing where there is none."""
    return read_pyproject(path, workspace).requests if path.is_symlink() or path.is_file() else ()
