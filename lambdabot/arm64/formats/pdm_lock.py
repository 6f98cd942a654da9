"""pdm.lock: the packages of the default group."""

from pathlib import Path

from packaging.utils import canonicalize_name

from lambdabot.arm64.formats.text import lines_matching, marked, needed, read_toml, sha256_of, tables, typed
from lambdabot.arm64.manifest import Manifest, Pin
from lambdabot.workspace import Workspace


def read_pdm_lock(path: Path, workspace: Workspace) -> Manifest:
    """Read a pdm.lock, as `pdm sync --prod` installs it; entries of the same package with extras are one."""
    document, text = read_toml(path, workspace)
    lines = lines_matching(text, r'^name = "([^"]+)"')
    pins: dict[str, tuple[Pin, ...]] = {}
    for package in tables(document, "package", path):
        raw = needed(typed(package, "name", str, path), "name", path)
        name, line = canonicalize_name(raw), lines.get(raw)
        groups = typed(package, "groups", list, path, line)
        if groups is not None and "default" not in groups:
            continue
        elsewhere = package.keys() & {"git", "path", "url"}
        pin = Pin(
            version=needed(typed(package, "version", str, path, line), "version", path, line),
            source=f"{path.name}:{line or 1}",
            marker=marked(typed(package, "marker", str, path, line), path, line),
            requires=tuple(str(each) for each in typed(package, "dependencies", list, path, line) or []),
            hashes=frozenset(
                sha256_of(typed(file, "hash", str, path, line) or "") for file in tables(package, "files", path)
            ),
            unchecked="comes from a repository, a path or an address, which no index can tell of" if elsewhere else "",
        )
        same = [known for known in pins.get(name, ()) if known.version != pin.version or known.marker != pin.marker]
        pins[name] = (*same, pin)
    metadata = typed(document, "metadata", dict, path) or {}
    python = typed(metadata, "requires_python", str, path) or None
    return Manifest(path=str(path), pins=pins, requires_python=python)
