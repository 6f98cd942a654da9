"""The action as a process that sees an overlay of the whole file system: what it changes lies in the upper layer.

Prints the exit code and the paths that were written, made or removed, as JSON on the last line.
"""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

APART = ("/proc", "/sys", "/dev")  # kernels' own, which no overlay takes
MEMORY = Path("/dev/shm")  # noqa: S108 - an empty one is put there, for other tests leave files in the machine's


def mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True)  # noqa: S607 - the system's own


def enter() -> tuple[Path, Path]:
    """Go on below an overlay of /; return the folder of what changes, and the root as it was."""
    mount("-t", "tmpfs", "tmpfs", "/mnt")  # this process alone sees it
    upper, work, merged = (Path("/mnt", name) for name in ("upper", "work", "merged"))
    for folder in (upper, work, merged):
        folder.mkdir()
    here = Path.cwd()
    mount("-t", "overlay", "overlay", "-o", f"lowerdir=/,upperdir={upper},workdir={work}", str(merged))
    for folder in APART:
        mount("--rbind", folder, f"{merged}{folder}")
    mount("-t", "tmpfs", "-o", "mode=1777", "tmpfs", f"{merged}{MEMORY}")
    layers = [os.open(folder, os.O_RDONLY) for folder in (upper, Path("/"))]
    os.chroot(merged)
    os.chdir(here)
    upper, lower = (Path(f"/proc/self/fd/{layer}") for layer in layers)
    return upper, lower


def changed(upper: Path, lower: Path) -> list[str]:
    """Return what was written, made or removed: files, links, and folders that are new and empty."""
    found = []
    for folder, folders, names in os.walk(upper):
        here = Path(folder)
        below = lower / here.relative_to(upper)
        found += [here / name for name in folders if not any((here / name).iterdir()) and not (below / name).is_dir()]
        found += [here / name for name in names if not is_removal(here / name) or was_there(below / name)]
    return sorted(f"/{path.relative_to(upper)}" for path in found)


def was_there(path: Path) -> bool:
    """Tell whether it was; what another run has is passed over, for its locks are not seen through an overlay."""
    return os.path.lexists(path) and not path.name.startswith("lambdabot-")


def is_removal(path: Path) -> bool:
    """Tell whether it says that a name is gone, which it also says of one that came and went."""
    found = path.lstat()
    return stat.S_ISCHR(found.st_mode) and found.st_rdev == 0


def main() -> None:
    layers = enter()
    if sys.argv[1:] == ["--try"]:
        return
    from lambdabot import action

    code = action.main()
    sys.stdout.flush()
    print(json.dumps({"code": code, "changed": [*changed(*layers), *map(str, MEMORY.iterdir())]}))


main()
