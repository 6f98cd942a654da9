"""A package index of the attacker's: it answers everybody over TLS, and writes down who showed it what."""

import base64
import datetime as dt
import hashlib
import io
import ipaddress
import json
import ssl
import threading
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.trust.arena import Arena

ELF_X86_64 = b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x03\x00\x3e\x00" + bytes(4096)


def wheel(name: str, files: Mapping[str, bytes]) -> bytes:
    """Return a wheel of version 1.0 for any platform."""
    stream = io.BytesIO()
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(stream, "w") as archive:
        for path, content in files.items():
            archive.writestr(path, content)
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "".join(f"{path},,\n" for path in [*files, f"{info}/METADATA"]))
    return stream.getvalue()


@dataclass
class Lair:
    """The index: wheels by project, and what it was shown."""

    url: str = ""
    wheels: dict[str, bytes] = field(default_factory=dict)
    moved: str = ""  # where every request is sent on
    shown: list[str] = field(default_factory=list)  # paths, and the users and passwords of `Authorization`

    def saw(self, secret: str) -> bool:
        """Tell whether a secret of the job came along."""
        return any(secret in one for one in self.shown)


class _Handler(BaseHTTPRequestHandler):
    lair: Lair

    def do_GET(self) -> None:
        given = self.headers.get("Authorization", "").removeprefix("Basic ")
        self.lair.shown += [self.path, base64.b64decode(given).decode()]
        name = self.path.rstrip("/").rpartition("/")[2]
        if self.lair.moved:
            self._answer(302, b"", Location=self.lair.moved)
        elif name in self.lair.wheels:
            self._answer(200, self._page(name), **{"Content-Type": "application/vnd.pypi.simple.v1+json"})
        elif name.endswith(".whl"):
            self._answer(200, self.lair.wheels[name.partition("-")[0]])
        else:
            self._answer(404, b"")

    def _page(self, name: str) -> bytes:
        filename = f"{name}-1.0-py3-none-any.whl"
        digest = hashlib.sha256(self.lair.wheels[name]).hexdigest()
        files = [{"filename": filename, "url": f"/files/{filename}", "hashes": {"sha256": digest}}]
        return json.dumps({"meta": {"api-version": "1.0"}, "name": name, "files": files}).encode()

    def _answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        pass


@contextmanager
def lair(arena: Arena, *, secure: bool = True, **wheels: bytes) -> Iterator[Lair]:
    """Serve on loopback, over TLS that the job trusts unless told otherwise."""
    found = Lair(wheels=dict(wheels))
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"lair": found}))
    scheme = "http"
    if secure:
        scheme, context = "https", ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(_certified(arena))
        server.socket = context.wrap_socket(server.socket, server_side=True)
    found.url = f"{scheme}://127.0.0.1:{server.server_address[1]}/simple"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()


def _certified(arena: Arena) -> str:
    """Return a key with its certificate, by an authority that requests and uv trust from now on."""
    path, now = arena.runner / "lair.pem", dt.datetime.now(dt.UTC)
    if path.exists():
        return str(path)
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, one)]) for one in ("authority", "127.0.0.1")]
    made = []
    for key, name, is_authority in zip(keys, names, (True, False), strict=True):
        builder = x509.CertificateBuilder(names[0], name, key.public_key(), x509.random_serial_number())
        builder = builder.not_valid_before(now - dt.timedelta(days=1)).not_valid_after(now + dt.timedelta(days=1))
        builder = builder.add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
        made.append(builder.add_extension(address, critical=False).sign(keys[0], hashes.SHA256()))
    authority, own = (one.public_bytes(serialization.Encoding.PEM) for one in made)
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(own + keys[1].private_bytes(*form))
    bundle = arena.write("authority.pem", authority, at=arena.runner)
    arena.monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    arena.monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
    return str(path)
