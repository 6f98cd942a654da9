"""Deployment packages: checked, unpacked once into a private folder, removed with the last version that uses them."""

import base64
import hashlib
import hmac
import lzma
import os
import secrets
import shutil
import stat
import tempfile
import threading
import weakref
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import IO

from lambdabot.local.api_error import ApiError, invalid

ZIPPED_LIMIT = 52_428_800  # bytes; "Lambda quotas": 50 MB zipped, direct upload
UNZIPPED_LIMIT = 262_144_000  # bytes; "Lambda quotas": 250 MB unzipped
_FILES_LIMIT = 100_000  # no quota of Lambda's own: a bound on the inodes that one package may take
_CHUNK = 1 << 20
_DAMAGED = (  # what zipfile, zlib and the file system say to a package that is damaged or made to look so
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    LookupError,
    NotImplementedError,
    OSError,
    RuntimeError,
    ValueError,
)


class Code:
    """One unpacked package; its folder lives as long as something refers to this object."""

    def __init__(self, zipped: bytes, sha256: str, parent: Path) -> None:
        """Unpack; InvalidParameterValueException for what Lambda, or safety, refuses."""
        self.sha256 = sha256
        self.size = len(zipped)
        self.token = secrets.token_urlsafe(32)  # the secret in its download address
        private = Path(tempfile.mkdtemp(prefix="code-", dir=parent)).resolve()
        self.package = private / "package.zip"
        self.folder = private / "task"
        self._finalizer = weakref.finalize(self, shutil.rmtree, private, ignore_errors=True)
        self._finalizer.atexit = False  # the endpoint removes the parent folder as a whole
        try:
            self.package.write_bytes(zipped)
            self.package.chmod(0o600)
            self.folder.mkdir()
            self.unzipped = _unpack(zipped, self.folder)  # bytes
        except _DAMAGED as error:
            self._finalizer()
            text = "Could not unzip uploaded file. Please check your file, then try to upload again."
            raise invalid(message=text) from error
        except BaseException:
            self._finalizer()
            raise
        private.chmod(0o711)  # a worker with a user id of its own passes through to its code


class Merged:
    """Several packages in one folder, each laid over those before it; it lives as long as something refers to it."""

    def __init__(self, codes: Sequence[Code], parent: Path) -> None:
        """Link the files of all; InvalidParameterValueException where a link leads out of what came of them."""
        private = Path(tempfile.mkdtemp(prefix="layers-", dir=parent)).resolve()
        self.folder = private / "opt"
        self._finalizer = weakref.finalize(self, shutil.rmtree, private, ignore_errors=True)
        self._finalizer.atexit = False  # as a Code's
        self.folder.mkdir()
        links = [link for code in codes for link in _lay_over(code.folder, self.folder)]
        for link in links:
            if link.is_symlink() and not link.resolve().is_relative_to(self.folder):
                raise _leaves(link, self.folder)
        private.chmod(0o711)


class CodeStore:
    """The packages of one endpoint: the same bytes are unpacked once and shared."""

    def __init__(self, folder: Path) -> None:
        """Keep unpacked packages in the folder."""
        self._folder = folder
        self._lock = threading.Lock()
        self._codes: weakref.WeakValueDictionary[str, Code] = weakref.WeakValueDictionary()
        self._merged: weakref.WeakValueDictionary[tuple[str, ...], Merged] = weakref.WeakValueDictionary()
        self._unpacking: dict[str, threading.Lock] = {}

    def unpack(self, zipped: bytes) -> Code:
        """Return the package's Code; concurrent uploads of the same bytes wait for one unpacking."""
        if len(zipped) > ZIPPED_LIMIT:
            limit = "70167211 bytes for the CreateFunction operation"
            raise ApiError(
                code="RequestEntityTooLargeException", message=f"Request must be smaller than {limit}", status=413
            )
        sha256 = base64.b64encode(hashlib.sha256(zipped).digest()).decode()
        with self._lock:
            unpacking = self._unpacking.setdefault(sha256, threading.Lock())
        with unpacking:
            code = self._codes.get(sha256)
            if code is None:
                code = self._codes[sha256] = Code(zipped, sha256, self._folder)
            return code

    def merged(self, codes: Sequence[Code]) -> Merged:
        """Return packages laid over one another, the later ones on top."""
        key = tuple(code.sha256 for code in codes)
        with self._lock:
            found = self._merged.get(key)
            if found is None:
                found = self._merged[key] = Merged(codes, self._folder)
            return found

    def package(self, token: str) -> bytes:
        """Return the zip that a download address names; AccessDenied (403) for any other address."""
        for code in list(self._codes.values()):
            if hmac.compare_digest(code.token.encode(), token.encode()):
                return code.package.read_bytes()
        raise ApiError(code="AccessDenied", message="Access Denied", status=403)

    @property
    def total_size(self) -> int:
        """Bytes of all packages in use, zipped."""
        return sum(code.size for code in list(self._codes.values()))


