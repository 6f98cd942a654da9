"""Reproducible zips: the same files give the same bytes, whatever their times, their owners and the umask.

Compressed bytes also depend on the zlib that Python is linked with; they are equal wherever that is the same.
"""

import base64
import hashlib
import os
import shutil
import stat
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import IO

from lambdabot import zip_directory
from lambdabot.errors import PackagingError
from lambdabot.model.selection import ALL, Selection, is_never_packaged
from lambdabot.workspace import OUTSIDE, FileRefusedError, Workspace

ZIP_SUFFIXES = frozenset({".zip", ".jar"})

MAX_ZIP_BYTES = 50 * 1024 * 1024
MAX_UNZIPPED_BYTES = 250 * 1024 * 1024
"""Deployment package limits: zipped by direct upload, and unzipped (AWS, Lambda quotas)."""

MAX_DEPTH = 100
"""No quota of Lambda's: folders in one another that nobody means."""

EPOCH = (1980, 1, 1, 0, 0, 0)
"""The first time that a zip can hold."""

UNIX = 3
"""A zip's "made by" on Unix, under which modes are kept (APPNOTE.TXT 4.4.2)."""

_BUCKET = "Set `bucket` in lambdabot.yml: an S3 bucket in the function's Region, which larger packages go through."
_REBUILD = "Build it again; the workflow must do so before lambdabot runs."
_SHRINK = "Leave out what the function does not need at run time, move it to a layer, or deploy a container image."


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """A written zip."""

    path: Path
    sha256: str  # base64, as Lambda's CodeSha256
    contents: str  # the same for two packages that hold the same: its sha256, or a digest of what is in a zip
    zip_bytes: int
    unzipped_bytes: int
    names: tuple[str, ...] = ()  # of its files


@dataclass(frozen=True, slots=True)
class File:
    """A file on its way into a zip, and the workspace that opens it at that moment."""

    path: Path
    workspace: Workspace


def is_zip(path: Path, workspace: Workspace) -> bool:
    """Tell whether a file is a package as it is, by its name or by what it holds. Raises PackagingError."""
    if path.suffix in ZIP_SUFFIXES:
        return True
    try:
        with workspace.open(path) as file:
            return zipfile.is_zipfile(file)
    except FileRefusedError as error:
        what = f"its source {path.name} {error}"
        raise PackagingError(what, advice="Check `source` in lambdabot.yml.") from error


def files(folder: Path, workspace: Workspace, selection: Selection = ALL) -> Iterator[tuple[str, File]]:
    """Yield the name in the zip and the file for each selected below a folder, links followed where they stay inside.

    What is one file is all of the package, as SAM CLI and `aws cloudformation package` have it.

    Raises PackagingError on a link that leaves the folder, leads nowhere or in a circle, on what is no file, and on
    more than a package can hold.
    """
    if workspace.is_file(folder):
        yield folder.name, File(folder, workspace)
        return
    if not workspace.is_dir(folder):
        what = f"its source `{folder.name}` {OUTSIDE}" if folder.is_dir() else f"there is no folder `{folder.name}`"
        raise PackagingError(what, advice="Check `source` in lambdabot.yml.")
    real = folder.resolve()
    yield from _Walk(real, workspace, selection).below(PurePosixPath(), (real,))


