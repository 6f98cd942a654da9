"""The ARM64 answer for a path: what is shipped, whether each piece of it runs on arm64, and what to do where not."""

import zipfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path, PurePosixPath

from lambdabot import __version__
from lambdabot.arm64.files.archive import ZIP_SUFFIXES, members
from lambdabot.arm64.files.contents import UnreadableError
from lambdabot.arm64.files.image import Image, read_image
from lambdabot.arm64.files.layers import LayerClient, read_layers
from lambdabot.arm64.files.reader import Reader
from lambdabot.arm64.files.shipped import Shipped, read_shipped
from lambdabot.arm64.formats.detect import manifest_in, read_manifest
from lambdabot.arm64.indexes.access import IndexAccess
from lambdabot.arm64.indexes.cache import Cache
from lambdabot.arm64.indexes.environment import sources
from lambdabot.arm64.indexes.index import Index
from lambdabot.arm64.indexes.transport import Transport
from lambdabot.arm64.manifest import Manifest
from lambdabot.arm64.manifest_check import ClosureCheck
from lambdabot.arm64.package_check import judge_shipped
from lambdabot.arm64.resolution.loopback import Loopback
from lambdabot.arm64.resolution.resolver import Resolver
from lambdabot.arm64.target import Target
from lambdabot.arm64.verdict_json import fingerprint, of_document, to_document
from lambdabot.errors import LambdabotError, Mistake, UsageError
from lambdabot.model import Arm64Check, Arm64Verdict, PackageVerdict, Selection
from lambdabot.model.selection import ALL
from lambdabot.workspace import FileRefusedError, Workspace

_AT_ONCE = 4  # checks, which mostly wait for indexes and for uv


def check(path: Path, workspace: Workspace, target: Target, access: IndexAccess, *, verify: bool = False) -> Arm64Check:
    """Judge a requirements file, lock file, pyproject.toml, zip, folder or image; what cannot be checked says so.

    An image is a `.tar` of `docker save` or of an OCI layout, and is judged for the Python and glibc that it has.
    A folder or zip with installed distributions is judged by them, another folder by its lock or manifest; machine
    code in either is looked at. Every file is the workspace's. `verify` resolves once more with all fixes applied.
    """
    try:
        if path.suffix == ".tar" and (image := _image(path, workspace)) is not None:
            return _by_image(path, image, access)
        if not path.is_dir() and path.suffix not in ZIP_SUFFIXES and not _is_zip(path, workspace):
            return _by_manifest(read_manifest(path, workspace), target, access, verify=verify)
        shipped = _read(path, workspace)
        answers = [_by_contents(path, shipped, target, access, as_it_is=False)]
        found = manifest_in(path) if path.is_dir() else None
        manifest = None if found is None else read_manifest(found, workspace)
        if manifest is not None and not _installed(manifest, shipped):
            answers.append(_by_manifest(manifest, target, access, verify=verify))
    except LambdabotError as error:
        return _unknown(path, error)
    return merged(str(path), answers)


