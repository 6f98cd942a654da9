"""The verdict on one release for one architecture, with the evidence: a file name, or what is missing."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lambdabot.arm64.files.contents import Contents
from lambdabot.arm64.files.native import without_sibling
from lambdabot.arm64.indexes.index import Absent
from lambdabot.arm64.indexes.release import File, expanded
from lambdabot.arm64.resolution.candidates import Candidates, is_compiled
from lambdabot.arm64.target import Target, ranks
from lambdabot.model import Architecture, PackageVerdict
from lambdabot.model.runtimes import MACHINE

_NAMED = 3  # files; they tell enough
_NEWEST_GLIBC = "2.70"  # more than any wheel asks for
_MANYLINUX = re.compile(r"-manylinux_2_(\d+)_")


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict and its evidence."""

    verdict: PackageVerdict
    evidence: str


def judge(view: Candidates, name: str, version: str, *, locked: bool = False, hashed: bool = False) -> Judgement:
    """Judge a release as the view's architecture may use it.

    `locked`: what it depends on is known from elsewhere. `hashed`: the manifest must list a hash of it.
    """
    files = view.release(name, version)
    if isinstance(files, Absent):
        return not_had(files)
    if not files:
        return Judgement(PackageVerdict.NOT_FOUND, f"the index has no {name} {version} for Linux")
    file = view.fitting(name, files)
    if file is None:
        return _unfit(view, name, files, "its wheels are made per platform" if is_compiled(files) else "")
    if hashed and not view.rules.hashes.get(name):
        return Judgement(PackageVerdict.HASH_NOT_LISTED, f"{name} has no hash in the manifest, where others have one")
    platform_wheel = file.is_wheel and not file.is_any
    contents = Contents() if platform_wheel and locked else view.contents(name, file)
    if contents.compiler:
        return _unfit(view, name, files, contents.compiler)
    return _by_contents(view, file, contents)


def not_had(absent: Absent) -> Judgement:
    """Judge a project that could not be had."""
    verdict = PackageVerdict.NOT_FOUND if absent.certain else PackageVerdict.NOT_CHECKED
    return Judgement(verdict, absent.reason)


def _by_contents(view: Candidates, file: File, contents: Contents) -> Judgement:
    """Judge a file that fits by its name by what it holds."""
    if contents.broken:
        return Judgement(PackageVerdict.PYTHON_NOT_SUPPORTED, f"{file.filename} does not build: {contents.broken}")
    shown = file.filename if file.is_wheel else f"{file.filename} (pure sdist)"
    if file.is_wheel and not file.is_any and not contents.trouble:
        return Judgement(PackageVerdict.WHEEL, shown)
    if view.architecture is Architecture.ARM64 and (alone := without_sibling(contents.natives)):
        paths = ", ".join(native.path for native in alone[:_NAMED]) + (" …" if len(alone) > _NAMED else "")
        evidence = f"{shown} holds {paths} for x86_64 and no such file for arm64"
        return Judgement(PackageVerdict.NATIVE_FILE, evidence)
    if contents.trouble:
        return Judgement(PackageVerdict.NOT_CHECKED, f"{file.filename}: {contents.trouble}")
    return Judgement(PackageVerdict.PURE, shown)


def _unfit(view: Candidates, name: str, files: tuple[File, ...], compiler: str) -> Judgement:
    """Say why no file of the release fits; the first reason that holds."""
    return next(_reasons(view, name, files, compiler))


def _reasons(view: Candidates, name: str, files: tuple[File, ...], compiler: str) -> Iterator[Judgement]:
    target, machine = view.target, MACHINE[view.architecture]
    supporting = [file for file in files if file.supports_python(target)]
    if not supporting:
        yield Judgement(PackageVerdict.PYTHON_NOT_SUPPORTED, f"it requires Python {files[0].requires_python}")
    allowed = [file for file in supporting if view.rules.allows_kind(name, file)]
    by_tags = view.fitting_tags(allowed, compiled=bool(compiler))
    if by_tags is not None:
        yield Judgement(PackageVerdict.HASH_NOT_LISTED, f"the hash of {by_tags.filename} is not listed")
    wheels = [file for file in allowed if file.is_wheel]
    if (needed := _glibc_needed(wheels, view)) is not None:
        yield needed
    sdist = _sdist_words(view, name, files, compiler)
    linux = [file for file in wheels if any("linux" in platform for platform in file.platforms)]
    here = [file for file in linux if any(platform.endswith(f"_{machine}") for platform in file.platforms)]
    interpreter = f"cp{target.python.replace('.', '')}"
    same = [file for file in here if file.tags.startswith(f"{interpreter}-{interpreter}-")]
    musl = [file for file in here if all(platform.startswith("musllinux") for platform in file.platforms)]
    if same and set(same) <= set(musl):
        evidence = f"its only {machine} wheel for Python {target.python} is {same[0].filename}, for musl, not glibc"
        yield Judgement(_no_wheel(view), evidence + sdist)
    if len(here) > len(musl):
        others = [file for file in here if file not in musl]
        evidence = f"no {machine} wheel for Python {target.python}, only {_some(others)}"
        yield Judgement(PackageVerdict.PYTHON_NOT_SUPPORTED, evidence + sdist)
    if here:
        yield Judgement(_no_wheel(view), f"its {machine} wheels are for musl, not glibc ({_some(here)}){sdist}")
    if linux:
        yield Judgement(_no_wheel(view), f"no {machine} wheel, only {_some(linux)}{sdist}")
    if wheels:
        evidence = f"no wheel for Python {target.python}, only {_some(wheels)}"
        yield Judgement(PackageVerdict.PYTHON_NOT_SUPPORTED, evidence + sdist)
    yield Judgement(PackageVerdict.SDIST_ONLY, f"no wheel for Linux{sdist}")


def _no_wheel(view: Candidates) -> PackageVerdict:
    """Return the contract's word for a release that has wheels, but none for this machine."""
    arm64 = view.architecture is Architecture.ARM64
    return PackageVerdict.NO_ARM64_WHEEL if arm64 else PackageVerdict.NOT_FOUND


def _sdist_words(view: Candidates, name: str, files: tuple[File, ...], compiler: str) -> str:
    sdist = next((file for file in files if not file.is_wheel), None)
    if sdist is None:
        return "; there is no sdist"
    if not view.rules.allows_kind(name, sdist):
        return f"; {sdist.filename} is ruled out by --only-binary"
    return f"; {sdist.filename} needs a compiler: {compiler}"


def _glibc_needed(wheels: list[File], view: Candidates) -> Judgement | None:
    """Return the verdict when a wheel would fit, were the runtime's glibc newer."""
    fitting = ranks(Target(view.target.python, _NEWEST_GLIBC), view.architecture)
    needs = [
        (int(match[1]), file.filename)
        for file in wheels
        for tag in expanded(file.tags)
        if tag in fitting and (match := _MANYLINUX.search(tag))
    ]
    if not needs:
        return None
    minor, filename = min(needs)
    evidence = f"{filename} needs glibc 2.{minor}, and the runtime has {view.target.glibc}"
    return Judgement(PackageVerdict.GLIBC_TOO_NEW, evidence)


def _some(files: list[File]) -> str:
    names = sorted(file.filename for file in files)
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