def _unpack(zipped: bytes, folder: Path) -> int:
    """Write files, then links, so that no file is ever written through a link; return the files' bytes."""
    written = 0
    links: list[tuple[Path, str]] = []
    with zipfile.ZipFile(BytesIO(zipped)) as package:
        for entry in _entries(package):
            target = folder / _inside(entry.filename)
            mode = entry.external_attr >> 16
            if entry.is_dir():
                target.mkdir(parents=True, exist_ok=True)
            elif stat.S_ISLNK(mode):
                links.append((target, package.read(entry).decode() if entry.file_size <= 4096 else ""))  # noqa: PLR2004  # PATH_MAX
            elif stat.S_IFMT(mode) in {0, stat.S_IFREG}:
                target.parent.mkdir(parents=True, exist_ok=True)
                with package.open(entry) as source, target.open("xb") as file:
                    written += _copy(source, file, UNZIPPED_LIMIT - written)
                target.chmod(0o444 | (mode & 0o111))
            else:
                raise invalid(
                    message=f"The package holds {entry.filename!r}, which is neither a file, a folder nor a link"
                )
    for link, destination in links:
        if not link.parent.resolve().is_relative_to(folder):
            raise _leaves(link, folder)
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(destination)
    for link, _ in links:  # where a link ends is known when all are there
        if not link.resolve().is_relative_to(folder):
            raise _leaves(link, folder)
    return written


def _lay_over(folder: Path, onto: Path) -> Iterator[Path]:
    """Put a folder's files in place of what another has by their names; yield the links. Nothing goes through one."""
    for place, names, files in os.walk(folder):
        target = onto / Path(place).relative_to(folder)
        if target.is_symlink() or target.is_file():
            target.unlink()
        target.mkdir(exist_ok=True)
        for source in (Path(place, name) for name in (*files, *names)):
            end = target / source.name
            if source.is_dir() and not source.is_symlink():
                continue
            if end.is_dir() and not end.is_symlink():
                shutil.rmtree(end)
            end.unlink(missing_ok=True)
            if source.is_symlink():
                end.symlink_to(source.readlink())
                yield end
            else:
                end.hardlink_to(source)


def _entries(package: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    entries = package.infolist()
    if not entries:
        raise invalid(message="Uploaded file must be a non-empty zip")
    if len(entries) > _FILES_LIMIT:
        raise invalid(message=f"The package holds more than {_FILES_LIMIT} files")
    return entries


def _copy(source: IO[bytes], file: IO[bytes], room: int) -> int:
    """Copy what really comes out, whatever size the package's directory claims."""
    written = 0
    while chunk := source.read(_CHUNK):
        written += len(chunk)
        if written > room:
            raise invalid(message=f"Unzipped size must be smaller than {UNZIPPED_LIMIT} bytes")
        file.write(chunk)
    return written


def _inside(name: str) -> PurePosixPath:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or "\0" in name:
        raise invalid(message=f"The package holds {name!r}, a path that leaves its folder")
    return path


def _leaves(link: Path, folder: Path) -> ApiError:
    return invalid(message=f"The package holds the link {str(link.relative_to(folder))!r}, which leaves its folder")
