"""What a confined process leaves on disk, removed once nothing of it runs."""

import os
import shutil
from contextlib import suppress
from pathlib import Path

_SHARED = tuple(map(Path, ("/tmp", "/var/tmp", "/dev/shm", "/dev/mqueue", "/run/lock")))  # noqa: S108 - open to all users


def remove_folder(folder: Path) -> None:
    """Remove a folder of its own, also one whose folders it closed to us."""
    for path, names, _ in os.walk(folder):
        for inner in (Path(path, name) for name in names):
            if not inner.is_symlink():
                inner.chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)


def remove_files_of(user: int) -> None:
    """Remove what a user that only it had owns in the folders that every user may write to."""
    for folder in _SHARED:
        with suppress(OSError), os.scandir(folder) as entries:
            for entry in entries:
                with suppress(OSError):
                    if entry.stat(follow_symlinks=False).st_uid == user:
                        _remove(Path(entry.path))


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        remove_folder(path)
    else:
        path.unlink()