class _Walk:
    """One way through a folder; a few links to folders of links can stand for billions of files."""

    def __init__(self, top: Path, workspace: Workspace, selection: Selection) -> None:
        self._top, self._workspace, self._selection = top, workspace, selection
        self._seen = 0

    def below(self, relative: PurePosixPath, ancestors: tuple[Path, ...]) -> Iterator[tuple[str, File]]:
        if len(ancestors) > MAX_DEPTH:
            what = f"it nests deeper than {MAX_DEPTH} folders"
            raise PackagingError(what, advice=_SHRINK)
        try:
            names = sorted(path.name for path in ancestors[-1].iterdir())
        except OSError as error:
            what = f"the folder {relative} cannot be read: {error.strerror}"
            raise PackagingError(what, advice="Make it readable for the user that runs lambdabot.") from error
        for name in names:
            inner = relative / name
            found = ancestors[-1] / name
            if not (self._selection.enters(inner) if found.is_dir() else self._selection.takes(inner)):
                continue
            self._seen += 1
            if self._seen > zip_directory.MAX_FILES:
                what = f"it holds more than {zip_directory.MAX_FILES:,} files and folders, links followed"
                raise PackagingError(what, advice=_SHRINK)
            path = _resolved(self._top, found, inner)
            if path.is_dir():
                if path in ancestors:
                    what = f"the link {inner} leads in a circle"
                    raise PackagingError(what, advice="Remove the link, or let it name a folder that does not hold it.")
                yield from self.below(inner, (*ancestors, path))
            elif path.is_file():
                yield str(inner), File(path, self._workspace)
            else:
                what = f"{inner} is neither a file nor a folder"
                raise PackagingError(what, advice="Remove it: a Lambda package holds files only.")


def _resolved(top: Path, path: Path, inner: PurePosixPath) -> Path:
    """Return where a path really is; what a link must not bring in is refused."""
    if not path.is_symlink():
        return path
    try:
        real = path.resolve(strict=True)
    except (OSError, RuntimeError) as error:  # Python before 3.13 raises RuntimeError on a circle of links
        what = f"the link {inner} leads nowhere"
        raise PackagingError(what, advice="Remove the link, or add the file that it names.") from error
    if not real.is_relative_to(top) or is_never_packaged(real.relative_to(top)):
        what = f"the link {inner} leads out of {top.name}, or to a part of it that is not packaged"
        raise PackagingError(what, advice="Put a copy of the file in place of the link.")
    return real


