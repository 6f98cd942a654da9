"""How much of the disk a process and its family hold: files in their folder, and open ones that have no name."""

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

_BLOCK = 512  # bytes of a block as stat(2) counts them
_MEBIBYTE = 1024 * 1024


def held_mb(folder: str, pids: Iterable[int]) -> float:
    """Return the megabytes on disk below a folder, and in files of the processes that were removed while open."""
    blocks = {(one.st_dev, one.st_ino): one.st_blocks for one in (*_below(folder), *_unnamed(pids))}
    return sum(blocks.values()) * _BLOCK / _MEBIBYTE


def _below(folder: str) -> Iterator[os.stat_result]:
    folders = [folder]
    while folders:
        with suppress(OSError), os.scandir(folders.pop()) as entries:  # closed to us, or gone meanwhile
            for entry in entries:
                with suppress(OSError):
                    yield entry.stat(follow_symlinks=False)
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.path)


def _unnamed(pids: Iterable[int]) -> Iterator[os.stat_result]:
    for pid in pids:
        with suppress(OSError):
            for handle in Path(f"/proc/{pid}/fd").iterdir():
                with suppress(OSError):
                    found = handle.stat()
                    if stat.S_ISREG(found.st_mode) and not found.st_nlink:
                        yield found
