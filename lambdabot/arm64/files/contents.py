"""What a distribution file holds, as far as ARM64 is concerned; written to the cache and read back."""

import lzma
import tarfile
import zipfile
import zlib
from dataclasses import dataclass
from email.parser import HeaderParser
from typing import Any

from lambdabot.arm64.files.native import NativeFile

# What zipfile, tarfile and the decompressors raise on damaged files: by their own words, or because they trip over one.
BAD_ARCHIVE = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
    RuntimeError,
    ArithmeticError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
)


class UnreadableError(Exception):
    """A file could not be read; the message says why."""

    def __init__(self, *, why: str) -> None:
        """Say why in words for the user."""
        super().__init__(why)


@dataclass(frozen=True, slots=True)
class Contents:
    """Dependencies as written, extras, machine code, and what stands against it.

    `compiler` says why building an sdist needs one, `broken` why it cannot be built at all, `trouble` why the file
    could not be read, or not wholly; each is empty where all is well.
    """

    requires: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    natives: tuple[NativeFile, ...] = ()
    compiler: str = ""
    broken: str = ""
    trouble: str = ""

    def document(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "requires": self.requires,
            "extras": self.extras,
            "natives": [(native.path, native.machine, native.glibc) for native in self.natives],
            "compiler": self.compiler,
            "broken": self.broken,
            "trouble": self.trouble,
        }

    @classmethod
    def of_document(cls, document: dict[str, Any]) -> "Contents":
        """Return what `document` gave."""
        return cls(
            requires=tuple(document["requires"]),
            extras=tuple(document["extras"]),
            natives=tuple(NativeFile(*native) for native in document["natives"]),
            compiler=document["compiler"],
            broken=document["broken"],
            trouble=document["trouble"],
        )


def parse_metadata(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return Requires-Dist and Provides-Extra of core metadata, each on one line."""
    message = HeaderParser().parsestr(text)
    requires = tuple(" ".join(str(line).split()) for line in message.get_all("Requires-Dist", []))
    return requires, tuple(" ".join(str(line).split()) for line in message.get_all("Provides-Extra", []))
