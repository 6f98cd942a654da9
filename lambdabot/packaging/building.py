"""Builds of source distributions: code of anybody's, which runs confined, without secrets, and leaves a package."""

import os
import re
import shutil
import stat
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote, urlsplit

from lambdabot.errors import ConfinementError, PackagingError
from lambdabot.packaging.credentials import harmless_environment, with_password
from lambdabot.packaging.requirements import Line, Requirements
from lambdabot.packaging.target import Target
from lambdabot.programs import UV
from lambdabot.sandbox.cell import Cell, Finished, Limits
from lambdabot.sandbox.isolation import Isolation, Means

LIMITS = Limits(seconds=900, memory_mb=4096, storage_mb=8192)

_LINKS = "--find-links "
_ARCHIVES = (".whl", ".zip", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
_UV_INSIDE = "/var/uv"  # in a view of its own, where the build may not be let through to where uv lies
_EARLIER = "Build its wheel in an earlier step and name the folder by UV_FIND_LINKS."


def build(
    requirements: Requirements, target: Target, built: frozenset[str], folder: Path, *, arguments: Iterable[str]
) -> str:
    """Install into `folder` by building these packages; return uv's error text, empty when all was installed.

    `arguments` are those that uv is given wherever it runs. Raises PackagingError where a build cannot be kept from
    what is not its own, or used too much.
    """
    _refuse_secrets(built)
    try:
        isolation = Isolation(Means.find(), [Path(UV)])
        isolation.require_for_builds()
        with Cell(isolation) as cell:
            uv = _UV_INSIDE if isolation.own_view else UV
            finished = _install(cell, uv, requirements, target, [*arguments, *_no_binary(built)])
            if finished.end == "exit" and finished.status == 0:
                take(cell.outside / "package", folder)
                return ""
    except ConfinementError as error:
        what = f"`{'`, `'.join(sorted(built))}` is not built: {error.what}"
        raise PackagingError(what, advice=error.advice or _EARLIER) from error
    _refuse_excess(finished, built)
    return finished.text or f"uv ended with status {finished.status}"


def _install(cell: Cell, uv: str, requirements: Requirements, target: Target, arguments: Iterable[str]) -> Finished:
    """Have uv install into `package` of the cell."""
    environment = harmless_environment()
    for name in ("links", "home", "cache"):
        cell.folder(name)
    options = [line.text for line in requirements.options]
    options += [f"{_LINKS}{name}" for name in environment.pop("UV_FIND_LINKS", "").split(",") if name]
    places = [option.removeprefix(_LINKS) for option in options if option.startswith(_LINKS)]
    for folder in filter(None, map(_on_this_disk, places)):
        _copy_archives(folder, cell.outside / "links")
    listed = [one for one in options if not one.startswith(_LINKS) or not _on_this_disk(one.removeprefix(_LINKS))]
    listed += [f"{_LINKS}{cell.inside / 'links'}", *_texts(requirements.requirements)]
    _write(cell.outside / "requirements.txt", listed)
    _write(cell.outside / "constraints.txt", _texts(requirements.constraints))
    command = [uv, "pip", "install", *arguments, "--requirements", "requirements.txt"]
    command += ["--constraints", "constraints.txt", "--target", "package", "--cache-dir", "cache"]
    command += ["--python", os.path.realpath(target.interpreter or sys.executable)]
    private = {"HOME": str(cell.inside / "home"), "TMPDIR": str(cell.inside), "GIT_TERMINAL_PROMPT": "0"}
    shown = {uv: Path(UV), **{str(path): path for path in _named(environment)}}
    programs = target.parts or None
    return cell.run(command, {**environment, **private}, shown=shown, limits=LIMITS, programs=programs)


def _no_binary(built: frozenset[str]) -> list[str]:
    return [f"--no-binary={package}" for package in sorted(built)]


def _texts(lines: Iterable[Line]) -> list[str]:
    return [line.text for line in lines]


def _write(path: Path, lines: Iterable[str]) -> None:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    path.chmod(0o644)


def _on_this_disk(place: str) -> Path | None:
    """Return the folder that a place of archives names; None for an address."""
    if place.startswith("file:"):
        return Path(unquote(urlsplit(place).path))
    return None if "://" in place else Path(place)


def _copy_archives(folder: Path, links: Path) -> None:
    """Give a build the archives of a folder and no more of it: beside them may lie a checkout, with its `.git`."""
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        copy = links / path.name
        if path.name.endswith(_ARCHIVES) and not copy.exists():
            with suppress(OSError):  # a link, which may lead anywhere
                _copy_file(path, copy)


def _named(environment: Mapping[str, str]) -> Iterator[Path]:
    """Yield the files and folders that the workflow's own variables name: certificates, and indexes on this disk."""
    for name, value in environment.items():
        found = [value] if name in {"SSL_CERT_FILE", "SSL_CERT_DIR"} else re.findall(r"file://(/[^\s,]*)", value)
        yield from (path for each in found if (path := Path(unquote(each))).is_absolute() and path.exists())


def take(built: Path, folder: Path) -> None:
    """Copy a package out of the place where it was built: files and folders, without links and rights of its own.

    Raises PackagingError for anything else, which would be read as ours later.
    """
    if built.is_symlink() or not built.is_dir():  # the walk follows its first link
        raise _no_file()
    folder.mkdir()
    for parent, names, files in os.walk(built):
        inner = folder / Path(parent).relative_to(built)
        for name in names:
            if Path(parent, name).is_symlink():
                raise _no_file()
            (inner / name).mkdir()
        for name in files:
            try:
                _copy_file(Path(parent, name), inner / name)
            except OSError as error:
                raise _no_file() from error


def _copy_file(path: Path, copy: Path) -> None:
    """Copy a regular file; OSError for anything else, links included."""
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as source:
        mode = os.fstat(source.fileno()).st_mode
        if not stat.S_ISREG(mode):
            message = "no regular file"
            raise OSError(message)
        with copy.open("xb") as target:
            shutil.copyfileobj(source, target)
    copy.chmod(0o755 if mode & stat.S_IXUSR else 0o644)


def _no_file() -> PackagingError:
    what = "a build left something that is neither a file nor a folder"
    return PackagingError(what, advice="Ask for a release that has wheels.")


def _refuse_excess(finished: Finished, built: frozenset[str]) -> None:
    """Raise PackagingError when a build was ended for what it used."""
    used = {
        "time": f"took longer than {LIMITS.seconds / 60:g} minutes",
        "memory": f"took more than {LIMITS.memory_mb} MB of memory",
        "storage": f"wrote more than {LIMITS.storage_mb} MB",
    }.get(finished.end)
    if used is not None:
        what = f"building `{'`, `'.join(sorted(built))}` {used} and was ended"
        raise PackagingError(what, advice=_EARLIER)


def _refuse_secrets(built: frozenset[str]) -> None:
    """Refuse to build where the index can only be reached with a password, for the build could read it."""
    secret = with_password()
    if secret is not None:
        what = f"`{'`, `'.join(sorted(built))}` would be built by a process that can read the password in {secret}"
        raise PackagingError(what, advice=_EARLIER)
