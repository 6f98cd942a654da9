"""A package index of hand-made wheels and sdists in a folder, so that the real uv installs without a network."""

import hashlib
import io
import select
import socket
import tarfile
import zipfile
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from lambdabot.model import Function
from lambdabot.workspace import Workspace
from tests.sample import function as sample

BACKEND = """
import os, socket, zipfile

INFO = "{name}-{version}.dist-info"

def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    name = "{name}-{version}-{tag}.whl"
    with zipfile.ZipFile(os.path.join(wheel_directory, name), "w") as wheel:
        seen = "\\n".join(f"{{key}}={{value}}" for key, value in sorted(os.environ.items()))
        wheel.writestr("{name}/__init__.py", "")
        wheel.writestr("{name}/environment.txt", seen)
        wheel.writestr("{name}/user.txt", str(os.getuid()))
        wheel.writestr(INFO + "/METADATA", "Metadata-Version: 2.1\\nName: {name}\\nVersion: {version}\\n")
        wheel.writestr(INFO + "/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: {tag}\\n")
        wheel.writestr(INFO + "/RECORD", "")
    socket.create_connection(("127.0.0.1", {port})).close()
    return name

build_editable = build_wheel
"""


class Index:
    """A folder for `--find-links`; `built` is true once an sdist of it was built, which calls a port of ours."""

    def __init__(self, folder: Path, calls: socket.socket) -> None:
        self.folder = folder
        self.calls = calls

    @property
    def built(self) -> bool:
        return bool(select.select([self.calls], [], [], 0)[0])

    def lines(self, *lines: str) -> str:
        return "\n".join(["--no-index", f"--find-links {self.folder}", *lines, ""])

    def wheel(
        self,
        name: str,
        version: str = "1.0",
        tag: str = "py3-none-any",
        *,
        files: Mapping[str, bytes] | None = None,
        requires: tuple[str, ...] = (),
        entry_points: str = "",
        python: str = "",
    ) -> Path:
        info = f"{name}-{version}.dist-info"
        metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        metadata += "".join(f"Requires-Dist: {requirement}\n" for requirement in requires)
        metadata += f"Requires-Python: {python}\n" if python else ""
        contents = {
            f"{name}/__init__.py": b"",
            **(files or {}),
            f"{info}/METADATA": metadata.encode(),
            f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: {tag}\n".encode(),
        }
        if entry_points:
            contents[f"{info}/entry_points.txt"] = entry_points.encode()
        record = [
            f"{path},sha256={urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip('=')},{len(content)}"
            for path, content in contents.items()
        ]
        contents[f"{info}/RECORD"] = "".join(f"{line}\n" for line in [*record, f"{info}/RECORD,,"]).encode()
        path = self.folder / f"{name}-{version}-{tag}.whl"
        with zipfile.ZipFile(path, "w") as archive:
            for entry, content in contents.items():
                archive.writestr(entry, content)
        return path

    def project(self, folder: Path, name: str, version: str = "1.0", tag: str = "py3-none-any") -> Path:
        """Write the source of a package whose build, by a backend of its own, leaves the marker."""
        folder.mkdir(parents=True, exist_ok=True)
        backend = BACKEND.format(name=name, version=version, tag=tag, port=self.calls.getsockname()[1])
        (folder / "backend.py").write_text(backend)
        (folder / "pyproject.toml").write_text(
            f'[project]\nname = "{name}"\nversion = "{version}"\n'
            '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        )
        (folder / "PKG-INFO").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        return folder

    def sdist(self, name: str, version: str = "1.0", tag: str = "py3-none-any") -> Path:
        source = self.project(self.folder / f"{name}-source", name, version, tag)
        path = self.folder / f"{name}-{version}.tar.gz"
        with tarfile.open(path, "w:gz") as archive:
            for file in sorted(source.iterdir()):
                content = file.read_bytes()
                entry = tarfile.TarInfo(f"{name}-{version}/{file.name}")
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))
        return path


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    with socket.create_server(("127.0.0.1", 0)) as calls:
        yield Index(tmp_path, calls)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "app.py").write_text("def handler(event, context): ...\n")
    return folder


@pytest.fixture
def function(source: Path) -> Callable[..., Function]:
    """Return a function of `source`; `requirements` is the text of its requirements.txt."""

    def make(
        requirements: str | None = None,
        *,
        allow_build: tuple[str, ...] = (),
        runtime: str = "python3.13",
        code: Path | str | None = None,
    ) -> Function:
        path = None
        if requirements is not None:
            path = source / "requirements.txt"
            path.write_text(requirements)
        return sample(
            code or source,
            runtime=runtime,
            requirements=path,
            allow_build=frozenset(allow_build),
            workspace=Workspace(Path("/")),  # the index lies where everybody may read
        )

    return make
