"""Installed distributions without what differs from one installation to the next."""

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from lambdabot.model.selection import is_never_packaged
from lambdabot.packaging import archive
from lambdabot.packaging.archive import File
from lambdabot.workspace import Workspace

VOLATILE_METADATA = frozenset({"direct_url.json", "uv_build.json", "uv_cache.json"})
"""Records of the installation itself: addresses, paths and times (PEP 610; uv)."""

_INTERPRETER = re.compile(rb"\A#!(?:/bin/sh\n'''exec' [^\n]*\n' '''|(?=[^\n]*python)[^\n]*)\n")
"""What installers write at the top of a script: the interpreter's path, or a detour when that is too long."""


def files(folder: Path) -> Iterator[tuple[str, File]]:
    """Yield the name in the zip and the file for each that was installed and belongs into a package."""
    for name, file in archive.files(folder, Workspace(folder)):
        if name != ".lock" and not _is_volatile(PurePosixPath(name)):
            yield name, file


def reproducible(name: str, file: File) -> bytes | None:
    """Return the bytes to package where they are not the file's own: scripts and RECORD; None for all other files."""
    inner = PurePosixPath(name)
    if inner.parts[0] == "bin" and len(inner.parts) > 1:
        return _script(file)
    if inner.name == "RECORD" and inner.parent.suffix == ".dist-info":
        return _record(file.workspace.read(file.path).decode(errors="replace")).encode()
    return None


def _script(file: File) -> bytes | None:
    with file.workspace.open(file.path) as opened:
        content = opened.read(2)
        if content != b"#!":
            return None  # a program, perhaps a large one
        content += opened.read()
    rewritten = _INTERPRETER.sub(b"#!/usr/bin/env python3\n", content)
    return rewritten if rewritten != content else None


def _is_volatile(name: PurePosixPath) -> bool:
    return name.name in VOLATILE_METADATA and name.parent.suffix == ".dist-info"


def _record(text: str) -> str:
    """Return a RECORD sorted, without the files that are left out, and without hashes of those that are rewritten."""
    kept = []
    for line in text.splitlines():
        name = PurePosixPath(line.rsplit(",", 2)[0].strip('"'))
        if is_never_packaged(name) or _is_volatile(name):
            continue
        kept.append(f"{line.rsplit(',', 2)[0]},," if name.parts[0] == "bin" else line)
    return "".join(f"{line}\n" for line in sorted(kept))
