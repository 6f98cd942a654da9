"""The whole closure of a manifest, resolved for x86_64 and for arm64, and judged package by package."""

from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass

from lambdabot.arm64.closure import requested_by
from lambdabot.arm64.index import Absent, Index
from lambdabot.arm64.judgement import Judgement, judge, not_had
from lambdabot.arm64.manifest import Manifest, Unchecked
from lambdabot.arm64.release import File, parse_filename, parsed
from lambdabot.arm64.resolver import Conflict, Resolver, Solution
from lambdabot.arm64.target import Target, environment
from lambdabot.arm64.view import Rules, View
from lambdabot.model import Architecture, PackageCheck, PackageVerdict

_ALL = frozenset({":all:"})


@dataclass(frozen=True, slots=True)
class _Closure:
    """What a manifest comes to on one architecture."""

    solution: Solution
    blockers: frozenset[str] = frozenset()


class ClosureCheck:
    """One manifest against one target."""

    def __init__(self, manifest: Manifest, target: Target, index: Index, resolver: Resolver, pool: Executor) -> None:
        """Take what the check needs; nothing is asked before `run`."""
        self._manifest = manifest
        self._target = target
        self._index = index
        self._resolver = resolver
        self._pool = pool
        rules = Rules(
            hashes=_hashes(manifest),
            only_binary=manifest.only_binary,
            no_binary=manifest.no_binary,
            direct=_direct(manifest),
        )
        self._views = {architecture: View(index, target, architecture, rules) for architecture in Architecture}

    def run(self) -> tuple[tuple[PackageCheck, ...], tuple[str, ...]]:
        """Return the verdict per package, blocking ones first, and what differs between the architectures."""
        waiting = {
            request.name: self._index.ask(request.name)
            for request in self._manifest.requests
            if not request.requirement.url
        }
        absent = {name: answer for name, future in waiting.items() if isinstance(answer := future.result(), Absent)}
        x86_64 = self._pool.submit(self._close, Architecture.X86_64, absent)
        arm64 = self._close(Architecture.ARM64, absent)
        checks = [*self._unchecked(), *self._packages(arm64)]
        return tuple(sorted(checks, key=_blocking_first)), self._drift(x86_64.result(), arm64)

    def _close(self, architecture: Architecture, absent: Mapping[str, Absent]) -> _Closure | Conflict:
        """Resolve; where that fails, find the fewest projects that have to be excused from fitting."""
        found = self._solve(architecture, frozenset(), absent)
        if isinstance(found, Solution):
            return _Closure(found)
        loose = self._solve(architecture, _ALL, found.absent)
        if isinstance(loose, Conflict):
            return loose
        view = self._views[architecture]
        suspects = [name for name, version in loose.versions.items() if judge(view, name, version).verdict.blocks]
        excused = frozenset(suspects)
        solution = self._solve(architecture, excused, loose.absent)
        if isinstance(solution, Conflict):
            return _Closure(loose, excused)
        for name in suspects:
            without = self._solve(architecture, excused - {name}, loose.absent)
            if isinstance(without, Solution):
                excused, solution = excused - {name}, without
        return _Closure(solution, excused)

    def _solve(
        self, architecture: Architecture, excused: frozenset[str], absent: Mapping[str, Absent]
    ) -> Solution | Conflict:
        manifest = self._manifest
        return self._resolver.solve(
            self._views[architecture],
            manifest.requests,
            manifest.constraints,
            excused=excused,
            prereleases=manifest.prereleases,
            absent=absent,
        )

    def _packages(self, closure: _Closure | Conflict) -> list[PackageCheck]:
        if isinstance(closure, Conflict):
            return [self._conflicting(closure)]
        versions = closure.solution.versions
        view = self._views[Architecture.ARM64]

        def dependencies(name: str) -> tuple[str, ...]:
            version = versions.get(name)
            file = None if version is None else view.shown(name, excused=True)
            if version is None or file is None or isinstance(file, Absent) or version not in file:
                return ()
            return view.contents(name, file[version], excused=True).requires

        chains = requested_by(self._manifest.requests, dependencies, environment(self._target, Architecture.ARM64))
        checks = []
        for name, version in versions.items():
            judged = {
                architecture: judge(
                    self._views[architecture], name, version, hash_required=self._manifest.require_hashes
                )
                for architecture in Architecture
            }
            checks.append(
                _check(name, version, chains.get(name, ()), judged[Architecture.ARM64], judged[Architecture.X86_64])
            )
        for name, why in closure.solution.absent.items():
            if name in chains:
                checks.append(_check(name, None, chains[name], not_had(why), not_had(why)))
        return checks

    def _conflicting(self, conflict: Conflict) -> PackageCheck:
        judgement = Judgement(PackageVerdict.NOT_CHECKED, f"the requirements do not resolve: {conflict.text}")
        return _check(self._manifest.path, None, (), judgement, judgement)

    def _unchecked(self) -> list[PackageCheck]:
        def one(item: Unchecked) -> PackageCheck:
            judgement = Judgement(PackageVerdict.NOT_CHECKED, item.reason)
            return _check(item.name, None, (item.source,), judgement, judgement)

        return [one(item) for item in self._manifest.unchecked]

    @staticmethod
    def _drift(x86_64: _Closure | Conflict, arm64: _Closure | Conflict) -> tuple[str, ...]:
        if isinstance(x86_64, Conflict) or isinstance(arm64, Conflict):
            return ()
        mine, theirs = arm64.solution.versions, x86_64.solution.versions
        return tuple(
            f"{name} {theirs[name]} -> {version} on arm64"
            for name, version in sorted(mine.items())
            if name in theirs and parsed(theirs[name]) != parsed(version)
        )


def _check(name: str, version: str | None, chain: tuple[str, ...], arm64: Judgement, x86_64: Judgement) -> PackageCheck:
    return PackageCheck(
        name=name,
        version=version,
        requested_by=chain,
        verdict=arm64.verdict,
        evidence=arm64.evidence,
        x86_64_verdict=x86_64.verdict,
    )


def _blocking_first(check: PackageCheck) -> tuple[int, str]:
    return (0 if check.verdict.blocks else 1 if check.verdict is PackageVerdict.NOT_CHECKED else 2), check.name


def _hashes(manifest: Manifest) -> dict[str, frozenset[str]]:
    hashes: dict[str, frozenset[str]] = {}
    for request in (*manifest.requests, *manifest.constraints):
        if request.hashes:
            hashes[request.name] = hashes.get(request.name, frozenset()) | request.hashes
    return hashes


def _direct(manifest: Manifest) -> dict[str, File]:
    """Return the files that requirements name by address, judged by their names."""
    direct = {}
    for request in manifest.requests:
        url = request.requirement.url
        if url is None:
            continue
        filename = url.partition("#")[0].partition("?")[0].rpartition("/")[2]
        found = parse_filename(filename, request.name)
        if found is not None:
            direct[request.name] = File(filename, url.partition("#")[0], *found)
    return direct
