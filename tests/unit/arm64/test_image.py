"""Images as `docker save` and OCI layouts write them: their own target, their own packages."""

import gzip
import hashlib
import io
import json
import tarfile
from pathlib import Path

import pytest

from lambdabot.arm64.check import check
from lambdabot.arm64.files import image as module
from lambdabot.arm64.indexes.access import IndexAccess
from lambdabot.arm64.target import Target
from lambdabot.workspace import Workspace

TARGET = Target("3.9", "2.26")  # of the command line; the image's own goes before it
X86, ARM = 0x3E, 0xB7
LIBC = b"GNU C Library (GNU libc) stable release version 2.34.\n"


def tar(files: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        folder = tarfile.TarInfo("var")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return stream.getvalue()


def saved(path: Path, layers: list[dict[str, bytes]], config: dict[str, object]) -> Path:
    """Write what `docker save` writes."""
    files = {f"{number}/layer.tar": tar(layer) for number, layer in enumerate(layers)}
    manifest = [{"Config": "config.json", "Layers": list(files)}]
    path.write_bytes(
        tar(
            {
                "manifest.json": json.dumps(manifest).encode(),
                "config.json": json.dumps({"config": config}).encode(),
                **files,
            }
        )
    )
    return path


def layout(path: Path, layers: list[dict[str, bytes]], config: dict[str, object]) -> Path:
    """Write an OCI layout, its layers compressed."""
    blobs: dict[str, bytes] = {}

    def blob(content: bytes) -> dict[str, str]:
        digest = hashlib.sha256(content).hexdigest()
        blobs[f"blobs/sha256/{digest}"] = content
        return {"digest": f"sha256:{digest}"}

    document = {
        "config": blob(json.dumps({"config": config}).encode()),
        "layers": [blob(gzip.compress(tar(layer))) for layer in layers],
    }
    index = {"manifests": [blob(json.dumps(document).encode())]}
    path.write_bytes(tar({"index.json": json.dumps(index).encode(), **blobs}))
    return path


def ask(path: Path):
    return check(path, Workspace.around(path), TARGET, IndexAccess(None, 5))


BASE = {"var/lang/lib/python3.12/os.py": b"", "usr/lib64/libc.so.6": LIBC, "usr/bin/tool": b"\x7fELF"}
INFO = "var/task/alpha-1.0.dist-info"


@pytest.mark.parametrize("write", [saved, layout])
def test_image_is_judged_for_what_it_is(write, tmp_path, package_index, elf):
    package_index.wheel("alpha", "1.0", "cp312-cp312-manylinux_2_34_aarch64")
    function = {
        f"{INFO}/METADATA": b"Name: alpha\nVersion: 1.0\n",
        f"{INFO}/WHEEL": b"Tag: cp312-cp312-manylinux_2_17_x86_64\n",
        f"{INFO}/RECORD": b"alpha/core.so,,\n",
        "./var/task/alpha/core.so": elf(X86),
        "usr/bin/native": elf(X86),
    }
    answer = ask(write(tmp_path / "image.tar", [BASE, function], {"Env": ["PATH=/bin"], "WorkingDir": "/var/task"}))
    assert answer.verdict == "ready"
    assert answer.reason == "the image has Python 3.12, glibc 2.34"
    assert [(each.name, str(each.verdict)) for each in answer.packages] == [("alpha", "wheel")]


def test_own_machine_code_blocks_and_the_system_s_does_not(tmp_path, elf):
    files = {"usr/local/lib/python3.13/os.py": b"", "lib/libc-2.28.so": b"", "app/tool": elf(X86), "bin/sh": elf(X86)}
    answer = ask(saved(tmp_path / "image.tar", [files], {"Env": ["PYTHON_VERSION=3.13.1"], "WorkingDir": "/app"}))
    assert answer.verdict == "blocked"
    assert answer.native_files == ("app/tool is machine code for x86_64, and there is none for arm64 beside it",)
    assert answer.reason.startswith("the image has Python 3.13, glibc 2.28; ")


def test_image_without_glibc_or_sense_is_not_checked(tmp_path):
    assert "no glibc" in ask(saved(tmp_path / "musl.tar", [{"lib/ld-musl.so": b""}], {})).reason
    (tmp_path / "broken.tar").write_bytes(tar({"manifest.json": b"[]"}))
    assert "no sound image" in ask(tmp_path / "broken.tar").reason
    (tmp_path / "empty.tar").write_bytes(tar({"manifest.json": json.dumps([{"Config": "x", "Layers": []}]).encode()}))
    assert "no sound image" in ask(tmp_path / "empty.tar").reason
    (tmp_path / "other.tar").write_bytes(tar({"a": b""}))
    assert ask(tmp_path / "other.tar").verdict == "unknown"
    (tmp_path / "none.tar").write_bytes(b"text")
    assert ask(tmp_path / "none.tar").verdict == "unknown"


def test_image_that_unpacks_to_too_much_is_left(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_UNPACKED_LIMIT", 3)
    assert "more than Lambda takes" in ask(saved(tmp_path / "image.tar", [{"a": b"12345"}], {})).reason
