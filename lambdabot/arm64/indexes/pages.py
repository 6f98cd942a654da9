"""Pages of package indexes as they are kept on disk: when each came apart from what it says."""

import json
import time
from dataclasses import asdict, dataclass, replace
from typing import Any
from urllib.parse import urljoin

import requests

from lambdabot.arm64.indexes.cache import Cache
from lambdabot.arm64.indexes.release import File, Project, parse_filename

_FRESH_SECONDS = 600  # as long as the public index itself lets a page be kept

Row = list[Any]  # the fields of a File; the address without the file's name where it ends in it


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """When a page came (seconds since the epoch), its validators for a conditional request, its SHA-256."""

    at: float
    digest: str
    etag: str | None = None
    modified: str | None = None

    @property
    def fresh(self) -> bool:
        """Tell whether the page may be believed without asking."""
        return 0 <= time.time() - self.at < _FRESH_SECONDS

    def conditions(self) -> dict[str, str]:
        """Return the headers that let a server say that nothing has changed."""
        wanted = {"If-None-Match": self.etag, "If-Modified-Since": self.modified}
        return {header: value for header, value in wanted.items() if value}

    def renewed(self) -> "Stamp":
        """Return the stamp of the same page as of now."""
        return replace(self, at=time.time())


class Pages:
    """Pages by key, in the cache."""

    def __init__(self, cache: Cache) -> None:
        """Keep them there."""
        self._cache = cache

    def stamp(self, key: str) -> Stamp | None:
        """Return what is known of a page."""
        document = self._cache.get("stamp", key)
        try:
            stamp = None if document is None else Stamp(**document)
        except TypeError:
            return None
        return stamp if stamp is not None and _is_stamp(stamp) else None

    def rows(self, key: str, stamp: Stamp) -> list[Row] | None:
        """Return the files of a page as it was when it was stamped."""
        document = self._cache.get("page", key)
        if document is None or document.get("digest") != stamp.digest:
            return None
        rows = document.get("files")
        return rows if isinstance(rows, list) and all(map(_is_row, rows)) else None

    def keep(self, key: str, stamp: Stamp, rows: list[Row] | None) -> None:
        """Write a page, or its stamp alone where it has not changed."""
        if rows is not None:
            self._cache.put("page", key, {"digest": stamp.digest, "files": rows})
        self._cache.put("stamp", key, asdict(stamp))


def _is_stamp(stamp: Stamp) -> bool:
    """Tell a stamp from a damaged one, or one of another version of this program."""
    texts = all(isinstance(text, str | None) for text in (stamp.etag, stamp.modified))
    return texts and isinstance(stamp.at, int | float) and isinstance(stamp.digest, str)


def _is_row(row: object) -> bool:
    """Tell a row from a damaged one, or one of another version of this program."""
    if not isinstance(row, list) or len(row) != len(File._fields):
        return False
    *texts, python, digest, yanked, metadata = row
    known = all(isinstance(text, str) for text in texts) and texts[-1].count("-") in {0, 2}
    flags = isinstance(yanked, bool) and isinstance(metadata, bool)
    return known and flags and isinstance(python, str | None) and isinstance(digest, str | None)


def parse_page(response: requests.Response, body: bytes, name: str) -> list[Row]:
    """Return the files of a page that matter on Linux; raise ValueError and its like for what is no page."""

    def row(entry: dict[str, Any]) -> object:
        """Take the place of a file's table while the page is parsed: a large page is never whole in memory."""
        filename = entry.get("filename")
        if filename is None:
            return entry
        found = parse_filename(filename, name)
        if found is None:
            return None
        url = entry["url"]
        if not url.startswith("https://"):
            url = urljoin(response.url, url)
        python, digest = entry.get("requires-python"), (entry.get("hashes") or {}).get("sha256")
        metadata = entry.get("core-metadata") or entry.get("data-dist-info-metadata")  # PEP 714: the older name
        flags = bool(entry.get("yanked")), bool(metadata)
        return [filename, url.removesuffix(filename), *found, python, digest, *flags]

    if "json" in response.headers.get("Content-Type", ""):
        listed = json.loads(body, object_hook=row)["files"]
    else:
        listed = map(row, _html_files(response.url, body, name))
    return [each for each in listed if each is not None]


def _html_files(base: str, body: bytes, name: str) -> list[dict[str, Any]]:
    from pypi_simple import ProjectPage  # noqa: PLC0415  # slow to import, and few indexes still speak only HTML

    page = ProjectPage.from_html(name, body, base_url=base)
    return [
        {
            "filename": package.filename,
            "url": package.url,
            "requires-python": package.requires_python,
            "hashes": package.digests,
            "yanked": package.is_yanked,
            "core-metadata": package.has_metadata,
        }
        for package in page.packages
    ]


def project_of(name: str, index: str, rows: list[Row]) -> Project:
    """Return the project that a page describes."""
    releases: dict[str, list[File]] = {}
    same: dict[str, str] = {}  # tags and Pythons that many files share
    for filename, url, version, tags, python, digest, yanked, metadata in rows:
        file = File(
            filename,
            url,
            version,
            same.setdefault(tags, tags),
            python and same.setdefault(python, python),
            digest,
            yanked,
            metadata,
        )
        releases.setdefault(version, []).append(file)
    return Project(name, index, {version: tuple(files) for version, files in releases.items()})
