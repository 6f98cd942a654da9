"""Wheels: their metadata, and machine code by what a file is and not by its name."""

import io
import zipfile

import pytest

from lambdabot.arm64.files import wheel
from lambdabot.arm64.files.contents import UnreadableError
from lambdabot.arm64.files.native import NativeFile
from lambdabot.arm64.files.wheel import read_wheel


def zipped(files):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return stream


def test_metadata_is_that_of_the_project_itself(wheel_bytes):
    content = wheel_bytes(
        "alpha_beta",
        "1.0",
        ("gamma>=1", "delta; extra == 'x'"),
        {"alpha_beta/_vendor/other-1.0.dist-info/METADATA": b"Requires-Dist: wrong", "o-1.dist-info/METADATA": b"no"},
    )
    contents = read_wheel(io.BytesIO(content), "alpha-beta", scan=False)
    assert contents.requires == ("gamma>=1", "delta; extra == 'x'")
    assert contents.extras == ("x",)
    assert contents.natives == ()


def test_machine_code_is_found_by_what_it_is(wheel_bytes, elf):
    files = {
        "a/lib.so": elf(0x3E),
        "a/program": elf(0xB7),
        "a/data.json": elf(0x3E),
        "a/LICENSE": elf(0x3E),
        "a/small.so": elf(0x3E, size=200),
        "a/text.so": b"x" * 4096,
        "a/folder/": b"",
        "alpha-1.0.dist-info/thing": elf(0x3E),
    }
    contents = read_wheel(io.BytesIO(wheel_bytes("alpha", "1.0", (), files)), "alpha", scan=True)
    assert contents.natives == (NativeFile("a/lib.so", "x86_64"), NativeFile("a/program", "aarch64"))
    assert contents.trouble == ""
    assert read_wheel(io.BytesIO(wheel_bytes("alpha", "1.0", (), files)), "alpha", scan=False).natives == ()


def test_too_many_candidates_are_said(wheel_bytes, elf, monkeypatch):
    monkeypatch.setattr(wheel, "_CANDIDATES", 1)
    content = wheel_bytes("alpha", "1.0", (), {"a.so": elf(0x3E), "b.so": elf(0x3E)})
    contents = read_wheel(io.BytesIO(content), "alpha", scan=True)
    assert [native.path for native in contents.natives] == ["a.so"]
    assert contents.trouble == "more than 1 files that could be machine code"


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x05\x06" + bytes(10)])
def test_what_is_no_zip_is_unreadable(content):
    with pytest.raises(UnreadableError, match="no readable wheel"):
        read_wheel(io.BytesIO(content), "alpha", scan=True)


def test_damaged_member_is_unreadable(wheel_bytes):
    content = wheel_bytes("alpha", "1.0", ("beta",) * 50)
    start = content.index(b"alpha-1.0.dist-info/METADATA") + 40
    damaged = content[:start] + b"\xff" * 20 + content[start + 20 :]
    with pytest.raises(UnreadableError, match="no readable wheel"):
        read_wheel(io.BytesIO(damaged), "alpha", scan=False)


def test_wheel_of_another_project_is_unreadable(wheel_bytes):
    with pytest.raises(UnreadableError, match="no METADATA of its own"):
        read_wheel(io.BytesIO(wheel_bytes("beta", "1.0")), "alpha", scan=False)


def test_metadata_beyond_all_measure_is_unreadable(monkeypatch):
    monkeypatch.setattr(wheel, "_METADATA_LIMIT", 10)
    with pytest.raises(UnreadableError, match="METADATA is too large"):
        read_wheel(zipped({"alpha-1.dist-info/METADATA": b"Name: alpha\n" * 9}), "alpha", scan=False)
