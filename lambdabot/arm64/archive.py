"""The files of a built package, be it a zip or a folder, one after the other and never written to disk."""

import io
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, BinaryIO

from lambdabot.arm64.contents import BAD_ARCHIVE, UnreadableError

# Of a project's folder, what is never shipped.
_ASIDE = frozenset(
    {".git", ".hg", ".venv", "venv", ".tox", ".nox", "__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache"}
)
_MEMBERS = 200_000
_JAR_LIMIT = 64 * 1024 * 1024
_UNZIPPED_LIMIT = 2 * 1024**3  # eight times what Lambda accepts


def members(path: Path) -> Iterator[tuple[str, IO[bytes]]]:
    """Yield path and content of every file of a folder or zip; raise UnreadableError for what is no sound package."""
    yield from folder_members(path) if path.is_dir() else zip_members(path)


def zip_members(source: Path | BinaryIO, *, nested: bool = False) -> Iterator[tuple[str, IO[bytes]]]:
    """Yield the files of a zip; what unpacks to far more than Lambda takes is refused before it is unpacked."""
    try:
        with zipfile.ZipFile(source) as archive:
            entries = archive.infolist()
            if len(entries) > _MEMBERS or sum(entry.file_size for entry in entries) > _UNZIPPED_LIMIT:
                raise UnreadableError(why="it unpacks to far more than Lambda takes")
            for entry in entries:
                if entry.is_dir():
                    continue
                with archive.open(entry) as stream:
                    if entry.filename.endswith(".jar") and not nested:
                        yield from _inside(entry.filename, stream)
                    else:
                        yield entry.filename, stream
    except BAD_ARCHIVE as error:
        raise UnreadableError(why=f"it is no sound zip file: {error}") from error


def _inside(name: str, stream: IO[bytes]) -> Iterator[tuple[str, IO[bytes]]]:
    """Yield the files of a jar, which carries native libraries of its own; one too large or unsound is passed over."""
    content = stream.read(_JAR_LIMIT + 1)
    if len(content) > _JAR_LIMIT or not zipfile.is_zipfile(io.BytesIO(content)):
        return
    for path, inner in zip_members(io.BytesIO(content), nested=True):
        yield f"{name}!/{path}", inner


def folder_members(folder: Path) -> Iterator[tuple[str, IO[bytes]]]:
    """Yield the regular files of a folder, in order; links are not followed."""
    for place, names, files in os.walk(folder):
        names[:] = sorted(name for name in names if name not in _ASIDE)
        for name in sorted(files):
            path = Path(place, name)
            if path.is_symlink() or not path.is_file():
                continue
            inside = path.relative_to(folder).as_posix()
            try:
                stream = path.open("rb")
            except OSError as error:
                raise UnreadableError(why=f"{inside}: {error.strerror}") from error
            with stream:
                if name.endswith(".jar"):
                    yield from _inside(inside, stream)
                else:
                    yield inside, stream
