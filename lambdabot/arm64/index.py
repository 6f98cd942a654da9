"""Package indexes over their Simple API: pages and file contents, each asked for once, concurrently, and cached."""

import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from threading import Lock
from typing import Any, BinaryIO, cast
from urllib.parse import urljoin, urlsplit, urlunsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import Retry

from lambdabot.arm64.cache import Cache
from lambdabot.arm64.native import NativeFile
from lambdabot.arm64.ranged import RangedFile, UnreadableError
from lambdabot.arm64.release import File, Project, parse_filename
from lambdabot.arm64.sdist import DOWNLOAD_LIMIT, read_sdist
from lambdabot.arm64.wheel import Contents, read_wheel

_JSON = "application/vnd.pypi.simple.v1+json"
_ACCEPT = f"{_JSON}, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1"
_FRESH_SECONDS = 600  # what the public index itself allows a page to be kept
_CONNECT_SECONDS = 4.0
_THREADS = 16
_PAGE_LIMIT = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Absent:
    """A project or file that could not be had: why, and whether that is certain (the index says so)."""

    reason: str
    certain: bool = False


class Index:
    """The indexes of one check, in the order in which they are asked; the first that has a project is believed."""

    def __init__(self, addresses: tuple[str, ...], *, public: bool, cache: Cache, timeout: float) -> None:
        """Take addresses with their credentials, if any; `public`: the last one is the public index."""
        self._addresses = addresses
        self._public = public
        self._cache = cache
        self._timeout = (min(timeout, _CONNECT_SECONDS), timeout)
        self._lock = Lock()
        self._projects: dict[str, Future[Project | Absent]] = {}
        self._contents: dict[str, Future[Contents]] = {}
        self._down: dict[str, str] = {}
        self._parsing = Lock()  # a page of thousands of files at a time, for the memory's sake
        self._pool = ThreadPoolExecutor(_THREADS)
        self._session = requests.Session()
        retry = Retry(
            total=2, connect=0, read=0, backoff_factor=0.2, status_forcelist=(429, 502, 503, 504), raise_on_status=False
        )
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, HTTPAdapter(pool_maxsize=_THREADS, max_retries=retry))

    def close(self) -> None:
        """Give threads and connections back."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._session.close()

    def ask(self, name: str) -> Future[Project | Absent]:
        """Start to look a project up, once per check."""
        with self._lock:
            if name not in self._projects:
                self._projects[name] = self._pool.submit(self._look_up, name)
            return self._projects[name]

    def project(self, name: str) -> Project | Absent:
        """Return the project, by its normalised name."""
        return self.ask(name).result()

    def read(self, file: File, name: str) -> Contents:
        """Return what a file holds; one that cannot be read says why in `trouble`."""
        with self._lock:
            future = self._contents.get(file.url)
            mine = future is None
            if future is None:
                future = self._contents[file.url] = Future()
        if mine:
            try:
                future.set_result(self._read(file, name))
            except BaseException as error:
                future.set_exception(error)
                raise
        return future.result()

    def _look_up(self, name: str) -> Project | Absent:
        answer: Project | Absent = Absent("no index is configured")
        for address in self._addresses:
            answer = self._page(address, name)
            if isinstance(answer, Project) or not answer.certain:
                return answer
        if self._public and len(self._addresses) == 1:
            return answer
        return Absent(answer.reason)  # a private index says 404 also to who may not see

    def _page(self, address: str, name: str) -> Project | Absent:
        url = urljoin(address.rstrip("/") + "/", f"{name}/")
        shown = redacted(address)
        host = urlsplit(url).netloc
        key = f"{shown} {name}"
        known = self._cache.get("page", key)
        if known is not None and 0 <= time.time() - known["at"] < _FRESH_SECONDS:
            return _project(name, shown, known["files"])
        headers = {"Accept": _ACCEPT}
        if known is not None:
            headers |= {
                sent: known[kept]
                for sent, kept in (("If-None-Match", "etag"), ("If-Modified-Since", "modified"))
                if known.get(kept)
            }
        if host in self._down:
            return Absent(self._down[host])
        try:
            with self._session.get(url, headers=headers, timeout=self._timeout, stream=True) as response:
                return self._answer(response, key, name, shown, known)
        except requests.RequestException as error:
            reason = f"{shown}: {_cause(error)}"
            if isinstance(error, requests.ConnectionError):
                self._down[host] = reason
            return Absent(reason)

    def _answer(
        self, response: requests.Response, key: str, name: str, shown: str, known: dict[str, Any] | None
    ) -> Project | Absent:
        if response.status_code == requests.codes.not_modified and known is not None:
            self._cache.put("page", key, known | {"at": time.time()})
            return _project(name, shown, known["files"])
        if response.status_code in {requests.codes.not_found, requests.codes.gone}:
            return Absent(f"{shown} has no project {name}", certain=True)
        if response.status_code != requests.codes.ok:
            return Absent(f"{shown}: HTTP {response.status_code}")
        if int(response.headers.get("Content-Length") or 0) > _PAGE_LIMIT:
            return Absent(f"{shown}: the page of {name} is too large")
        body = response.content
        with self._parsing:
            try:
                files = _page_files(response, body, name)
            except (ValueError, KeyError, TypeError, AttributeError):
                return Absent(f"{shown}: the page of {name} is no Simple API page")
        document = {
            "at": time.time(),
            "etag": response.headers.get("ETag"),
            "modified": response.headers.get("Last-Modified"),
            "files": files,
        }
        self._cache.put("page", key, document)
        return _project(name, shown, files)

    def _read(self, file: File, name: str) -> Contents:
        key = f"{file.sha256} {file.filename}"
        if file.sha256 and (known := self._cache.get("contents", key)) is not None:
            natives = tuple(NativeFile(*native) for native in known.pop("natives"))
            return Contents(**{k: tuple(v) if isinstance(v, list) else v for k, v in known.items()}, natives=natives)
        host = urlsplit(file.url).netloc
        if host in self._down:
            return Contents(trouble=self._down[host])
        try:
            contents = self._read_wheel(file, name) if file.is_wheel else self._read_sdist(file)
        except UnreadableError as error:
            return Contents(trouble=f"{file.filename}: {error}")
        except requests.RequestException as error:
            reason = f"{file.filename}: {_cause(error)}"
            if isinstance(error, requests.ConnectionError):
                self._down[host] = reason
            return Contents(trouble=reason)
        if file.sha256:
            document = asdict(contents)
            document["natives"] = [list(native.values()) for native in document["natives"]]
            self._cache.put("contents", key, document)
        return contents

    def _read_wheel(self, file: File, name: str) -> Contents:
        return read_wheel(cast("BinaryIO", RangedFile(self._get, file.url)), name, scan=file.is_any)

    def _read_sdist(self, file: File) -> Contents:
        if (file.size or 0) > DOWNLOAD_LIMIT:
            raise UnreadableError("the sdist is too large to read")
        import tempfile  # noqa: PLC0415  # only an sdist is ever downloaded whole

        with tempfile.SpooledTemporaryFile(max_size=8 * 1024 * 1024) as spool:
            with self._get(file.url, {}) as response:
                if not response.ok:
                    raise UnreadableError(f"HTTP {response.status_code}")
                total = 0
                for chunk in response.iter_content(256 * 1024):
                    total += len(chunk)
                    if total > DOWNLOAD_LIMIT:
                        raise UnreadableError("the sdist is too large to read")
                    spool.write(chunk)
            spool.seek(0)
            return read_sdist(cast("BinaryIO", spool), file.filename)

    def _get(self, url: str, headers: dict[str, str]) -> requests.Response:
        """Open a file; credentials go only to the index's own host."""
        plain = {"Accept-Encoding": "identity", **headers}
        return self._session.get(self._with_credentials(url), headers=plain, timeout=self._timeout, stream=True)

    def _with_credentials(self, url: str) -> str:
        parts = urlsplit(url)
        for address in self._addresses:
            known = urlsplit(address)
            if "@" in known.netloc and known.netloc.rpartition("@")[2] == parts.netloc and known.scheme == parts.scheme:
                return urlunsplit(parts._replace(netloc=known.netloc))
        return url


