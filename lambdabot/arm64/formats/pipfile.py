"""Pipfile.lock and Pipfile: Pipenv's default section and its sources."""

from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from lambdabot.arm64.formats.poetry_requirements import poetry_requests
from lambdabot.arm64.formats.text import lines_matching, marked, read_json, read_toml, sha256_of, tables, typed
from lambdabot.arm64.indexes.environment import Indexes
from lambdabot.arm64.manifest import Manifest, Pin
from lambdabot.errors import Mistake, UsageError
from lambdabot.workspace import Workspace


def read_pipfile_lock(path: Path, workspace: Workspace) -> Manifest:
    """Read the `default` section of a Pipfile.lock, which is a flat list: Pipenv installs just that."""
    document, text = read_json(path, workspace)
    lines = lines_matching(text, r'^ {8}"([^"]+)": \{')
    pins: dict[str, tuple[Pin, ...]] = {}
    of_project: dict[str, str] = {}
    meta = typed(document, "_meta", dict, path) or {}
    named, default = _sources(tables(meta, "sources", path), path)
    for raw, entry in (typed(document, "default", dict, path) or {}).items():
        line = lines.get(raw)
        if not isinstance(entry, dict):
            raise UsageError([Mistake(message=f"{raw!r} is no object", path=path, line=line)])
        name = canonicalize_name(raw)
        version = typed(entry, "version", str, path, line)
        pins[name] = (
            Pin(
                version=(version or "0").removeprefix("=="),
                source=f"{path.name}:{line or 1}",
                marker=marked(typed(entry, "markers", str, path, line), path, line),
                hashes=frozenset(sha256_of(str(digest)) for digest in typed(entry, "hashes", list, path, line) or []),
                unchecked="" if version else "comes from a repository or a path, which no index can tell of",
            ),
        )
        if (index := typed(entry, "index", str, path, line)) in named:
            of_project[name] = named[index]
    return Manifest(path=str(path), indexes=Indexes(default=default, of_project=of_project), pins=pins)


def read_pipfile(path: Path, workspace: Workspace) -> Manifest:
    """Read the `packages` of a Pipfile."""
    document, text = read_toml(path, workspace)
    named, default = _sources(tables(document, "source", path), path)
    packages = typed(document, "packages", dict, path) or {}
    lines = lines_matching(text, r'^"?([A-Za-z0-9._-]+)"?\s*=')
    requests, unchecked = poetry_requests(packages, path, lines)
    of_project: dict[str, str] = {
        canonicalize_name(name): named[index]
        for name, entry in packages.items()
        if isinstance(entry, dict) and (index := typed(entry, "index", str, path, lines.get(name))) in named
    }
    return Manifest(
        path=str(path),
        requests=tuple(requests),
        unchecked=tuple(unchecked),
        indexes=Indexes(default=default, of_project=of_project),
    )


def _sources(sources: list[dict[str, Any]], path: Path) -> tuple[dict[str, str], str | None]:
    """Return the sources by name, and the first as the default index (Pipenv uses the others by name only)."""
    named = {
        typed(source, "name", str, path) or "": url
        for source in sources
        if (url := typed(source, "url", str, path)) is not None
    }
    return named, next(iter(named.values()), None)
