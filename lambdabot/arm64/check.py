"""The ARM64 answer for a path: what is shipped, whether each piece of it runs on arm64, and what to do where not."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path

from lambdabot.arm64.cache import Cache
from lambdabot.arm64.closure_check import ClosureCheck
from lambdabot.arm64.environment import sources
from lambdabot.arm64.formats.detect import manifest_in, read_manifest
from lambdabot.arm64.index import Index
from lambdabot.arm64.loopback import Loopback
from lambdabot.arm64.manifest import Manifest
from lambdabot.arm64.reader import Reader
from lambdabot.arm64.resolver import Resolver
from lambdabot.arm64.target import Target
from lambdabot.arm64.transport import Transport
from lambdabot.errors import LambdabotError
from lambdabot.model import Arm64Check, Arm64Verdict, PackageCheck, PackageVerdict


def check(path: Path, target: Target, *, cache_dir: Path | None, timeout: float) -> Arm64Check:
    """Judge a requirements file, lock file, pyproject.toml, zip or folder; what cannot be checked says so.

    `timeout` is seconds per request to an index; `cache_dir` None keeps nothing.
    """
    try:
        return check_manifest(read_manifest(path), target, cache_dir=cache_dir, timeout=timeout)
    except LambdabotError as error:
        return Arm64Check(path=str(path), verdict=Arm64Verdict.UNKNOWN, reason=str(error))


def check_many(paths: Iterable[Path], target: Target, *, cache_dir: Path | None, timeout: float) -> list[Arm64Check]:
    """Judge several paths, each by itself."""
    return [check(path, target, cache_dir=cache_dir, timeout=timeout) for path in paths]


def check_function(source: Path, requirements: Path | None, target: Target, *, cache_dir: Path | None, timeout: float) -> Arm64Check:
    """Judge a function: its source as it is shipped, and what its requirements add to it."""
    if requirements is None:
        return Arm64Check(path=str(source), verdict=Arm64Verdict.READY, reason="no requirements")
    return check(requirements, target, cache_dir=cache_dir, timeout=timeout)


def check_manifest(manifest: Manifest, target: Target, *, cache_dir: Path | None, timeout: float) -> Arm64Check:
    """Judge everything that a manifest asks for, through its indexes."""
    with ExitStack() as stack:
        where = sources(manifest.indexes)
        cache = Cache(cache_dir)
        transport = stack.enter_context(closing(Transport((*where.addresses, *where.of_project.values()), timeout=timeout)))
        index = stack.enter_context(closing(Index(where, transport, cache)))
        loopback = stack.enter_context(closing(Loopback()))
        pool = stack.enter_context(ThreadPoolExecutor(2))
        resolver = Resolver(loopback, None if cache_dir is None else cache_dir / "uv")
        packages, drift = ClosureCheck(manifest, target, index, Reader(transport, cache), resolver).run(pool)
    return summary(manifest.path, packages, drift=drift)


def summary(path: str, packages: tuple[PackageCheck, ...], *, drift: tuple[str, ...] = ()) -> Arm64Check:
    """Put the verdicts together: one that blocks blocks, one that could not be checked leaves it unknown."""
    blocked = [package.name for package in packages if package.verdict.blocks]
    unchecked = [package.name for package in packages if package.verdict is PackageVerdict.NOT_CHECKED]
    verdict, reason = Arm64Verdict.READY, ""
    if blocked:
        verdict, reason = Arm64Verdict.BLOCKED, f"blocked by {', '.join(blocked)}"
    elif unchecked:
        verdict, reason = Arm64Verdict.UNKNOWN, f"not checked: {', '.join(unchecked)}"
    return Arm64Check(path=path, verdict=verdict, reason=reason, packages=packages, drift=drift)
