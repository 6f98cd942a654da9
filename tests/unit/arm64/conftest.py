"""A package index on loopback, with made-up wheels and sdists: real HTTP, real archives, no network."""

import base64
import hashlib
import io
import json
import re
import ssl
import struct
import tarfile
import threading
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from lambdabot.arm64.check import check
from lambdabot.arm64.indexes import environment
from lambdabot.arm64.indexes.access import IndexAccess
from lambdabot.arm64.target import Target
from lambdabot.model import Arm64Check
from lambdabot.workspace import Workspace

X86_64, AARCH64 = 0x3E, 0xB7


def elf(machine: int, *, kind: int = 3, glibc: str = "", size: int = 4096) -> bytes:
    """A file that begins as ELF files do, with a version of glibc in its strings."""
    head = b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HH", kind, machine)
    return (head + bytes(100) + b"\0GLIBC_2.17\0" + (f"GLIBC_{glibc}\0".encode() if glibc else b"")).ljust(size, b"\0")


def wheel_bytes(
    name: str, version: str, requires: tuple[str, ...] = (), files: dict[str, bytes] | None = None
) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in (files or {f"{name}/__init__.py": b""}).items():
            archive.writestr(path, content)
        lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
        lines += [f"Requires-Dist: {line}" for line in requires]
        lines += [f"Provides-Extra: {extra}" for extra in re.findall(r"extra == ['\"]([^'\"]+)", "\n".join(requires))]
        archive.writestr(f"{name}-{version}.dist-info/METADATA", "\n".join(lines) + "\n\ntext")
        archive.writestr(f"{name}-{version}.dist-info/RECORD", "")
    return stream.getvalue()


