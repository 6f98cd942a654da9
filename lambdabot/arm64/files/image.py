"""A container image as `docker save` or an OCI layout writes it: what it runs on and what it ships, layer by layer."""

import json
import re
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any, BinaryIO

from lambdabot.arm64.files.contents import BAD_ARCHIVE, UnreadableError
from lambdabot.arm64.files.shipped import Shipped, read_shipped
from lambdabot.arm64.target import Target

_CONFIG_LIMIT = 4 * 1024 * 1024
_LIBC_LIMIT = 64 * 1024 * 1024
_MEMBERS = 500_000
_UNPACKED_LIMIT = 12 * 1024**3  # Lambda takes images of 10 GB
_INTERPRETER = re.compile(r"(?:^|/)lib(?:64)?/python(3\.\d+)/os\.pyc?$")
_LIBC = re.compile(r"(?:^|/)libc(?:\.so\.6|-(2\.\d+)\.so)$")
_RELEASE = re.compile(rb"stable release version (2\.\d+)")
_OWN = ("var/task/", "opt/")  # what a function brings itself; the rest comes with the base image for arm64


@dataclass(frozen=True, slots=True)
class Image:
    """The target that an image is, and the function inside it."""

    target: Target
    shipped: Shipped


class _Findings:
    """What was seen of interpreters and of the C library while the layers were read."""

    def __init__(self, variables: dict[str, str], folder: str) -> None:
        self.pythons: list[str] = []
        self.glibc: str | None = None
        self.named = ".".join(variables.get("PYTHON_VERSION", "").split(".")[:2])  # set by the official Python images
        self.own = (*_OWN, f"{folder.strip('/')}/") if folder.strip("/") else _OWN

    def note(self, path: str, content: IO[bytes]) -> None:
        """Look at a file for what it tells of the target."""
        if match := _INTERPRETER.search(path):
            self.pythons.append(match[1])
        if match := _LIBC.search(path):
            found = match[1]
            if found is None and (release := _RELEASE.search(content.read(_LIBC_LIMIT))):
                found = release[1].decode()
            self.glibc = found or self.glibc

    def target(self) -> Target:
        """Return the target; raise UnreadableError when the image has no glibc."""
        if self.glibc is None:
            raise UnreadableError(why="the image has no glibc, so wheels for it cannot be told (musl?)")
        return Target(self.named or (self.pythons[-1] if self.pythons else ""), self.glibc)


def read_image(file: BinaryIO) -> Image | None:
    """Read an image's configuration and layers; None for another archive, UnreadableError for a damaged one.

    As `docker save` writes it, the outer archive is not compressed, so that it holds no more members than it has room.
    """
    try:
        with tarfile.open(fileobj=file, mode="r:") as archive:
            names = archive.getnames()
    except BAD_ARCHIVE:
        return None
    if not {"manifest.json", "index.json"} & set(names):
        return None
    file.seek(0)
    try:
        with tarfile.open(fileobj=file, mode="r:") as archive:
            config, layers = _documents(archive)
            settings = config.get("config") or {}
            variables = dict(variable.partition("=")[::2] for variable in settings.get("Env") or [])
            findings = _Findings(variables, str(settings.get("WorkingDir") or ""))
            shipped = read_shipped(_files(archive, layers, findings))
    except BAD_ARCHIVE as error:
        raise UnreadableError(why=f"it is no sound image: {error}") from error
    return Image(findings.target(), shipped)


def _documents(archive: tarfile.TarFile) -> tuple[dict[str, Any], list[str]]:
    """Return the configuration and the names of the layers in order."""
    if "manifest.json" in archive.getnames():
        manifest = _json(archive, "manifest.json")[0]
        return _json(archive, manifest["Config"]), list(manifest["Layers"])
    blob = _blob(_json(archive, "index.json")["manifests"][0])
    document = _json(archive, blob)
    return _json(archive, _blob(document["config"])), [_blob(layer) for layer in document["layers"]]


def _blob(descriptor: dict[str, Any]) -> str:
    return f"blobs/{str(descriptor['digest']).replace(':', '/')}"


def _json(archive: tarfile.TarFile, name: str) -> Any:  # noqa: ANN401  # the document's own form
    stream = archive.extractfile(name)
    return json.loads(b"" if stream is None else stream.read(_CONFIG_LIMIT))


def _files(archive: tarfile.TarFile, layers: list[str], findings: _Findings) -> Iterator[tuple[str, IO[bytes]]]:
    """Yield the function's own files and every `.dist-info`; files that a later layer removes are still told."""
    total = count = 0
    for layer in layers:
        stream = archive.extractfile(layer)
        with tarfile.open(fileobj=stream, mode="r|*") as files:
            for entry in files:
                total, count = total + entry.size, count + 1
                if total > _UNPACKED_LIMIT or count > _MEMBERS:
                    raise UnreadableError(why="it unpacks to more than Lambda takes")
                content = files.extractfile(entry) if entry.isreg() else None
                if content is None:
                    continue
                path = entry.name.removeprefix("./")
                if ".dist-info/" in path or path.startswith(findings.own):
                    yield path, content
                else:
                    findings.note(path, content)
