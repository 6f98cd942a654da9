"""Machine code by its first bytes: which processor a file is for, and whether an arm64 sibling stands beside it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

HEAD = 20  # bytes that tell: e_machine stands at offset 18 (System V ABI, "ELF header")
X86_64, AARCH64 = "x86_64", "aarch64"
_ELF_MACHINES = {0x3E: X86_64, 0xB7: AARCH64, 0x03: "i386", 0x28: "arm (32 bit)", 0xF3: "riscv", 0x15: "ppc64"}
_MACH_O = (b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe", b"\xfe\xed\xfa\xcf", b"\xfe\xed\xfa\xce")
_FOREIGN = ("macOS", "Windows")
_RELOCATABLE = 1  # e_type of a .o file, which nothing runs
# What a path says of the processor; without it a file and its sibling for another processor have the same path.
_PROCESSOR = re.compile(
    r"[._@-]?(?<![a-z0-9])(?:x86[_-]?64|amd64|x64|aarch_?64|arm64|armv8[a-z]?|arm|64)(?:v[0-9])?(?![a-z0-9])"
    r"|(?<=linux)(?:-?musl|64)|[._-]musl(?![a-z0-9])"
)


@dataclass(frozen=True, slots=True, order=True)
class NativeFile:
    """A file of machine code: its path, its processor, and the newest glibc version that it asks for."""

    path: str
    machine: str
    glibc: str | None = None


def machine(head: bytes) -> str | None:
    """Return the processor or foreign system that a file is for by its first 20 bytes, None for no machine code."""
    if head[:4] == b"\x7fELF":
        if len(head) < HEAD or head[4] not in {1, 2} or head[5] not in {1, 2}:
            return None
        order = "little" if head[5] == 1 else "big"
        if int.from_bytes(head[16:18], order) == _RELOCATABLE:  # type: ignore[arg-type]  # a str to mypy, a Literal to typeshed
            return None
        number = int.from_bytes(head[18:20], order)  # type: ignore[arg-type]  # as above
        return _ELF_MACHINES.get(number, f"ELF machine {number}")
    if head[:4] in _MACH_O:
        return _FOREIGN[0]
    return _FOREIGN[1] if head[:2] == b"MZ" and b"\0" in head else None


def without_sibling(files: Iterable[NativeFile]) -> tuple[NativeFile, ...]:
    """Return the x86_64 files that have no aarch64 file under the same name, in the order of their paths."""
    found = sorted(files)
    siblings = {_family(file.path) for file in found if file.machine == AARCH64}
    return tuple(file for file in found if file.machine == X86_64 and _family(file.path) not in siblings)


def foreign(files: Iterable[NativeFile]) -> tuple[NativeFile, ...]:
    """Return the files that Linux would try to load and that were built for another system, in the order of paths."""
    found = sorted(files)
    families = {_family(file.path) for file in found if file.machine in {X86_64, AARCH64}}
    loaded = (file for file in found if file.path.endswith((".so", ".node")) or file.path == "bootstrap")
    return tuple(file for file in loaded if file.machine in _FOREIGN and _family(file.path) not in families)


def _family(path: str) -> str:
    """Return the path without what it says of the processor: of `linux-x64/a.node`, `linux/a.node`."""
    return _PROCESSOR.sub("", path.lower())