def check_many(
    paths: Iterable[tuple[Path, Workspace]], target: Target, access: IndexAccess, *, verify: bool = False
) -> list[Arm64Check]:
    """Judge several paths, each by itself in its workspace, and return the answers in their order."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(lambda one: check(one[0], one[1], target, access, verify=verify), paths))


def check_function(
    source: Path,
    requirements: Path | None,
    workspace: Workspace,
    target: Target,
    access: IndexAccess,
    *,
    selection: Selection = ALL,
) -> Arm64Check:
    """Judge a function: its source, which is shipped as it is, and what its requirements add for each architecture."""
    answers = []
    try:
        answers.append(_by_contents(source, _read(source, workspace, selection), target, access, as_it_is=True))
        if requirements is not None:
            answers.append(_by_manifest(read_manifest(requirements, workspace), target, access))
    except LambdabotError as error:
        answers.append(_unknown(source, error))
    return merged(str(source if requirements is None else requirements), answers)


def check_layers(client: LayerClient, arns: Iterable[str], target: Target, access: IndexAccess) -> Arm64Check:
    """Judge a function's layers, which are attached as they are; `client` is boto3's for Lambda.

    The answer's `layers` name every layer with what stands in its way; it is to be `merged` with the function's own.
    """
    found = read_layers(client, arns, access)
    answers = [_by_layer(arn, shipped, target, access) for arn, shipped in found]
    return merged("layers", answers or [Arm64Check(path="layers", verdict=Arm64Verdict.READY)])


def check_layer(name: str, source: Path, workspace: Workspace, target: Target, access: IndexAccess) -> Arm64Check:
    """Judge a layer whose contents the repository holds, as `check_layers` does the others."""
    try:
        shipped: Shipped | str = _read(source, workspace)
    except LambdabotError as error:
        shipped = "; ".join(str(error).splitlines())
    return _by_layer(name, shipped, target, access)


def _by_layer(arn: str, shipped: Shipped | str, target: Target, access: IndexAccess) -> Arm64Check:
    """Judge a layer, or say why it could not be read; its files are told with its name."""
    try:
        answer = None if isinstance(shipped, str) else _by_contents(Path(arn), shipped, target, access, as_it_is=True)
    except LambdabotError as error:
        answer, shipped = None, str(error)
    if answer is None:
        reason = f"{arn}: not checked: {shipped}"
        return Arm64Check(path=arn, verdict=Arm64Verdict.UNKNOWN, reason=reason, layers=(reason,))
    lines = [f"{arn}: {file}" for file in answer.native_files] or [f"{arn}: {answer.verdict}"]
    return replace(answer, native_files=(), layers=tuple(lines))


def merged(path: str, answers: list[Arm64Check]) -> Arm64Check:
    """Put answers about parts of one thing together: what blocks one blocks all, what is unknown leaves it unknown."""
    order = (Arm64Verdict.BLOCKED, Arm64Verdict.UNKNOWN, Arm64Verdict.READY)
    return Arm64Check(
        path=path,
        verdict=min((answer.verdict for answer in answers), key=order.index),
        reason="; ".join(answer.reason for answer in answers if answer.reason),
        packages=tuple(package for answer in answers for package in answer.packages),
        native_files=tuple(file for answer in answers for file in answer.native_files),
        layers=tuple(layer for answer in answers for layer in answer.layers),
        drift=tuple(line for answer in answers for line in answer.drift),
    )


def _unknown(path: Path, error: LambdabotError) -> Arm64Check:
    return Arm64Check(path=str(path), verdict=Arm64Verdict.UNKNOWN, reason="; ".join(str(error).splitlines()))


def _read(path: Path, workspace: Workspace, selection: Selection = ALL) -> Shipped:
    found = members(path, workspace)
    if path.is_dir():
        found = ((name, file) for name, file in found if selection.takes(PurePosixPath(name.partition("!/")[0])))
    try:
        return read_shipped(found)
    except UnreadableError as error:
        raise UsageError([Mistake(message=str(error), path=path)]) from error


def _image(path: Path, workspace: Workspace) -> Image | None:
    try:
        with workspace.open(path) as file:
            return read_image(file)
    except (FileRefusedError, UnreadableError) as error:
        raise UsageError([Mistake(message=str(error), path=path)]) from error


def _is_zip(path: Path, workspace: Workspace) -> bool:
    try:
        with workspace.open(path) as file:
            return zipfile.is_zipfile(file)
    except FileRefusedError as error:
        raise UsageError([Mistake(message=str(error), path=path)]) from error


def _by_image(path: Path, image: Image, access: IndexAccess) -> Arm64Check:
    """Judge an image on what it itself is; it will be built again for arm64 from its base image."""
    answer = _by_contents(path, image.shipped, image.target, access, as_it_is=False)
    return replace(answer, reason="; ".join(filter(None, (f"the image has {image.target}", answer.reason))))


def _installed(manifest: Manifest, shipped: Shipped) -> bool:
    """Tell whether a built package has all that its manifest asks for, so that its own list is the better one."""
    there = {distribution.name for distribution in shipped.distributions}
    return bool(there) and {str(request.name) for request in manifest.requests} <= there


def _by_contents(path: Path, shipped: Shipped, target: Target, access: IndexAccess, *, as_it_is: bool) -> Arm64Check:
    """Judge a built package by what lies in it, and ask an index only for what was built for another machine."""
    verdict = judge_shipped(str(path), shipped, target, as_it_is=as_it_is)
    asked = _by_manifest(verdict.to_ask, target, access) if verdict.to_ask.pins else None
    own = Arm64Check(path=str(path), verdict=Arm64Verdict.READY, packages=verdict.packages)
    answer = _summary(own if asked is None else merged(str(path), [own, asked]))
    if verdict.blocking:
        reason = "; ".join(filter(None, (f"machine code for another processor: {verdict.blocking[0]}", answer.reason)))
        answer = replace(answer, verdict=Arm64Verdict.BLOCKED, reason=reason)
    return replace(answer, native_files=(*verdict.blocking, *verdict.notes))


def _by_manifest(manifest: Manifest, target: Target, access: IndexAccess, *, verify: bool = False) -> Arm64Check:
    """Judge everything that a manifest asks for, through its indexes."""
    if not target.python:
        raise UsageError(
            [Mistake(message="is a Python manifest, and the runtime has no Python", path=Path(manifest.path))]
        )
    with ExitStack() as stack:
        where = sources(manifest.indexes)
        cache = Cache(access.cache_dir)
        transport = Transport((*where.addresses, *where.of_project.values()), access, own=where.own)
        stack.enter_context(closing(transport))
        index = stack.enter_context(closing(Index(where, transport, cache)))
        key = fingerprint(__version__, manifest, target, where, verify)
        known = _known(cache, key, index)
        if known is not None:
            return known
        reader = Reader(transport, cache)
        loopback = stack.enter_context(closing(Loopback()))
        pool = stack.enter_context(ThreadPoolExecutor(2))
        resolver = Resolver(loopback, access.uv_cache)
        closure = ClosureCheck(manifest, target, index, reader, resolver)
        packages, drift = closure.run(pool)
        answer = Arm64Check(path=manifest.path, verdict=Arm64Verdict.READY, packages=packages, drift=drift)
        answer = _summary(answer)
        if verify and answer.verdict is Arm64Verdict.BLOCKED:
            answer = replace(answer, reason=f"{answer.reason}; {closure.proof(packages)}")
        seen = index.seen()
        if seen is not None and reader.repeatable:
            cache.put("answer", key, {"seen": seen, "answer": to_document(answer)})
    return answer


def _known(cache: Cache, key: str, index: Index) -> Arm64Check | None:
    """Return the answer to the same question, where the pages that it was found on still say the same."""
    document = cache.get("answer", key)
    try:
        if document is None or not index.unchanged(document["seen"]):
            return None
        return of_document(document["answer"])
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def _summary(answer: Arm64Check) -> Arm64Check:
    """Put the verdicts of the packages together: one that blocks blocks, one not checked leaves it unknown."""
    blocked = [package.name for package in answer.packages if package.verdict.blocks]
    unchecked = [package.name for package in answer.packages if package.verdict is PackageVerdict.NOT_CHECKED]
    if blocked:
        return replace(answer, verdict=Arm64Verdict.BLOCKED, reason=f"blocked by {', '.join(blocked)}")
    if unchecked:
        return replace(answer, verdict=Arm64Verdict.UNKNOWN, reason=f"not checked: {', '.join(unchecked)}")
    return replace(answer, verdict=Arm64Verdict.READY, reason="")
