"""A wheel, read without being downloaded: its metadata, and the machine code in one that claims to run everywhere."""

import posixpath
import zipfile
import zlib
from dataclasses import dataclass
from email.message import Message
from email.parser import HeaderParser
from typing import BinaryIO, cast

from packaging.utils import canonicalize_name

from lambdabot.arm64.native import HEAD, NativeFile, machine
from lambdabot.arm64.ranged import UnreadableError

_METADATA_LIMIT = 8 * 1024 * 1024
_CANDIDATES = 400
_SMALLEST = 512  # bytes; a dynamic ELF file is larger
# Suffixes of what no loader runs: a file of another name is read to see what it is.
_DATA = frozenset(
    [".py", ".pyi", ".pyc", ".pyx", ".pxd", ".pxi", ".pth", ".txt", ".md", ".rst", ".json", ".jsonl", ".yaml", ".yml", ".toml", ".cfg", ".ini", ".conf", ".csv", ".tsv", ".xml", ".xsd", ".html", ".htm", ".css", ".scss", ".less", ".js", ".mjs", ".cjs", ".ts", ".tsx", ".jsx", ".map", ".svg", ".png", ".jpg", ".jpeg", ".gif", ".ico", ".webp", ".ttf", ".otf", ".woff", ".woff2", ".eot", ".gz", ".bz2", ".xz", ".zip", ".tar", ".whl", ".jar", ".c", ".cc", ".cpp", ".cxx", ".h", ".hh", ".hpp", ".cu", ".cuh", ".f", ".f90", ".rs", ".go", ".java", ".proto", ".po", ".mo", ".pot", ".typed", ".pem", ".crt", ".key", ".npy", ".npz", ".pkl", ".pickle", ".parquet", ".sql", ".ipynb", ".in", ".tmpl", ".tpl", ".j2", ".jinja", ".jinja2", ".mako", ".sh", ".bat", ".cmd", ".ps1", ".exe", ".dll", ".pyd", ".pdb", ".dylib", ".lib", ".wav", ".mp3", ".mp4", ".pdf", ".ps", ".afm", ".tex", ".bib", ".log", ".dat", ".gitignore", ".template", ".mat", ".nc", ".h5", ".hdf5", ".fits", ".sas7bdat", ".dta", ".xlsx", ".xls", ".docx", ".pptx", ".odt", ".ods", ".wasm", ".lock", ".tf", ".graphql"]
)
_TEXT_NAMES = frozenset(
    {"license", "licence", "copying", "notice", "readme", "makefile", "authors", "changelog", "version"}
)


@dataclass(frozen=True, slots=True)
class Contents:
    """What was read of a distribution: dependencies as written, extras, machine code; `native` says why it needs a compiler."""

    requires: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    natives: tuple[NativeFile, ...] = ()
    native: str = ""  # of an sdist: why it needs a compiler
    trouble: str = ""  # why it could not be read, or not wholly
    broken: str = ""  # of an sdist: why it cannot be built on this Python


def parse_metadata(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return Requires-Dist and Provides-Extra of core metadata."""
    message: Message = HeaderParser().parsestr(text)
    requires = tuple(" ".join(str(line).split()) for line in message.get_all("Requires-Dist", []))
    return requires, tuple(str(line).strip() for line in message.get_all("Provides-Extra", []))


def read_wheel(file: BinaryIO, name: str, *, scan: bool) -> Contents:
    """Read the metadata and, when `scan`, the machine of every file that could be machine code.

    Raises UnreadableError for what is no wheel of this name.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            return _read(archive, name, scan=scan)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, ValueError) as error:
        raise UnreadableError(f"no readable wheel: {error}") from error


def _read(archive: zipfile.ZipFile, name: str, *, scan: bool) -> Contents:
    members = archive.infolist()
    for member in members:
        folder, _, leaf = member.filename.partition("/")
        if leaf == "METADATA" and folder.endswith(".dist-info") and canonicalize_name(folder.split("-")[0]) == name:
            break
    else:
        raise UnreadableError("the wheel has no METADATA of its own")
    if member.file_size > _METADATA_LIMIT:
        raise UnreadableError("the wheel's METADATA is too large to read")
    with archive.open(member) as stream:
        requires, extras = parse_metadata(stream.read(_METADATA_LIMIT).decode(errors="replace"))
    if not scan:
        return Contents(requires, extras)
    candidates = [each for each in members if _could_be_native(each)]
    trouble = f"more than {_CANDIDATES} files that could be machine code" if len(candidates) > _CANDIDATES else ""
    natives = []
    for each in candidates[:_CANDIDATES]:
        with archive.open(each) as stream:
            found = machine(cast("BinaryIO", stream).read(HEAD))
        if found is not None:
            natives.append(NativeFile(each.filename, found))
    return Contents(requires, extras, tuple(natives), trouble=trouble)


def _could_be_native(member: zipfile.ZipInfo) -> bool:
    path = member.filename.lower()
    stem, suffix = posixpath.splitext(posixpath.basename(path))
    if member.is_dir() or member.file_size < _SMALLEST or ".dist-info/" in path:
        return False
    return suffix not in _DATA and not (suffix == "" and stem in _TEXT_NAMES)
