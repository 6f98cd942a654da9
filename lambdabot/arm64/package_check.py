"""The verdict on a built package: on each distribution in it, and on the machine code that belongs to none."""

from dataclasses import dataclass

from lambdabot.arm64.files.native import AARCH64, NativeFile, foreign, without_sibling
from lambdabot.arm64.files.shipped import Distribution, Shipped
from lambdabot.arm64.manifest import Manifest, Pin
from lambdabot.arm64.resolution.judgement import Judgement
from lambdabot.arm64.target import Target, ranks
from lambdabot.model import Architecture, PackageCheck, PackageVerdict

_NO_SIBLING = "none that can be seen here: the package has to bring the file for arm64, or to be replaced"
_SHOWN = 20  # files of one kind; the first ones tell


@dataclass(frozen=True, slots=True, kw_only=True)
class ShippedVerdict:
    """What a package itself tells.

    `blocking` are the files that stand in the way, each with the reason, `notes` others worth a look; `to_ask` has the
    distributions of which only an index can tell.
    """

    packages: tuple[PackageCheck, ...]
    blocking: tuple[str, ...]
    notes: tuple[str, ...]
    to_ask: Manifest


def judge_shipped(path: str, shipped: Shipped, target: Target, *, as_it_is: bool) -> ShippedVerdict:
    """Judge a built package.

    `as_it_is`: it will run as it lies there, so machine code for x86_64 blocks. Otherwise its distributions will be
    installed again for arm64, so those that were built for a machine are looked up by name and version.
    """
    alone = without_sibling(shipped.natives)
    pins: dict[str, tuple[Pin, ...]] = {}
    packages = []
    settled: set[str] = set()
    for distribution in shipped.distributions if target.python else ():
        own = tuple(native for native in alone if native.path in distribution.files)
        judgement = _judge(distribution, own, target)
        if judgement is None:
            pins[distribution.name] = (Pin(version=distribution.version, source=distribution.place),)
        else:
            packages.append(_check(distribution, judgement))
        if judgement is not None or not as_it_is:
            settled |= {native.path for native in own}
    files = [_words(native) for native in alone if native.path not in settled]
    notes = [f"{native.path} was built for {native.machine}, not for Linux" for native in foreign(shipped.natives)]
    return ShippedVerdict(
        packages=tuple(packages),
        blocking=(*_first(files), *_first(_too_new(shipped, target))),
        notes=tuple(_first(notes)),
        to_ask=Manifest(path=path, pins=pins),
    )


def _check(distribution: Distribution, judgement: Judgement) -> PackageCheck:
    pure = judgement.verdict is not PackageVerdict.WHEEL
    return PackageCheck(
        name=distribution.name,
        version=distribution.version,
        requested_by=(distribution.place,),
        verdict=judgement.verdict,
        evidence=judgement.evidence,
        fix=_NO_SIBLING if judgement.verdict.blocks else "",
        x86_64_verdict=PackageVerdict.PURE if pure else PackageVerdict.NOT_CHECKED,
    )


def _first(lines: list[str]) -> list[str]:
    return lines if len(lines) <= _SHOWN else [*lines[:_SHOWN], f"and {len(lines) - _SHOWN} more files"]


def _judge(distribution: Distribution, own: tuple[NativeFile, ...], target: Target) -> Judgement | None:
    """Judge a distribution by its own tags and files; None: it was built for another machine, an index must tell."""
    if own and all(tag.endswith("-any") for tag in distribution.tags):
        evidence = f"it holds {own[0].path} for x86_64 and no such file for arm64"
        return Judgement(PackageVerdict.NATIVE_FILE, evidence)
    if own or not distribution.tags:
        return None
    fitting = ranks(target, Architecture.ARM64)
    tag = next((tag for tag in distribution.tags if tag in fitting), None)
    if tag is None:
        return None
    verdict = PackageVerdict.PURE if tag.endswith("-any") else PackageVerdict.WHEEL
    return Judgement(verdict, f"shipped as {tag}")


def _words(native: NativeFile) -> str:
    name = native.path.rpartition("/")[2]
    mend = ""
    if name == "bootstrap":
        mend = ": build it with GOARCH=arm64, or `cargo lambda build --arm64`"
    elif "node_modules/" in native.path:
        mend = ": install it with `npm install --os=linux --cpu=arm64`"
    return f"{native.path} is machine code for {native.machine}, and there is none for arm64 beside it{mend}"


def _too_new(shipped: Shipped, target: Target) -> list[str]:
    """Name arm64 files that ask for a newer glibc than the runtime has."""
    have = int(target.glibc.partition(".")[2])
    return [
        f"{native.path} needs glibc {native.glibc}, and the runtime has {target.glibc}"
        for native in shipped.natives
        if native.machine == AARCH64 and native.glibc is not None and int(native.glibc.partition(".")[2]) > have
    ]
