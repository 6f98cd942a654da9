"""pyproject.toml: the project's dependencies, groups that are shipped, Poetry's own tables, and named indexes."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from lambdabot.arm64.formats.poetry_requirements import poetry_requests, specifier
from lambdabot.arm64.formats.requirements_txt import parse_requirement
from lambdabot.arm64.formats.text import read_toml, tables, typed
from lambdabot.arm64.indexes.environment import Indexes
from lambdabot.arm64.manifest import Manifest, Request, Unchecked
from lambdabot.errors import Mistake, UsageError
from lambdabot.workspace import Workspace

# Groups of these names are for people who work on the project; what is shipped has another name.
_DEVELOPMENT = re.compile(
    r"(dev|develop|development|tests?|testing|lint|linting|format|checks?|qa|ci|docs?|documentation|types?|typing|mypy"
    r"|build|release|bench|benchmarks?|tools|nox|tox)([_-].*)?"
)
_SOURCES = {
    "git": "comes from a repository, which is not built",
    "path": "is a local path, which no index can tell of",
    "workspace": "is a member of the workspace, which no index can tell of",
    "url": "comes by an address of [tool.uv.sources], which is not followed",
}


def read_pyproject(path: Path, workspace: Workspace) -> Manifest:
    """Read a pyproject.toml: the project's dependencies, or Poetry's, and the groups that are not for development."""
    document, text = read_toml(path, workspace)
    project = typed(document, "project", dict, path) or {}
    tool = typed(document, "tool", dict, path) or {}
    poetry = typed(tool, "poetry", dict, path) or {}
    uv = typed(tool, "uv", dict, path) or {}
    lines = _lines(text)
    requests, unchecked = _parsed(typed(project, "dependencies", list, path) or [], path, lines)
    for group in _shipped_groups(document, path):
        more, others = _parsed(_group(document, group, path), path, lines)
        requests, unchecked = requests + more, unchecked + others
    if "dependencies" not in project:
        more, others = poetry_requests(typed(poetry, "dependencies", dict, path) or {}, path, lines)
        requests, unchecked = requests + more, unchecked + others
    requests, elsewhere = _without_sources(requests, typed(uv, "sources", dict, path) or {})
    python = typed(project, "requires-python", str, path)
    if python is None and isinstance(wanted := (typed(poetry, "dependencies", dict, path) or {}).get("python"), str):
        python = specifier(wanted, path)
    return Manifest(
        path=str(path),
        requests=tuple(requests),
        unchecked=(*unchecked, *elsewhere),
        indexes=_indexes(uv, poetry, path),
        requires_python=python,
        prereleases=uv.get("prerelease") == "allow",
    )


def _shipped_groups(document: dict[str, Any], path: Path) -> list[str]:
    groups = typed(document, "dependency-groups", dict, path) or {}
    return [group for group in groups if not _DEVELOPMENT.fullmatch(canonicalize_name(group))]


def _group(document: dict[str, Any], group: str, path: Path, inside: tuple[str, ...] = ()) -> list[Any]:
    """Return a group's requirements with those of the groups that it includes (PEP 735)."""
    groups = typed(document, "dependency-groups", dict, path) or {}
    by_name = {canonicalize_name(name): name for name in groups}
    name = by_name.get(canonicalize_name(group))
    if name is None or name in inside:
        message = f"there is no dependency group {group!r}" if name is None else f"the group {group!r} includes itself"
        raise UsageError([Mistake(message=message, path=path)])
    found: list[Any] = []
    for entry in typed(groups, name, list, path) or []:
        included = entry.get("include-group") if isinstance(entry, dict) else None
        found += _group(document, included, path, (*inside, name)) if isinstance(included, str) else [entry]
    return found


def _parsed(entries: Iterable[Any], path: Path, lines: dict[str, int]) -> tuple[list[Request], list[Unchecked]]:
    requests, unchecked = [], []
    for entry in entries:
        if not isinstance(entry, str):
            raise UsageError([Mistake(message="a dependency is not a string", path=path)])
        name = _leading_name(entry)
        source = f"{path.name}:{lines.get(name, 1)}"
        found = parse_requirement(entry, source)
        if isinstance(found, Requirement):
            requests.append(Request(requirement=found, source=source))
        else:
            unchecked.append(found)
    return requests, unchecked


def _without_sources(requests: list[Request], sources: dict[str, Any]) -> tuple[list[Request], list[Unchecked]]:
    """Take out what [tool.uv.sources] gets from elsewhere than an index."""
    elsewhere = {}
    for name, value in sources.items():
        for table in value if isinstance(value, list) else [value]:
            kinds = sorted(table.keys() & _SOURCES.keys()) if isinstance(table, dict) else []
            if kinds:
                elsewhere[canonicalize_name(name)] = _SOURCES[kinds[0]]
    kept = [request for request in requests if request.name not in elsewhere]
    return kept, [
        Unchecked(name=request.name, source=request.source, reason=elsewhere[request.name])
        for request in requests
        if request.name in elsewhere
    ]


def _indexes(uv: dict[str, Any], poetry: dict[str, Any], path: Path) -> Indexes:
    """Return the indexes that uv's and Poetry's tables name, and which project is to be had from which."""
    default = typed(uv, "index-url", str, path)
    extra = [str(address) for address in typed(uv, "extra-index-url", list, path) or []]
    named = {}
    explicit = set()
    for table in (*tables(uv, "index", path), *tables(poetry, "source", path)):
        name, url = typed(table, "name", str, path) or "", typed(table, "url", str, path)
        if url is None:
            continue
        named[name] = url
        priority = typed(table, "priority", str, path)
        if table.get("explicit") is True or priority == "explicit":
            explicit.add(name)
        elif table.get("default") is True or priority in {"primary", "default"}:
            default = url
        else:
            extra.append(url)
    of_project: dict[str, str] = {}
    wanted = [
        *(typed(uv, "sources", dict, path) or {}).items(),
        *(typed(poetry, "dependencies", dict, path) or {}).items(),
    ]
    for project, value in wanted:
        for table in value if isinstance(value, list) else [value]:
            index = (table.get("index") or table.get("source")) if isinstance(table, dict) else None
            if isinstance(index, str) and index in named:
                of_project[canonicalize_name(project)] = named[index]
    return Indexes(default=default, extra=tuple(extra), of_project=of_project)


def _lines(text: str) -> dict[str, int]:
    """Return the first line on which a requirement of each name stands, be it a string of a list or a key."""
    found: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        for name in _names(line):
            found.setdefault(name, number)
    return found


def _names(line: str) -> Iterator[str]:
    """Yield what could be a requirement's name: the start of a string, or a key."""
    for match in re.finditer(r"""(?:^\s*|["']\s*)([A-Za-z0-9][A-Za-z0-9._-]*)""", line):
        yield match[1]


def _leading_name(requirement: str) -> str:
    match = re.match(r"[A-Za-z0-9][A-Za-z0-9._-]*", requirement.strip())
    return match[0] if match else ""
