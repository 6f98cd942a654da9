"""uv.lock: the whole graph with every file, walked from the project itself."""

from pathlib import Path
from typing import Any

from packaging.markers import Marker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from lambdabot.arm64.formats.text import lines_matching, marked, needed, read_toml, sha256_of, tables, typed
from lambdabot.arm64.indexes.environment import Indexes
from lambdabot.arm64.indexes.release import File, filename_of, parse_filename
from lambdabot.arm64.manifest import Manifest, Pin, Request
from lambdabot.errors import Mistake, UsageError
from lambdabot.workspace import Workspace

_OWN = ("virtual", "editable")
_LOCAL = {
    "git": "comes from a repository, which is not built",
    "path": "is a local path, which no index can tell of",
    "directory": "is a local path, which no index can tell of",
    "editable": "is a local path, which no index can tell of",
    "virtual": "",  # a project without code of its own: nothing is installed
}


def read_uv_lock(path: Path, workspace: Workspace) -> Manifest:
    """Read a uv.lock: what its project asks for without extras and groups, as `uv sync --no-dev` installs it."""
    document, text = read_toml(path, workspace)
    lines = lines_matching(text, r'^name = "([^"]+)"')
    packages = tables(document, "package", path)
    members = typed(typed(document, "manifest", dict, path) or {}, "members", list, path) or []
    pins: dict[str, tuple[Pin, ...]] = {}
    of_project: dict[str, str] = {}
    roots: list[Pin] = []
    for package in packages:
        name = canonicalize_name(needed(typed(package, "name", str, path), "name", path))
        source = f"{path.name}:{lines.get(name, 1)}"
        origin = typed(package, "source", dict, path) or {}
        kind = next(iter(origin), "")
        pin = Pin(
            version=typed(package, "version", str, path) or "0",
            source=source,
            marker=_any_of(typed(package, "resolution-markers", list, path) or [], path, lines.get(name)),
            requires=tuple(_requires(package, path)),
            files=tuple(_files(package, name, path)) if kind in {"registry", "url"} else (),
            unchecked=_LOCAL.get(kind, ""),
        )
        if str(origin.get("registry", "")).startswith("https://"):
            of_project[name] = str(origin["registry"])
        own = kind in _OWN and (origin.get(kind) == "." or name in members)
        if own:
            roots.append(pin)
        pins[name] = (*pins.get(name, ()), pin)
    if not roots:
        message = "names no project of its own, so what is installed from it cannot be told"
        raise UsageError([Mistake(message=message, path=path)])
    requests = tuple(request for pin in roots for request in _requests(pin))
    python = typed(document, "requires-python", str, path)
    environments = [_any_of([marker], path, None) for marker in typed(document, "supported-markers", list, path) or []]
    return Manifest(
        path=str(path),
        requests=requests,
        indexes=Indexes(of_project=of_project),
        pins=pins,
        walked=True,
        requires_python=python,
        environments=tuple(filter(None, environments)),
    )


def _requests(pin: Pin) -> list[Request]:
    requests = []
    for line in pin.requires:
        requirement = Requirement(line)
        if requirement.marker is None or "extra ==" not in str(requirement.marker):
            requests.append(Request(requirement=requirement, source=pin.source))
    return requests


def _requires(package: dict[str, Any], path: Path) -> list[str]:
    """Return the package's dependencies as Requires-Dist lines."""
    lines = [_line(entry, path) for entry in tables(package, "dependencies", path)]
    for extra, entries in (typed(package, "optional-dependencies", dict, path) or {}).items():
        lines += [_line(entry, path, extra) for entry in tables({extra: entries}, extra, path)]
    return lines


def _line(entry: dict[str, Any], path: Path, extra: str = "") -> str:
    name = needed(typed(entry, "name", str, path), "name", path)
    extras = typed(entry, "extra", list, path) or []
    version = typed(entry, "version", str, path)
    conditions = [f"({marker})" for marker in [typed(entry, "marker", str, path)] if marker]
    conditions += [f"extra == '{extra}'"] if extra else []
    line = f"{name}{'[' + ','.join(map(str, extras)) + ']' if extras else ''}"
    line += f"=={version}" if version else ""
    line += f" ; {' and '.join(conditions)}" if conditions else ""
    try:
        Requirement(line)
    except (InvalidRequirement, RecursionError) as error:
        message = f"the dependency on {name} cannot be read"
        raise UsageError([Mistake(message=message, path=path)]) from error
    return line


def _files(package: dict[str, Any], name: str, path: Path) -> list[File]:
    entries = tables(package, "wheels", path)
    if sdist := typed(package, "sdist", dict, path):
        entries = [*entries, sdist]
    files = []
    for entry in entries:
        url = typed(entry, "url", str, path) or typed(entry, "path", str, path) or ""
        filename = typed(entry, "filename", str, path) or filename_of(url)
        found = parse_filename(filename, name)
        if found is not None:
            digest = sha256_of(typed(entry, "hash", str, path) or "") or None
            files.append(File(filename, url, *found, sha256=digest))
    return files


def _any_of(markers: list[Any], path: Path, line: int | None) -> Marker | None:
    return marked(" or ".join(f"({marker})" for marker in markers), path, line)
