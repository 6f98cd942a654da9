"""A wheel, read without being downloaded: its metadata, and the machine code in one that claims to run everywhere."""

import re
import zipfile
from typing import BinaryIO, cast

from packaging.utils import canonicalize_name
from requests import RequestException

from lambdabot.arm64.files.contents import BAD_ARCHIVE, Contents, UnreadableError, parse_metadata
from lambdabot.arm64.files.native import HEAD, NativeFile, machine

_METADATA_LIMIT = 8 * 1024 * 1024
_CANDIDATES = 2000
_SMALLEST = 2048  # bytes; whatever is linked against a libc is larger
# Names of what no loader runs; a file of another name is read to see what it is.
_DATA = re.compile(
    r"\.(py|pyi|pyc|pyx|pxd|pxi|pth|typed|txt|md|rst|json|jsonl|ya?ml|toml|cfg|ini|conf|csv|tsv|xml|xsd|html?|css|scss"
    r"|less|[cm]?js|tsx?|jsx|map|svg|png|jpe?g|gif|ico|webp|[ot]tf|woff2?|eot|gz|bz2|xz|zip|tar|whl|jar|c|cc|cpp|cxx|hh?|hpp"
    r"|cuh?|f|f90|rs|go|java|proto|po|mo|pot|pem|crt|key|npy|npz|pkl|pickle|parquet|sql|ipynb|in|tmpl|tpl|j2|jinja2?|mako"
    r"|sh|bat|cmd|ps1|exe|dll|pyd|pdb|dylib|lib|wav|mp[34]|pdf|ps|afm|tex|bib|log|gitignore|template|mat|nc|h5|hdf5|fits"
    r"|dta|xlsx?|docx|pptx|od[ts]|wasm|lock|tf|graphql)$"
    r"|(^|/)(licen[cs]e|copying|notice|readme|makefile|authors|changelog|version)$",
    re.IGNORECASE,
)


def read_wheel(file: BinaryIO, name: str, *, scan: bool) -> Contents:
    """Read the metadata and, when `scan`, the machine of every file that could be machine code.

    Raises UnreadableError for what is no wheel of this name.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            return _read(archive, name, scan=scan)
    except RequestException:  # an OSError too, and the connection's fault
        raise
    except BAD_ARCHIVE as error:
        raise UnreadableError(why=f"no readable wheel: {error}") from error


def _read(archive: zipfile.ZipFile, name: str, *, scan: bool) -> Contents:
    members = archive.infolist()
    for member in members:
        folder, _, leaf = member.filename.partition("/")
        if leaf == "METADATA" and folder.endswith(".dist-info") and canonicalize_name(folder.split("-")[0]) == name:
            break
    else:
        raise UnreadableError(why="the wheel has no METADATA of its own")
    if member.file_size > _METADATA_LIMIT:
        raise UnreadableError(why="the wheel's METADATA is too large to read")
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
    if member.is_dir() or member.file_size < _SMALLEST or ".dist-info/" in member.filename:
        return False
    return _DATA.search(member.filename) is None