def redacted(address: str) -> str:
    """Return an address without credentials and query, for people to read."""
    parts = urlsplit(address)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def _cause(error: requests.RequestException) -> str:
    """Return what went wrong in words, never the address, which may carry credentials."""
    match error:
        case requests.exceptions.SSLError():
            return "the certificate could not be verified"
        case requests.exceptions.ProxyError():
            return "the proxy did not answer"
        case requests.Timeout():
            return "no answer in time"
        case requests.ConnectionError():
            return "no connection"
        case _:
            return type(error).__name__


def _page_files(response: requests.Response, body: bytes, name: str) -> list[list[Any]]:
    """Return the files of a page that matter on Linux, as rows of `File`'s fields; raise ValueError for no page."""
    if "json" in response.headers.get("Content-Type", ""):
        listed: list[dict[str, Any]] = __import__("json").loads(body)["files"]
    else:
        listed = _html_files(response, body, name)
    rows = []
    for entry in listed:
        found = parse_filename(entry["filename"], name)
        if found is None:
            continue
        version, tags = found
        url = urljoin(response.url, entry["url"])
        hashes = entry.get("hashes") or {}
        rows.append(
            [
                entry["filename"],
                url,
                version,
                list(tags),
                entry.get("requires-python"),
                hashes.get("sha256"),
                entry.get("size"),
                bool(entry.get("yanked")),
                bool(entry.get("core-metadata")),
            ]
        )
    return rows


def _html_files(response: requests.Response, body: bytes, name: str) -> list[dict[str, Any]]:
    from pypi_simple import ProjectPage  # noqa: PLC0415  # slow to import, and few indexes still speak only HTML

    page = ProjectPage.from_html(name, body, base_url=response.url)
    return [
        {
            "filename": package.filename,
            "url": package.url,
            "requires-python": package.requires_python,
            "hashes": package.digests,
            "size": package.size,
            "yanked": package.is_yanked,
        }
        for package in page.packages
    ]


def _project(name: str, index: str, rows: list[list[Any]]) -> Project:
    releases: dict[str, list[File]] = {}
    for row in rows:
        filename, url, version, tags, *rest = row
        releases.setdefault(version, []).append(File(filename, url, version, tuple(tags), *rest))
    return Project(name, index, {version: tuple(files) for version, files in releases.items()})
