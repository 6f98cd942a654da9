"""How a manifest's own options choose files: hashes, `--only-binary`, `--no-binary`, direct addresses."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from packaging.utils import canonicalize_name

from lambdabot.arm64.indexes.release import File, filename_of, parse_filename
from lambdabot.arm64.manifest import Manifest


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRules:
    """How files are chosen, apart from the target; every key is a normalised name."""

    hashes: Mapping[str, frozenset[str]] = field(default_factory=dict)
    only_binary: frozenset[str] = frozenset()  # or `:all:`
    no_binary: frozenset[str] = frozenset()
    files: Mapping[str, tuple[File, ...]] = field(default_factory=dict)  # of projects whose files the manifest lists

    def allows_hash(self, name: str, file: File) -> bool:
        """Judge a file by the manifest's hashes; those that the manifest lists itself are allowed."""
        allowed = self.hashes.get(name)
        return not allowed or file.sha256 in allowed or name in self.files

    def allows_kind(self, name: str, file: File) -> bool:
        """Judge a file by `--only-binary` and `--no-binary`; what names the project wins over `:all:`."""
        banned, other = (self.no_binary, self.only_binary) if file.is_wheel else (self.only_binary, self.no_binary)
        return name not in banned and (":all:" not in banned or name in other)


def rules_of(manifest: Manifest) -> FileRules:
    """Collect the rules of a manifest."""
    hashes: dict[str, frozenset[str]] = {}
    files: dict[str, tuple[File, ...]] = {}
    for request in (*manifest.requests, *manifest.constraints):
        if request.hashes:
            hashes[request.name] = hashes.get(request.name, frozenset()) | request.hashes
    for request in manifest.requests:
        url = request.requirement.url
        if url is not None and (file := file_at(url, request.name)) is not None:
            files[request.name] = (file,)
    for name, pins in (manifest.pins or {}).items():
        if listed := tuple(file for pin in pins for file in pin.files):
            files[name] = listed
        if digests := frozenset(digest for pin in pins for digest in pin.hashes):
            hashes[name] = digests
    return FileRules(hashes=hashes, only_binary=manifest.only_binary, no_binary=manifest.no_binary, files=files)


def file_at(url: str, name: str) -> File | None:
    """Return the file that an address names, None when its last part is no wheel's or sdist's name of the project."""
    bare = url.partition("#")[0]
    filename = filename_of(bare)
    found = parse_filename(filename, canonicalize_name(name))
    return None if found is None else File(filename, bare, *found)
