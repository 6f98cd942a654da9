"""Which processor a file is for, by real headers and by damaged ones."""

import struct

import pytest

from lambdabot.arm64.files.native import AARCH64, HEAD, X86_64, NativeFile, foreign, machine, without_sibling


def test_elf_of_either_processor_is_told_apart(elf):
    assert machine(elf(0x3E)[:HEAD]) == X86_64
    assert machine(elf(0xB7)[:HEAD]) == AARCH64


@pytest.mark.parametrize(
    ("number", "expected"),
    [(0x03, "i386"), (0x28, "arm (32 bit)"), (0xF3, "riscv"), (0x15, "ppc64"), (0x2, "ELF machine 2")],
)
def test_elf_of_another_processor_is_named(elf, number, expected):
    assert machine(elf(number)) == expected


def test_big_endian_elf_is_read_in_its_own_order():
    head = b"\x7fELF\x02\x02\x01" + bytes(9) + struct.pack(">HH", 3, 0x15)
    assert machine(head) == "ppc64"
    assert machine(head[:16] + struct.pack(">HH", 1, 0x15)) is None


def test_object_file_is_nothing_that_runs(elf):
    assert machine(elf(0x3E, kind=1)) is None
    assert machine(elf(0x3E, kind=2)) == X86_64


@pytest.mark.parametrize("size", range(HEAD))
def test_truncated_elf_is_no_machine_code(elf, size):
    assert machine(elf(0x3E)[:size]) is None


@pytest.mark.parametrize(("offset", "value"), [(4, 0), (4, 3), (5, 0), (5, 9)])
def test_elf_of_an_impossible_class_or_order_is_no_machine_code(elf, offset, value):
    head = bytearray(elf(0x3E)[:HEAD])
    head[offset] = value
    assert machine(bytes(head)) is None


@pytest.mark.parametrize("magic", ["cffaedfe", "cefaedfe", "feedfacf", "feedface"])
def test_mach_o_is_for_macos(magic):
    assert machine(bytes.fromhex(magic) + bytes(16)) == "macOS"


def test_windows_program_is_told_from_a_text_that_begins_alike():
    assert machine(b"MZ\x90\0\3" + bytes(15)) == "Windows"
    assert machine(b"MZ is what they wrote") is None
    assert machine(b"#!/bin/sh\n") is None


@pytest.mark.parametrize(
    ("x86_64", "aarch64"),
    [
        ("p/linux-x64/a.node", "p/linux-arm64/a.node"),
        ("a.cpython-312-x86_64-linux-gnu.so", "a.cpython-312-aarch64-linux-gnu.so"),
        ("lib/amd64/libz.so", "lib/arm64/libz.so"),
        ("META-INF/native/linux64/libj.so", "META-INF/native/linux-aarch64/libj.so"),
        ("bin/tool-x86_64", "bin/tool-aarch64"),
    ],
)
def test_sibling_for_arm64_excuses_the_file_for_x86_64(x86_64, aarch64):
    files = [NativeFile(x86_64, X86_64), NativeFile(aarch64, AARCH64)]
    assert without_sibling(files) == ()
    assert without_sibling(files[:1]) == (files[0],)


def test_file_of_another_name_is_no_sibling():
    alone = NativeFile("linux-x64/a.node", X86_64)
    assert without_sibling([NativeFile("linux-arm64/b.node", AARCH64), alone]) == (alone,)


def test_files_without_a_sibling_come_in_the_order_of_their_paths():
    files = [NativeFile(path, X86_64) for path in ("c.so", "a.so", "b.so")]
    assert [file.path for file in without_sibling(files)] == ["a.so", "b.so", "c.so"]


def test_only_foreign_files_that_linux_would_load_are_named():
    files = [
        NativeFile("z.node", "Windows"),
        NativeFile("bootstrap", "macOS"),
        NativeFile("tool.exe", "Windows"),
        NativeFile("ready.so", "macOS"),
        NativeFile("linux-x64/ready.so", X86_64),
        NativeFile("darwin.so", "macOS"),
        NativeFile("fine.so", AARCH64),
    ]
    assert [file.path for file in foreign(files)] == ["bootstrap", "darwin.so", "ready.so", "z.node"]
    files.append(NativeFile("linux-x64/z.node", X86_64))
    files.append(NativeFile("x64/z.node", "Windows"))
    assert "z.node" in [file.path for file in foreign(files)]
