"""The files of a built package, be it a zip or a folder, one after the other and never written to disk."""

import io
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, BinaryIO

from lambdabot.arm64.files.contents import BAD_ARCHIVE, UnreadableError
from lambdabot.workspace import FileRefusedError, Workspace

# What is never shipped of a project's folder.
_ASIDE = frozenset(
    {".git", ".hg", ".venv", "venv", ".tox", ".nox", "__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache"}
)
ZIP_SUFFIXES = frozenset({".zip", ".whl", ".jar"})

_MEMBERS = 200_000
_JAR_LIMIT = 64 * 1024 * 1024
_UNZIPPED_LIMIT = 2 * 1024**3  # eight times what Lambda accepts
_TOO_MUCH = "it unpacks to far more than Lambda takes"


class _Bounds:
    """How much may still be unpacked of one package, all that is packed into it included."""

    def __init__(self) -> None:
        self._members, self._bytes = _MEMBERS, _UNZIPPED_LIMIT

    def take(self, entries: list[zipfile.ZipInfo]) -> None:
        """Count entries before they are unpacked; raise UnreadableError for one too many."""
        self._members -= len(entries)
        self._bytes -= sum(entry.file_size for entry in entries)
        if self._members < 0 or self._bytes < 0:
            raise UnreadableError(why=_TOO_MUCH)


def members(path: Path, workspace: Workspace) -> Iterator[tuple[str, IO[bytes]]]:
    """Yield path and content of every file of a folder or zip, or a file that is all of the package.

    Raises UnreadableError for what is no sound package.
    """
    try:
        if path.is_dir():
            yield from folder_members(path, workspace)
            return
        with workspace.open(path) as file:
            if path.suffix in ZIP_SUFFIXES or zipfile.is_zipfile(file):
                yield from zip_members(file)
            else:
                file.seek(0)
                yield path.name, file
    except FileRefusedError as error:
        raise UnreadableError(why=str(error)) from error


def zip_members(source: BinaryIO, bounds: _Bounds | None = None) -> Iterator[tuple[str, IO[bytes]]]:
    """Yield the files of a zip; what unpacks to far more than Lambda takes is refused before it is unpacked.

    `bounds` are those of the package that it lies in, and it is read without looking into its own jars.
    """
    try:
        with zipfile.ZipFile(source) as archive:
            entries = archive.infolist()
            inner = bounds is not None
            bounds = bounds or _Bounds()
            bounds.take(entries)
            for entry in entries:
                if entry.is_dir():
                    continue
                with archive.open(entry) as stream:
                    if entry.filename.endswith(".jar") and not inner:
                        yield from _inside(entry.filename, stream, bounds)
                    else:
                        yield entry.filename, stream
    except BAD_ARCHIVE as error:
        raise UnreadableError(why=f"it is no sound zip file: {error}") from error


def _inside(name: str, stream: IO[bytes], bounds: _Bounds) -> Iterator[tuple[str, IO[bytes]]]:
    """Yield the files of a jar, which carries native libraries of its own; one too large or unsound is passed over."""
    content = stream.read(_JAR_LIMIT + 1)
    if len(content) > _JAR_LIMIT or not zipfile.is_zipfile(io.BytesIO(content)):
        return
    for path, inner in zip_members(io.BytesIO(content), bounds):
        yield f"{name}!/{path}", inner


def folder_members(folder: Path, workspace: Workspace) -> Iterator[tuple[str, IO[bytes]]]:
    """Yield the regular files of a folder, in order; links are not followed."""
    bounds = _Bounds()
    for place, names, files in os.walk(folder):
        names[:] = sorted(name for name in names if name not in _ASIDE)
        for name in sorted(files):
            path = Path(place, name)
            if name in _ASIDE or path.is_symlink() or not path.is_file():
                continue
            inside = path.relative_to(folder).as_posix()
            try:
                stream = workspace.open(path)
            except FileRefusedError as error:
                raise UnreadableError(why=f"{inside}: {error}") from error
            with stream:
                if name.endswith(".jar"):
                    yield from _inside(inside, stream, bounds)
                else:
                    yield inside, stream
