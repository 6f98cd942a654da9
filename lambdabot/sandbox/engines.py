"""Sockets of container engines: who may connect to one is root on the machine, whatever else is taken from him."""

import os
import stat
from collections.abc import Mapping
from pathlib import Path

_FOLDERS = ("/run", "/var/run")
_NAMES = (
    *("docker.sock", "podman/podman.sock", "containerd/containerd.sock", "crio/crio.sock", "buildkit/buildkitd.sock"),
    *("user/{user}/docker.sock", "user/{user}/podman/podman.sock"),
)
_VARIABLES = ("DOCKER_HOST", "CONTAINER_HOST", "CONTAINERD_ADDRESS", "BUILDKIT_HOST")


def reachable(user: int, environ: Mapping[str, str]) -> list[Path]:
    """Return the sockets of engines that are there and that this user may connect to."""
    named = [Path(folder, name.format(user=user)) for folder in _FOLDERS for name in _NAMES]
    told = [Path(value.removeprefix("unix://")) for name in _VARIABLES if (value := environ.get(name, ""))]
    found = {path.resolve() for path in (*named, *told) if path.is_absolute() and _is_socket(path)}
    return sorted(path for path in found if _may_connect(path, user))


def _is_socket(path: Path) -> bool:
    try:
        return stat.S_ISSOCK(path.stat().st_mode)
    except OSError:
        return False


def _may_connect(path: Path, user: int) -> bool:
    """Tell whether the modes let a user through and in: of our own the kernel knows, another one has no group."""
    if user == os.geteuid():
        return os.access(path, os.W_OK)
    ways = all(_grants(parent, user, 0o1) for parent in path.parents)
    return ways and _grants(path, user, 0o2)


def _grants(path: Path, user: int, wanted: int) -> bool:
    found = path.stat()
    return bool(found.st_mode & (wanted << 6 if found.st_uid == user else wanted))