def metadata_of(wheel: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
        return archive.read(next(name for name in archive.namelist() if name.endswith("/METADATA")))


def sdist_bytes(name: str, version: str, files: dict[str, str | bytes]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for path, content in files.items():
            raw = content.encode() if isinstance(content, str) else content
            entry = tarfile.TarInfo(f"{name}-{version}/{path}")
            entry.size = len(raw)
            archive.addfile(entry, io.BytesIO(raw))
    return stream.getvalue()


@dataclass
class Served:
    content: bytes
    requires_python: str | None = None
    yanked: bool = False


@dataclass
class PackageIndex:
    """What is served, how, and what was asked for."""

    url: str = ""
    files: dict[str, dict[str, Served]] = field(default_factory=dict)
    statuses: dict[str, int] = field(default_factory=dict)  # of a path that is to fail
    bodies: dict[str, bytes] = field(default_factory=dict)  # in the place of a page
    credentials: str = ""
    ranges: bool = True
    html: bool = False
    hashes: bool = True
    asked: list[str] = field(default_factory=list)
    not_modified: int = 0
    hang: threading.Event | None = None
    cut: bool = False  # hang up in the middle of a body
    metadata_key: str = ""  # under which the page says that a wheel's METADATA lies beside it
    server: "_Server | None" = None

    def secure(self, context: ssl.SSLContext) -> None:
        """Speak TLS from now on."""
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = self.url.replace("http://", "https://")

    def wheel(
        self,
        name: str,
        version: str,
        tags: str = "py3-none-any",
        *,
        requires: tuple[str, ...] = (),
        files: dict[str, bytes] | None = None,
        python: str | None = None,
        yanked: bool = False,
    ) -> str:
        stem = name.replace("-", "_")
        content = wheel_bytes(stem, version, requires, files)
        served = Served(content, python, yanked)
        self.files.setdefault(name, {})[f"{stem}-{version}-{tags}.whl"] = served
        return hashlib.sha256(content).hexdigest()

    def sdist(self, name: str, version: str, files: dict[str, str | bytes], *, suffix: str = ".tar.gz") -> str:
        content = sdist_bytes(name, version, files)
        self.files.setdefault(name, {})[f"{name}-{version}{suffix}"] = Served(content)
        return hashlib.sha256(content).hexdigest()

    def pure_sdist(self, name: str, version: str, requires: tuple[str, ...] = ()) -> str:
        metadata = "\n".join(
            [
                "Metadata-Version: 2.2",
                f"Name: {name}",
                f"Version: {version}",
                *(f"Requires-Dist: {r}" for r in requires),
            ]
        )
        return self.sdist(name, version, {"PKG-INFO": metadata, "setup.py": "from setuptools import setup\nsetup()\n"})

    def native_sdist(self, name: str, version: str) -> str:
        script = "from setuptools import setup, Extension\nsetup(ext_modules=[Extension('a', ['a.c'])])\n"
        return self.sdist(name, version, {"PKG-INFO": "Metadata-Version: 1.0", "setup.py": script, "a.c": "int a;"})

    def page(self, name: str) -> bytes:
        if name in self.bodies:
            return self.bodies[name]
        if self.html:
            rows = [
                f'<a href="/files/{name}/{file}#sha256={self.digest(name, file)}">{file}</a>'
                for file in self.files[name]
            ]
            return ("<!DOCTYPE html><html><body>" + "".join(rows) + "</body></html>").encode()
        listed = [
            {
                "filename": file,
                "url": f"../../files/{name}/{file}",
                "hashes": {"sha256": self.digest(name, file)} if self.hashes else {},
                "requires-python": served.requires_python,
                "yanked": "broken" if served.yanked else False,
                **({self.metadata_key: {"sha256": "0"}} if self.metadata_key else {}),
            }
            for file, served in self.files[name].items()
        ]
        return json.dumps({"meta": {"api-version": "1.0"}, "name": name, "files": listed}).encode()

    def digest(self, name: str, file: str) -> str:
        return hashlib.sha256(self.files[name][file].content).hexdigest()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    index: PackageIndex

    def do_GET(self) -> None:
        index = self.index
        index.asked.append(self.path)
        if index.hang is not None:
            index.hang.wait(30)
        wanted = "Basic " + base64.b64encode(index.credentials.encode()).decode()
        parts = self.path.strip("/").split("/")
        if index.credentials and self.headers.get("Authorization") != wanted:
            self.answer(401)
        elif self.path in index.statuses:
            self.answer(index.statuses[self.path])
        elif parts[0] == "simple" and (parts[1] in index.files or parts[1] in index.bodies):
            self.page(parts[1])
        elif parts[0] == "files" and parts[2] in index.files.get(parts[1], {}):
            self.file(index.files[parts[1]][parts[2]].content)
        elif index.metadata_key and parts[0] == "files" and parts[2].endswith(".whl.metadata"):
            self.answer(200, metadata_of(index.files[parts[1]][parts[2].removesuffix(".metadata")].content))
        else:
            self.answer(404)

    def page(self, name: str) -> None:
        body = self.index.page(name)
        tag = f'"{hashlib.sha256(body).hexdigest()}"'
        if self.headers.get("If-None-Match") == tag:
            self.index.not_modified += 1
            self.answer(304)
            return
        kind = "text/html" if self.index.html else "application/vnd.pypi.simple.v1+json"
        self.answer(200, body, {"Content-Type": kind, "ETag": tag})

    def file(self, content: bytes) -> None:
        wanted = re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers.get("Range") or "")
        if wanted is None or not self.index.ranges:
            self.answer(200, content)
            return
        size = len(content)
        first, last = wanted.groups()
        start = max(0, size - int(last)) if first == "" else int(first)
        end = size if first == "" else min(size, int(last) + 1)
        self.answer(206, content[start:end], {"Content-Range": f"bytes {start}-{end - 1}/{size}"})

    def answer(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for key, value in (headers or {}).items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if self.index.cut else body)
        self.close_connection = self.index.cut

    def log_message(self, *_: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        pass


def serve(index: PackageIndex) -> _Server:
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"index": index}))
    index.server = server
    index.url = f"http://127.0.0.1:{server.server_address[1]}/simple/"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    return server


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for key in (
        "UV_DEFAULT_INDEX",
        "UV_INDEX_URL",
        "PIP_INDEX_URL",
        "UV_INDEX",
        "UV_EXTRA_INDEX_URL",
        "PIP_EXTRA_INDEX_URL",
    ):
        monkeypatch.delenv(key, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture(scope="session")
def uv_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What uv finds out of the interpreter, for all tests: four fifths of their time went there. No page is kept."""
    return tmp_path_factory.mktemp("uv")


@pytest.fixture
def package_index(monkeypatch: pytest.MonkeyPatch, uv_cache: Path) -> Iterator[PackageIndex]:
    """The index that stands in for the public one."""
    monkeypatch.setattr(IndexAccess, "uv_cache", uv_cache)
    index = PackageIndex()
    server = serve(index)
    monkeypatch.setattr(environment, "public_index", lambda: index.url)
    yield index
    server.shutdown()
    server.server_close()


@pytest.fixture
def private_index() -> Iterator[PackageIndex]:
    """Another one beside it."""
    index = PackageIndex()
    server = serve(index)
    yield index
    server.shutdown()
    server.server_close()


@pytest.fixture
def ask(tmp_path: Path):
    """Write a requirements file and check it, by default for Python 3.12 on Amazon Linux 2023, with nothing cached."""

    def asked(
        text: str,
        *,
        target: Target | None = None,
        cache: Path | None = None,
        name: str = "requirements.txt",
        **options: object,
    ) -> Arm64Check:
        path = tmp_path / name
        path.write_text(text)
        return check(path, Workspace.around(path), target or Target("3.12", "2.34"), IndexAccess(cache, 5), **options)

    return asked


@pytest.fixture
def verdicts():
    """Return the verdict by package of an answer."""

    def by_package(answer: Arm64Check) -> dict[str, str]:
        return {package.name: str(package.verdict) for package in answer.packages}

    return by_package


@pytest.fixture(name="elf")
def elf_fixture():
    """Make files that begin as ELF files do."""
    return elf


@pytest.fixture(name="wheel_bytes")
def wheel_bytes_fixture():
    """Make wheels."""
    return wheel_bytes


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds that have passed for the cache."""
    passed = [0.0]
    real = time.time
    monkeypatch.setattr("lambdabot.arm64.indexes.pages.time.time", lambda: real() + passed[0])
    return passed
