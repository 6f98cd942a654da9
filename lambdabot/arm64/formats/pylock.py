"""pylock.toml (PEP 751): packages with their files, for the default groups."""

from pathlib import Path

from packaging import pylock
from packaging.utils import canonicalize_name

from lambdabot.arm64.formats.text import lines_matching, read_toml
from lambdabot.arm64.indexes.environment import Indexes
from lambdabot.arm64.indexes.release import File, filename_of, parse_filename
from lambdabot.arm64.manifest import Manifest, Pin
from lambdabot.errors import Mistake, UsageError
from lambdabot.workspace import Workspace


def read_pylock(path: Path, workspace: Workspace) -> Manifest:
    """Read a pylock.toml; the packaging authority's own reader validates it."""
    document, text = read_toml(path, workspace)
    lines = lines_matching(text, r'^\s*name\s*=\s*"([^"]+)"')
    try:
        lock = pylock.Pylock.from_dict(document)
    except pylock.PylockValidationError as error:
        raise UsageError([Mistake(message=f"is no pylock.toml: {error}", path=path)]) from error
    pins: dict[str, tuple[Pin, ...]] = {}
    of_project: dict[str, str] = {}
    for package in lock.packages:
        name = canonicalize_name(package.name)
        elsewhere = next((word for word in ("vcs", "directory", "archive") if getattr(package, word) is not None), "")
        pin = Pin(
            version=str(package.version or "0"),
            source=f"{path.name}:{lines.get(package.name, 1)}",
            marker=package.marker,
            requires=tuple(str(each["name"]) for each in package.dependencies or () if "name" in each),
            files=tuple(_files(package, name)),
            unchecked=f"comes from a {elsewhere}, which no index can tell of" if elsewhere else "",
        )
        if package.index is not None:
            of_project[name] = package.index
        pins[name] = (*pins.get(name, ()), pin)
    python = None if lock.requires_python is None else str(lock.requires_python)
    return Manifest(
        path=str(path),
        indexes=Indexes(of_project=of_project),
        pins=pins,
        requires_python=python,
        environments=tuple(lock.environments or ()),
        groups=frozenset(lock.default_groups or ()),
    )


def _files(package: pylock.Package, name: str) -> list[File]:
    entries: list[pylock.PackageWheel | pylock.PackageSdist] = [*(package.wheels or ())]
    if package.sdist is not None:
        entries.append(package.sdist)
    python = None if package.requires_python is None else str(package.requires_python)
    files = []
    for entry in entries:
        address = entry.url or entry.path or ""
        filename = entry.name or filename_of(address)
        found = parse_filename(filename, name)
        if found is not None:
            files.append(File(filename, entry.url or "", *found, python, entry.hashes.get("sha256")))
    return files
