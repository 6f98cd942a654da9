"""A package index on loopback that shows a resolver each release as one pure wheel, made up from the file that fits."""

import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Lock, Thread
from urllib.parse import unquote

from lambdabot.arm64.files.native import without_sibling
from lambdabot.arm64.indexes.index import Absent
from lambdabot.arm64.indexes.release import File
from lambdabot.arm64.resolution.candidates import Candidates

EVERYTHING = ":all:"
_LONGEST_LINE = 64 * 1024  # bytes of a request
_ADDRESS = re.compile(r"^[^;]*@")  # a dependency by address: the resolver would go and fetch it
_INVALID = b"Metadata-Version: 2.1\nName: -\nVersion: -\n"  # the resolver takes another release


@dataclass(frozen=True, slots=True)
class ServingRules:
    """How a resolution looks at a view.

    Projects in `excused` (or all, with `:all:`) are shown as if every release fitted, so that the rest can be resolved
    around them; `natives` rules out releases that claim to run anywhere and hold machine code for x86_64 alone.
    """

    excused: frozenset[str] = frozenset()
    natives: bool = False

    def excuses(self, name: str) -> bool:
        """Tell whether the project is shown as if every release fitted."""
        return name in self.excused or EVERYTHING in self.excused


class ServedCandidates:
    """A view as one resolution sees it, and what could not be had while it was looked at."""

    def __init__(self, view: Candidates, lens: ServingRules) -> None:
        """Show the view through the lens."""
        self.view = view
        self._lens = lens
        self._lock = Lock()
        self._pages: dict[str, Mapping[str, File]] = {}
        self.absent: dict[str, Absent] = {}

    def page(self, name: str) -> Mapping[str, File] | None:
        """Return the files by version, or None when the project could not be had, which is noted."""
        page = self.view.page(name, excused=self._lens.excuses(name))
        with self._lock:
            if isinstance(page, Absent):
                self.absent[name] = page
                return None
            self._pages[name] = page
            return page

    def metadata(self, name: str, version: str) -> bytes | None:
        """Return metadata of a release that was on the page; what the resolver shall not take is not valid."""
        with self._lock:
            file = self._pages.get(name, {}).get(version)
        if file is None:
            return None
        if self._lens.excuses(name):
            contents = self.view.contents(name, file)
        else:
            contents = self.view.contents_in_turn(name, file)
            if contents.compiler or (self._lens.natives and without_sibling(contents.natives)):
                return _INVALID
        lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
        lines += [f"Requires-Dist: {line}" for line in contents.requires if not _ADDRESS.search(line)]
        lines += [f"Provides-Extra: {extra}" for extra in contents.extras]
        return ("\n".join(lines) + "\n").encode()


class Loopback:
    """The server; every `ServedCandidates` has an address of its own, which nobody can guess."""

    def __init__(self) -> None:
        """Serve on a free port of 127.0.0.1."""
        self._views: dict[str, ServedCandidates] = {}
        views = self._views

        class Handler(_Handler):
            shown_by_token = views

        self._server = _Server(("127.0.0.1", 0), Handler)
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    def show(self, shown: ServedCandidates) -> str:
        """Return the index address under which the view is served."""
        token = secrets.token_urlsafe(16)
        self._views[token] = shown
        return f"http://127.0.0.1:{self._server.server_address[1]}/{token}/"

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """Stay silent: the resolver hangs up as soon as it knows enough."""


class _Handler(StreamRequestHandler):
    """HTTP as far as the resolver needs it: `http.server` takes longer over the headers than over the answer."""

    disable_nagle_algorithm = True
    shown_by_token: Mapping[str, ServedCandidates]

    def handle(self) -> None:
        """Answer one request after the other until the resolver hangs up."""
        while line := self.rfile.readline(_LONGEST_LINE).strip():
            while self.rfile.readline(_LONGEST_LINE).strip():
                pass  # no header matters here
            method, path, _ = line.decode("latin-1").split(" ")
            kind, body = self._answer(path) if method == "GET" else ("", None)
            status = "404 Not Found" if body is None else "200 OK"
            content = body or b""
            head = (
                f"HTTP/1.1 {status}",
                f"Content-Type: {kind}",
                f"Content-Length: {len(content)}",
                "Cache-Control: no-store",
            )
            self.wfile.write("\r\n".join((*head, "", "")).encode() + content)

    def _answer(self, path: str) -> tuple[str, bytes | None]:
        """Return type and body for `/TOKEN/NAME/` and `/TOKEN/NAME/VERSION/FILE.whl.metadata`."""
        token, name, *rest = (*unquote(path.lstrip("/")).split("/"), "")[:5]
        shown = self.shown_by_token.get(token)
        if shown is not None and rest[:2] == ["", ""]:
            page = shown.page(name)
            return "application/vnd.pypi.simple.v1+json", None if page is None else _page(name, page)
        if shown is not None and len(rest) > 1 and rest[1].endswith(".metadata"):
            return "application/octet-stream", shown.metadata(name, rest[0])
        return "", None


def _page(name: str, page: Mapping[str, File]) -> bytes:
    prefix = name.replace("-", "_")
    files = []
    for version, file in page.items():
        filename = f"{prefix}-{version}-py3-none-any.whl"
        url = f"{version}/{filename}"
        files.append({"filename": filename, "url": url, "hashes": {}, "core-metadata": True, "yanked": file.yanked})
    return json.dumps({"meta": {"api-version": "1.0"}, "name": name, "files": files}).encode()