def write(
    contents: Mapping[str, File], replaced: Mapping[str, bytes], destination: Path, *, direct: bool = True
) -> Archive:
    """Write the files, by their names in the zip, as a stream; `replaced` gives the bytes of those that are none's.

    `direct`: it is to be uploaded to Lambda itself. Raises PackagingError when Lambda would refuse the size, or a file
    cannot be read or named.
    """
    sizes = {name: file.path.stat().st_size for name, file in contents.items() if name not in replaced}
    sizes |= {name: len(content) for name, content in replaced.items()}
    check_unzipped(sizes)
    with zipfile.ZipFile(destination, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(sizes):
            _add(archive, name, contents.get(name), replaced.get(name), sizes[name])
    return check_zipped(_measured(destination, sizes), sizes, direct=direct)


def _add(archive: zipfile.ZipFile, name: str, file: File | None, content: bytes | None, size: int) -> None:
    entry = zipfile.ZipInfo(name, EPOCH)
    entry.create_system = UNIX
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.file_size = size  # known beforehand, so that the header says so
    try:
        with nullcontext() if file is None else file.workspace.open(file.path) as source:
            executable = source is not None and os.fstat(source.fileno()).st_mode & stat.S_IXUSR
            entry.external_attr = (stat.S_IFREG | (0o755 if executable else 0o644)) << 16
            with archive.open(entry, "w") as target:
                if content is not None:
                    target.write(content)
                elif source is not None:
                    _copy(source, target, size, name)
    except UnicodeEncodeError as error:
        what = f"the file name {name!a} is not valid UTF-8"
        raise PackagingError(what, advice="Rename the file.") from error
    except FileRefusedError as error:
        what = f"{name} {error}"
        raise PackagingError(what, advice="Remove it, or make it a file that lambdabot's user can read.") from error
    except OSError as error:
        what = f"{name} cannot be read: {error.strerror}"
        raise PackagingError(what, advice="Make it readable for the user that runs lambdabot.") from error


def _copy(source: IO[bytes], target: IO[bytes], size: int, name: str) -> None:
    """Copy a file that has the size that was counted, and no more of one that grows."""
    left = size
    while left and (piece := source.read(min(left, 1 << 20))):
        target.write(piece)
        left -= len(piece)
    if left or source.read(1):
        what = f"{name} changed while it was packaged"
        raise PackagingError(what, advice="Let nothing write to the source while lambdabot runs.")


def take(path: Path, workspace: Workspace, destination: Path, *, direct: bool = True) -> Archive:
    """Return a copy of a zip that somebody else wrote, once it is known to be one that Lambda takes.

    Raises PackagingError.
    """
    try:
        with workspace.open(path) as source:
            sizes = zip_directory.sizes(source)
            check_unzipped(sizes)
            if source.seek(0, os.SEEK_END) > MAX_UNZIPPED_BYTES + zip_directory.MAX_BYTES:
                message = "it is larger than what it holds"
                raise zipfile.BadZipFile(message)  # noqa: TRY301  # said below
            source.seek(0)
            with destination.open("wb") as target:
                shutil.copyfileobj(source, target, 1 << 20)
    except FileRefusedError as error:
        what = f"{path.name} {error}"
        raise PackagingError(what, advice=_REBUILD) from error
    except (OSError, zipfile.BadZipFile, UnicodeDecodeError, NotImplementedError) as error:
        what = f"{path.name} is not a zip that can be read: {error}"
        raise PackagingError(what, advice=_REBUILD) from error
    if not sizes:
        what = f"{path.name} holds no file"
        raise PackagingError(what, advice=_REBUILD)
    taken = check_zipped(_measured(destination, sizes), sizes, direct=direct)
    try:
        with destination.open("rb") as copied:
            return replace(taken, contents=zip_directory.contents(copied, largest=MAX_UNZIPPED_BYTES))
    except zip_directory.FAULTS:  # it is compared by its bytes then
        return taken


def check_unzipped(sizes: Mapping[str, int]) -> None:
    """Raise PackagingError when files of these sizes, by name, are more than Lambda unpacks."""
    total = sum(sizes.values())
    if total > MAX_UNZIPPED_BYTES:
        what = f"the package is {_mb(total)} unzipped; Lambda takes {_mb(MAX_UNZIPPED_BYTES)} ({_largest(sizes)})"
        raise PackagingError(what, advice=_SHRINK)


def check_zipped(archive: Archive, sizes: Mapping[str, int], *, direct: bool) -> Archive:
    """Return the archive; raise PackagingError when it is to be uploaded directly and is more than Lambda takes so."""
    if direct and archive.zip_bytes > MAX_ZIP_BYTES:
        sizes_said = f"{_mb(archive.zip_bytes)} zipped; Lambda takes {_mb(MAX_ZIP_BYTES)} by direct upload"
        what = f"the package is {sizes_said} ({_largest(sizes)})"
        raise PackagingError(what, advice=f"{_BUCKET}\nOr make it smaller. {_SHRINK}")
    return archive


def _measured(path: Path, sizes: Mapping[str, int]) -> Archive:
    """Return a zip that was written here, with its CodeSha256."""
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").digest()
    return Archive(
        path=path,
        sha256=base64.b64encode(digest).decode(),
        contents=base64.b64encode(digest).decode(),
        zip_bytes=path.stat().st_size,
        unzipped_bytes=sum(sizes.values()),
        names=tuple(sizes),
    )


def _largest(sizes: Mapping[str, int]) -> str:
    """Name the three largest entries at the top of the package."""
    tops: dict[str, int] = {}
    for name, size in sizes.items():
        top = name.partition("/")[0]
        tops[top] = tops.get(top, 0) + size
    ordered: Iterable[str] = sorted(tops, key=lambda top: (-tops[top], top))[:3]
    return "largest: " + ", ".join(f"{top} {_mb(tops[top])}" for top in ordered)


def _mb(size: int) -> str:
    return f"{size / (1024 * 1024):,.1f} MB".replace(".0 MB", " MB")
