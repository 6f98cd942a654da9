"""How a manifest's own options choose files: hashes, `--only-binary`, `--no-binary`, direct addresses."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from packaging.utils import canonicalize_name

from lambdabot.arm64.manifest import Manifest
from lambdabot.arm64.release import File, parse_filename


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How files are chosen, apart from the target; every key is a normalised name."""

    hashes: Mapping[str, frozenset[str]] = field(default_factory=dict)
    only_binary: frozenset[str] = frozenset()  # or `:all:`
    no_binary: frozenset[str] = frozenset()
    direct: Mapping[str, File] = field(default_factory=dict)  # projects that are pinned to a file by its address

    def allows_hash(self, name: str, file: File) -> bool:
        """Judge a file by the manifest's hashes; one that comes by its address has none that is known beforehand."""
        allowed = self.hashes.get(name)
        return not allowed or file.sha256 in allowed or name in self.direct

    def allows_kind(self, name: str, file: File) -> bool:
        """Judge a file by `--only-binary` and `--no-binary`; what names the project wins over `:all:`."""
        banned, other = (self.no_binary, self.only_binary) if file.is_wheel else (self.only_binary, self.no_binary)
        return name not in banned and (":all:" not in banned or name in other)


def rules_of(manifest: Manifest) -> Rules:
    """Collect the rules of a manifest."""
    hashes: dict[str, frozenset[str]] = {}
    for request in (*manifest.requests, *manifest.constraints):
        if request.hashes:
            hashes[request.name] = hashes.get(request.name, frozenset()) | request.hashes
    direct = {
        str(request.name): file
        for request in manifest.requests
        if request.requirement.url is not None
        and (file := file_at(request.requirement.url, request.requirement.name)) is not None
    }
    return Rules(
        hashes=hashes, only_binary=manifest.only_binary, no_binary=manifest.no_binary, direct=direct
    )


def file_at(url: str, name: str) -> File | None:
    """Return the file that an address names, None when its last part is no wheel's or sdist's name of the project."""
    bare = url.partition("#")[0]
    filename = unquote(urlsplit(bare).path.rpartition("/")[2])
    found = parse_filename(filename, canonicalize_name(name))
    return None if found is None else File(filename, bare, *found)
