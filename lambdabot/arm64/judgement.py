"""The verdict on one release for one architecture, with the evidence: a file name, or what is missing."""

from collections.abc import Iterable
from dataclasses import dataclass

from lambdabot.arm64.index import Absent
from lambdabot.arm64.native import without_sibling
from lambdabot.arm64.release import File
from lambdabot.arm64.target import MACHINE, Target
from lambdabot.arm64.view import View
from lambdabot.arm64.wheel import Contents
from lambdabot.model import Architecture, PackageVerdict


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict and its evidence."""

    verdict: PackageVerdict
    evidence: str


def judge(view: View, name: str, version: str, *, hash_required: bool = False) -> Judgement:
    """Judge a release as the view's architecture may use it; `hash_required`: the manifest must list its hash."""
    files = view.release(name, version)
    if isinstance(files, Absent):
        return not_had(files)
    if not files:
        return Judgement(PackageVerdict.NOT_FOUND, f"the index has no file of {name} {version} for Linux")
    if hash_required and not view.rules.hashes.get(name):
        return Judgement(PackageVerdict.HASH_NOT_LISTED, f"{name} has no --hash, and the other lines have")
    file = view.fitting(name, files)
    if file is None:
        return _unfit(view, name, files)
    contents = view.contents(name, file, excused=True)
    if file.is_wheel:
        return _wheel(view, file, contents)
    if contents.native:
        return _unfit(view, name, files, contents)
    if contents.broken:
        return Judgement(PackageVerdict.PYTHON_NOT_SUPPORTED, f"{file.filename}: {contents.broken}")
    if contents.trouble:
        return Judgement(PackageVerdict.NOT_CHECKED, f"{file.filename}: {contents.trouble}")
    return _with_natives(view, file, contents, "pure sdist")


def not_had(absent: Absent) -> Judgement:
    """Judge a project that could not be had."""
    verdict = PackageVerdict.NOT_FOUND if absent.certain else PackageVerdict.NOT_CHECKED
    return Judgement(verdict, absent.reason)


def _wheel(view: View, file: File, contents: Contents) -> Judgement:
    if not file.is_any:
        return Judgement(PackageVerdict.WHEEL, file.filename)
    if contents.trouble:
        return Judgement(PackageVerdict.NOT_CHECKED, f"what it holds could not be read: {contents.trouble}")
    return _with_natives(view, file, contents, "")


def _with_natives(view: View, file: File, contents: Contents, what: str) -> Judgement:
    """Judge by the machine code inside a file that claims to run anywhere."""
    shown = f"{file.filename} ({what})" if what else file.filename
    if view.architecture is Architecture.ARM64 and (alone := without_sibling(contents.natives)):
        paths = ", ".join(native.path for native in alone[:3])
        text = f"{shown} holds {paths} for x86_64 and no such file for arm64"
        return Judgement(PackageVerdict.NATIVE_FILE, text)
    return Judgement(PackageVerdict.PURE, shown)


def _unfit(view: View, name: str, files: tuple[File, ...], contents: Contents | None = None) -> Judgement:
    """Say why no file of the release fits."""
    target, machine = view.target, MACHINE[view.architecture]
    wheels = [file for file in files if file.is_wheel]
    sdist = next((file for file in files if not file.is_wheel), None)
    if not any(file.supports_python(target) for file in files):
        wanted = files[0].requires_python
        return Judgement(PackageVerdict.PYTHON_NOT_SUPPORTED, f"it requires Python {wanted}")
    usable = [file for file in files if view.rules.allows_kind(name, file) and file.supports_python(target)]
    if any(_fits(view, file) for file in usable) and not any(
        view.rules.allows_hash(name, file) and _fits(view, file) for file in usable
    ):
        fitting = next(file for file in usable if _fits(view, file))
        return Judgement(PackageVerdict.HASH_NOT_LISTED, f"the hash of {fitting.filename} is not listed")
    needs = _glibc_needs(wheels, target, view.architecture)
    if needs:
        newest, file = min(needs)
        text = f"{file} needs glibc 2.{newest}, the runtime has {target.glibc}"
        return Judgement(PackageVerdict.GLIBC_TOO_NEW, text)
    compiler = _sdist_words(view, name, sdist, contents)
    linux = [file for file in wheels if any("linux" in tag for tag in file.tags)]
    here = [file for file in linux if any(tag.endswith(f"_{machine}") for tag in file.tags)]
    glibc_here = [file for file in here if any("musllinux" not in tag for tag in file.tags)]
    if glibc_here:
        text = f"no {machine} wheel for Python {target.python}, only {_some(glibc_here)}"
        return Judgement(PackageVerdict.PYTHON_NOT_SUPPORTED, f"{text}{compiler}")
    if here:
        return Judgement(PackageVerdict.NO_ARM64_WHEEL if machine == "aarch64" else PackageVerdict.SDIST_ONLY,
                         f"only musllinux wheels for {machine} ({_some(here)}), which do not run on glibc{compiler}")  # fmt: skip
    if sdist is not None and not linux:
        return Judgement(PackageVerdict.SDIST_ONLY, f"no wheel for Linux{compiler}")
    if not linux and wheels:
        return Judgement(
            PackageVerdict.PYTHON_NOT_SUPPORTED, f"no wheel for Python {target.python}, only {_some(wheels)}"
        )
    verdict = PackageVerdict.NO_ARM64_WHEEL if view.architecture is Architecture.ARM64 else PackageVerdict.SDIST_ONLY
    return Judgement(verdict, f"no {machine} wheel, only {_some(linux or wheels)}{compiler}")


def _fits(view: View, file: File) -> bool:
    return not file.is_wheel or file.rank(view.target, view.architecture) is not None


def _sdist_words(view: View, name: str, sdist: File | None, contents: Contents | None) -> str:
    if sdist is None:
        return "; there is no sdist"
    if not view.rules.allows_kind(name, sdist):
        return f"; {sdist.filename} is ruled out by --only-binary"
    why = contents.native if contents is not None else ""
    return f"; {sdist.filename} needs a compiler" + (f" ({why})" if why else "")


def _glibc_needs(wheels: Iterable[File], target: Target, architecture: Architecture) -> list[tuple[int, str]]:
    """Return the glibc minor versions that wheels for this Python and machine ask for, above what there is."""
    have = int(target.glibc.partition(".")[2])
    needs = []
    for minor in range(have + 1, 60):
        newer = Target(target.python, f"2.{minor}")
        needs += [(minor, file.filename) for file in wheels if file.rank(newer, architecture) is not None]
        if needs:
            break
    return needs


def _some(files: list[File]) -> str:
    names = sorted(file.filename for file in files)
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
