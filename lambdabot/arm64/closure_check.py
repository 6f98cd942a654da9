"""The whole closure of a manifest, resolved for x86_64 and for arm64, and judged package by package."""

from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, replace

from lambdabot.arm64.closure import requested_by
from lambdabot.arm64.fix import Fixes
from lambdabot.arm64.index import Absent, Index
from lambdabot.arm64.judgement import Judgement, judge, not_had
from lambdabot.arm64.loopback import EVERYTHING, Lens
from lambdabot.arm64.manifest import Manifest
from lambdabot.arm64.reader import Reader
from lambdabot.arm64.release import parsed
from lambdabot.arm64.resolver import Conflict, Problem, Resolver, Solution
from lambdabot.arm64.rules import rules_of
from lambdabot.arm64.target import Target, environment
from lambdabot.arm64.view import View
from lambdabot.model import Architecture, PackageCheck, PackageVerdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Closure:
    """What a manifest comes to on one architecture; `conflict` is why its requirements do not go together."""

    versions: Mapping[str, str]
    absent: Mapping[str, Absent]
    excused: frozenset[str] = frozenset()
    conflict: str = ""


class ClosureCheck:
    """One manifest against one target."""

    def __init__(self, manifest: Manifest, target: Target, index: Index, reader: Reader, resolver: Resolver) -> None:
        """Take what the check needs; nothing is asked before `run`."""
        self._manifest = manifest
        self._target = target
        self._index = index
        self._reader = reader
        self._resolver = resolver
        self._problem = Problem(
            requests=manifest.requests, constraints=manifest.constraints, prereleases=manifest.prereleases
        )
        self._views = {architecture: self._view(architecture, target) for architecture in Architecture}

    def run(self, pool: Executor) -> tuple[tuple[PackageCheck, ...], tuple[str, ...]]:
        """Return the verdict per package, blocking ones first, and where the architectures' versions differ."""
        absent = self._absent()
        waiting = pool.submit(self._close, Architecture.X86_64, absent)
        arm64 = self._close(Architecture.ARM64, absent)
        x86_64 = waiting.result()
        checks = [*self._unchecked(), *self._packages(arm64)]
        return tuple(sorted(checks, key=_blocking_first)), self._drift(x86_64, arm64)

    def _view(self, architecture: Architecture, target: Target) -> View:
        return View(self._index, self._reader, target, architecture, rules_of(self._manifest))

    def _absent(self) -> dict[str, Absent]:
        """Ask for everything that is named, all at once; return what cannot be had, or has no such version."""
        named = {request.name: request for request in self._manifest.requests if request.requirement.url is None}
        waiting = {str(name): self._index.ask(name) for name in named}
        absent = {}
        for request in named.values():
            project = waiting[request.name].result()
            if isinstance(project, Absent):
                absent[str(request.name)] = project
                continue
            specifier = request.requirement.specifier
            if not any(specifier.contains(version, prereleases=True) for version in project.releases):
                reason = f"{project.index} has no release {specifier} of {request.name} for Linux"
                absent[str(request.name)] = Absent(reason, certain=True)
        return absent

    def _close(self, architecture: Architecture, absent: Mapping[str, Absent]) -> Closure:
        """Resolve; where that fails, find the fewest projects that have to be excused from fitting."""
        view = self._views[architecture]
        found = self._solve(view, frozenset(), absent)
        if isinstance(found, Solution):
            return Closure(versions=found.versions, absent=found.absent)
        loose = self._solve(view, frozenset({EVERYTHING}), found.absent)
        if isinstance(loose, Conflict):
            return self._apart(view, loose)
        suspects = [name for name, version in loose.versions.items() if judge(view, name, version).verdict.blocks]
        excused = frozenset(suspects)
        solution = self._solve(view, excused, loose.absent)
        if isinstance(solution, Conflict):
            return Closure(versions=loose.versions, absent=loose.absent, excused=excused)
        for name in suspects:
            without = self._solve(view, excused - {name}, loose.absent)
            if isinstance(without, Solution):
                excused, solution = excused - {name}, without
        return Closure(versions=solution.versions, absent=solution.absent, excused=excused)

    def _solve(self, view: View, excused: frozenset[str], absent: Mapping[str, Absent]) -> Solution | Conflict:
        return self._resolver.solve(view, self._problem, Lens(excused), absent)

    def _apart(self, view: View, conflict: Conflict) -> Closure:
        """Resolve each requirement by itself when they do not go together: the rest is judged all the same."""
        versions: dict[str, str] = {}
        absent = dict(conflict.absent)
        for request in self._manifest.requests:
            alone = replace(self._problem, requests=(request,))
            found = self._resolver.solve(view, alone, Lens(frozenset({EVERYTHING})), absent)
            absent |= found.absent
            if isinstance(found, Solution):
                versions = {**found.versions, **versions}
        return Closure(versions=versions, absent=absent, excused=frozenset({EVERYTHING}), conflict=conflict.text)

    def _packages(self, closure: Closure) -> list[PackageCheck]:
        chains = self._chains(closure)
        checks = []
        for name, version in closure.versions.items():
            arm64, x86_64 = (self._judge(architecture, name, version) for architecture in reversed(Architecture))
            checks.append(_check(name, version, chains.get(name, ()), arm64, x86_64))
        for name, absent in closure.absent.items():
            if name in chains:
                checks.append(_check(name, None, chains[name], not_had(absent), not_had(absent)))
        if closure.conflict:
            judgement = Judgement(PackageVerdict.NOT_CHECKED, f"the requirements do not resolve: {closure.conflict}")
            checks.append(_check("(all together)", None, (self._manifest.path,), judgement, judgement))
        if closure.conflict:
            return checks
        fixes = Fixes(self._problem, self._resolver, self._arm64_view, self._target, tuple(checks), closure.absent)
        return [replace(check, fix=fixes.find(check).text) if check.verdict.blocks else check for check in checks]

    def _arm64_view(self, target: Target) -> View:
        return self._view(Architecture.ARM64, target)

    def _judge(self, architecture: Architecture, name: str, version: str) -> Judgement:
        required = self._manifest.require_hashes
        return judge(self._views[architecture], name, version, hash_required=required)

    def _chains(self, closure: Closure) -> dict[str, tuple[str, ...]]:
        view = self._views[Architecture.ARM64]

        def dependencies(name: str) -> tuple[str, ...]:
            version = closure.versions.get(name)
            page = None if version is None else view.page(name, excused=True)
            if version is None or page is None or isinstance(page, Absent) or version not in page:
                return ()
            return view.contents(name, page[version]).requires

        return requested_by(self._manifest.requests, dependencies, environment(self._target, Architecture.ARM64))

    def _unchecked(self) -> list[PackageCheck]:
        checks = []
        for item in self._manifest.unchecked:
            judgement = Judgement(PackageVerdict.NOT_CHECKED, item.reason)
            checks.append(_check(item.name, None, (item.source,), judgement, judgement))
        return checks

    def _drift(self, x86_64: Closure, arm64: Closure) -> tuple[str, ...]:
        """Say where a resolver that shows only what fits takes another version than on x86_64, and why."""
        if x86_64.conflict or arm64.conflict:
            return ()
        drift = []
        for name, version in sorted(arm64.versions.items()):
            usual = x86_64.versions.get(name, version)
            if parsed(usual) != parsed(version) and not x86_64.excused & arm64.excused & {name}:
                there = self._judge(Architecture.ARM64, name, usual)
                why = there.evidence if there.verdict.blocks else "as the other versions ask for it"
                drift.append(f"{name} {usual} -> {version} on arm64: {why}")
        return tuple(drift)


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
