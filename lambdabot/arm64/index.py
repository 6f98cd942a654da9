"""Package indexes by their Simple API (PEP 503, 691): each page asked for once, concurrently, and cached on disk."""

import json
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from threading import Lock
from typing import Any
from urllib.parse import urljoin

import requests

from lambdabot.arm64.cache import Cache
from lambdabot.arm64.environment import Sources
from lambdabot.arm64.release import File, Project, parse_filename
from lambdabot.arm64.transport import THREADS, Transport, UnreachableError, cause, redacted, status

_ACCEPT = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1"
_FRESH_SECONDS = 600  # as long as the public index itself lets a page be kept
_PAGE_LIMIT = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Absent:
    """A project that could not be had: why, and whether that is certain (the only index says so)."""

    reason: str
    certain: bool = False


class Index:
    """The indexes of one check, in the order in which they are asked; the first that has a project is believed."""

    def __init__(self, sources: Sources, transport: Transport, cache: Cache) -> None:
        """Take where to look, and by what means."""
        self._sources = sources
        self._transport = transport
        self._cache = cache
        self._lock = Lock()
        self._futures: dict[str, Future[Project | Absent]] = {}
        self._parsing = Lock()  # one page of thousands of files at a time, for the memory's sake
        self._pool = ThreadPoolExecutor(THREADS)

    def close(self) -> None:
        """Give the threads back; requests under way end by their time limit."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def ask(self, name: str) -> Future[Project | Absent]:
        """Start to look a project up by its normalised name, once per check."""
        with self._lock:
            if name not in self._futures:
                self._futures[name] = self._pool.submit(self._look_up, name)
            return self._futures[name]

    def project(self, name: str) -> Project | Absent:
        """Return the project, or why there is none."""
        return self.ask(name).result()

    def _look_up(self, name: str) -> Project | Absent:
        """Ask one index after the other; one that does not answer ends it, for a private name goes no further."""
        own = self._sources.of_project.get(name)
        addresses = self._sources.addresses if own is None else (own,)
        answer: Project | Absent = Absent("no index may be asked (--no-index)")
        for address in addresses:
            answer = self._page(address, name)
            if isinstance(answer, Project) or not answer.certain:
                return answer
        if isinstance(answer, Absent) and not (self._sources.public and addresses == self._sources.addresses[-1:]):
            return Absent(answer.reason)  # a private index says 404 also to who may not see
        return answer

    def _page(self, address: str, name: str) -> Project | Absent:
        shown = redacted(address)
        key = f"{shown} {name}"
        known = self._cache.get("page", key)
        if known is not None and 0 <= time.time() - known["at"] < _FRESH_SECONDS:
            return _project(name, shown, known["files"])
        headers = {"Accept": _ACCEPT}
        if known is not None and known["etag"]:
            headers["If-None-Match"] = known["etag"]
        if known is not None and known["modified"]:
            headers["If-Modified-Since"] = known["modified"]
        try:
            with self._transport.get(urljoin(address.rstrip("/") + "/", f"{name}/"), headers) as response:
                document = self._answer(response, name, known)
        except UnreachableError as error:
            return Absent(str(error))
        except requests.RequestException as error:
            return Absent(f"{shown}: {cause(error)}")
        if isinstance(document, Absent):
            return document
        self._cache.put("page", key, document)
        return _project(name, shown, document["files"])

    def _answer(self, response: requests.Response, name: str, known: dict[str, Any] | None) -> dict[str, Any] | Absent:
        """Return the page as it is kept: when it came, its validators, and the rows of its files."""
        shown = redacted(response.url)
        if response.status_code == requests.codes.not_modified and known is not None:
            return known | {"at": time.time()}
        if response.status_code in {requests.codes.not_found, requests.codes.gone}:
            return Absent(f"{shown} does not exist", certain=True)
        if response.status_code != requests.codes.ok:
            return Absent(status(response))
        body = bytearray()
        for chunk in response.iter_content(256 * 1024):
            body += chunk
            if len(body) > _PAGE_LIMIT:
                return Absent(f"{shown} is too large to be read")
        with self._parsing:
            try:
                files = _rows(response, bytes(body), name)
            except (ValueError, KeyError, TypeError, AttributeError):
                return Absent(f"{shown} is no page of a package index")
        headers = response.headers
        return {"at": time.time(), "etag": headers.get("ETag"), "modified": headers.get("Last-Modified"), "files": files}


def _rows(response: requests.Response, body: bytes, name: str) -> list[list[Any]]:
    """Return the files that matter on Linux, as rows of `File`'s fields; raise ValueError and its like for no page."""
    is_json = "json" in response.headers.get("Content-Type", "")
    listed = json.loads(body)["files"] if is_json else _html_files(response.url, body, name)
    rows = []
    for entry in listed:
        found = parse_filename(entry["filename"], name)
        if found is not None:
            version, tags = found
            hashes = entry.get("hashes") or {}
            url = urljoin(response.url, entry["url"])
            python, digest = entry.get("requires-python"), hashes.get("sha256")
            rows.append([entry["filename"], url, version, tags, python, digest, bool(entry.get("yanked"))])
    return rows


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
        }
        for package in page.packages
    ]


def _project(name: str, index: str, rows: list[list[Any]]) -> Project:
    releases: dict[str, list[File]] = {}
    for filename, url, version, tags, python, digest, yanked in rows:
        file = File(filename, url, version, tuple(tags), python, digest, yanked)
        releases.setdefault(version, []).append(file)
    return Project(name, index, {version: tuple(files) for version, files in releases.items()})
