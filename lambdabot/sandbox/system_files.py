"""Which files of a Linux system programs read, and which hold what is ours: the home, the job's, credentials."""

import os
from collections.abc import Iterable
from pathlib import Path

# What programs and libraries of a Linux system read; the rest of /etc, and every other folder, is out of reach.
SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/sys/devices/system/cpu", "/sys/devices/system/node")
SETTINGS = (
    "/etc/ImageMagick-6",
    "/etc/ImageMagick-7",
    "/etc/alternatives",
    "/etc/ca-certificates",
    "/etc/fonts",
    "/etc/gai.conf",
    "/etc/group",
    "/etc/host.conf",
    "/etc/hosts",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/localtime",
    "/etc/mime.types",
    "/etc/nsswitch.conf",
    "/etc/os-release",
    "/etc/passwd",
    "/etc/pki/tls/certs",
    "/etc/protocols",
    "/etc/resolv.conf",
    "/etc/services",
    "/etc/ssl/certs",
    "/etc/ssl/openssl.cnf",
    "/etc/timezone",
)
DEVICES = ("/dev/full", "/dev/null", "/dev/random", "/dev/urandom", "/dev/zero")
OPT = Path("/opt")
PASSWD = Path("/etc/passwd")
TMP = Path("/tmp")  # noqa: S108 - in a view of its own each worker has its own

# Folders of people, services and jobs, and what outlives a process: in a view of its own a worker finds them empty.
_HIDDEN = ("/dev/mqueue", "/dev/shm", "/github", "/home", "/media", "/mnt", "/root", "/run", "/srv", "/var")  # noqa: S108
_SYSTEM_FOLDERS = ("/", "/bin", "/dev", "/etc", "/lib", "/lib32", "/lib64", "/opt", "/proc", "/sbin", "/sys", "/usr")
_NEVER_HIDDEN = frozenset(map(Path, _SYSTEM_FOLDERS))
_VARIABLES = (
    *("HOME", "GITHUB_WORKSPACE", "GITHUB_EVENT_PATH", "RUNNER_TEMP", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME"),
    *("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE", "AWS_WEB_IDENTITY_TOKEN_FILE", "DOCKER_CONFIG", "NETRC"),
    *("SSH_AUTH_SOCK", "UV_CACHE_DIR", "XDG_CACHE_HOME"),
)


def private_folders() -> list[Path]:
    """Return the folders that hold what is ours: the home, the working folder, and where a job keeps its files."""
    named = [Path(value) for name in _VARIABLES if (value := os.environ.get(name))]
    folders = [path if path.is_dir() else path.parent for path in named]
    resolved = [path.resolve() for path in (*map(Path, _HIDDEN), Path.cwd(), *folders) if path.is_dir()]
    return [path for path in resolved if path not in _NEVER_HIDDEN and not path.is_relative_to(TMP)]


def topmost(paths: Iterable[str | Path]) -> list[Path]:
    """Return the paths, resolved, without those that lie inside another."""
    every = {Path(path).resolve() for path in paths}
    return sorted(path for path in every if not any(parent in every for parent in path.parents))


def first_closed(path: Path) -> Path | None:
    """Return the first folder on the way to a path, or the path itself, that other users cannot get through."""
    for folder in reversed(path.parents):
        if not folder.stat().st_mode & 0o001:
            return folder
    return closed_itself(path)


def closed_itself(path: Path) -> Path | None:
    """Return a path that other users could not open even where they got to it, None for every other."""
    return None if path.stat().st_mode & (0o001 if path.is_dir() else 0o004) else path
