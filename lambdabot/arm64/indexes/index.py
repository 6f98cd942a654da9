"""Package indexes by their Simple API (PEP 503, 691): each page asked for once per check, concurrently."""

import hashlib
import time
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from threading import Lock
from urllib.parse import quote

import requests

from lambdabot.arm64.indexes.cache import Cache
from lambdabot.arm64.indexes.environment import Sources
from lambdabot.arm64.indexes.pages import Pages, Row, Stamp, parse_page, project_of
from lambdabot.arm64.indexes.release import Project
from lambdabot.arm64.indexes.transport import THREADS, Transport, UnreachableError, cause, redacted, status
from lambdabot.arm64.verdict_json import fingerprint

_ACCEPT = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1"
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
        self._pages = Pages(cache)
        self._lock = Lock()
        self._futures: dict[str, Future[Project | Absent]] = {}
        self._parsing = Lock()  # one page of thousands of files at a time, for the memory's sake
        self._pool = ThreadPoolExecutor(THREADS)
        self._seen: dict[str, str] = {}
        self._complete = True

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

    def seen(self) -> dict[str, str] | None:
        """Return the digest of every page that was looked at, by its key; None when one could not be had."""
        return dict(self._seen) if self._complete else None

    def unchanged(self, seen: Mapping[str, str]) -> bool:
        """Tell whether pages that were looked at once still say the same; those not fresh are asked for again."""
        return all(self._pool.map(lambda page: self._same(*page), seen.items()))

    def _same(self, key: str, digest: str) -> bool:
        whose, _, name = key.rpartition(" ")
        stamp = self._pages.stamp(key)
        if stamp is None or stamp.digest != digest:
            return False
        known = (*self._sources.addresses, *self._sources.of_project.values())
        address = next((address for address in known if fingerprint(address) == whose), None)
        if stamp.fresh or address is None:
            return address is not None
        answer = self._fetch(address, name, stamp)
        return not isinstance(answer, Absent) and answer[0].digest == digest

    def _look_up(self, name: str) -> Project | Absent:
        """Ask one index after the other; one that does not answer ends it, for a private name goes no further."""
        own = self._sources.of_project.get(name)
        addresses = self._sources.addresses if own is None else (own,)
        answer: Project | Absent = Absent("no index may be asked (--no-index)")
        for address in addresses:
            answer = self._page(address, name)
            if isinstance(answer, Project) or not answer.certain:
                break
        if isinstance(answer, Project):
            return answer
        self._complete = False
        return answer if self._sources.believes(addresses) else Absent(answer.reason)

    def _page(self, address: str, name: str) -> Project | Absent:
        key = _key(address, name)
        stamp = self._pages.stamp(key)
        rows = None
        if stamp is None or not stamp.fresh:
            answer = self._fetch(address, name, stamp)
            if isinstance(answer, Absent):
                return answer
            stamp, rows = answer
        rows = self._pages.rows(key, stamp) if rows is None else rows
        if rows is None:  # the stamp was there, and its page was not
            answer = self._fetch(address, name, None)
            if isinstance(answer, Absent):
                return answer
            stamp, rows = answer
        self._seen[key] = stamp.digest
        return project_of(name, redacted(address), rows or [])

    def _fetch(self, address: str, name: str, stamp: Stamp | None) -> tuple[Stamp, list[Row] | None] | Absent:
        """Ask for a page and keep it; the rows are None where it is as it was when it was stamped."""
        headers = {"Accept": _ACCEPT, **({} if stamp is None else stamp.conditions())}
        try:
            with self._transport.get(f"{address.rstrip('/')}/{quote(name, safe='')}/", headers) as response:
                answer = self._answer(response, name, stamp)
        except UnreachableError as error:
            return Absent(str(error))
        except requests.RequestException as error:
            return Absent(f"{redacted(address)}: {cause(error)}")
        if not isinstance(answer, Absent):
            self._pages.keep(_key(address, name), *answer)
        return answer

    def _answer(
        self, response: requests.Response, name: str, stamp: Stamp | None
    ) -> tuple[Stamp, list[Row] | None] | Absent:
        shown = redacted(response.url)
        if response.status_code == requests.codes.not_modified and stamp is not None:
            return stamp.renewed(), None
        if response.status_code in {requests.codes.not_found, requests.codes.gone}:
            return Absent(f"{shown} does not exist", certain=True)
        if response.status_code != requests.codes.ok:
            return Absent(status(response))
        try:
            body = _body(response)
            digest = hashlib.sha256(body).hexdigest()
            if stamp is not None and stamp.digest == digest:
                return stamp.renewed(), None
            with self._parsing:
                rows = parse_page(response, body, name)
        except (ValueError, KeyError, TypeError, AttributeError):
            return Absent(f"{shown} is no page of a package index")
        headers = response.headers
        new = Stamp(at=time.time(), digest=digest, etag=headers.get("ETag"), modified=headers.get("Last-Modified"))
        return new, rows


def _key(address: str, name: str) -> str:
    """Return what a page is kept by: all that was asked, credentials and query included, and none of it legible."""
    return f"{fingerprint(address)} {name}"


def _body(response: requests.Response) -> bytes:
    """Return the whole body; raise ValueError when it is larger than any page."""
    chunks, size = [], 0
    for chunk in response.iter_content(256 * 1024):
        chunks.append(chunk)
        size += len(chunk)
        if size > _PAGE_LIMIT:
            raise ValueError
    return b"".join(chunks)
