"""The whole closure of a manifest, for x86_64 and for arm64, judged package by package."""

from collections.abc import Mapping
from concurrent.futures import Executor, Future
from dataclasses import replace

from packaging.requirements import Requirement

from lambdabot.arm64.files.reader import Reader
from lambdabot.arm64.indexes.index import Absent, Index
from lambdabot.arm64.indexes.release import accepts_python, parsed
from lambdabot.arm64.manifest import Manifest, Request
from lambdabot.arm64.resolution.candidates import Candidates, stand_in
from lambdabot.arm64.resolution.closure import Closure, holds, locked_closure, requested_by
from lambdabot.arm64.resolution.fix import Fixes
from lambdabot.arm64.resolution.judgement import Judgement, judge, not_had
from lambdabot.arm64.resolution.loopback import EVERYTHING, ServingRules
from lambdabot.arm64.resolution.resolver import Conflict, Problem, Resolver, Solution
from lambdabot.arm64.rules import rules_of
from lambdabot.arm64.target import Target, environment
from lambdabot.model import Architecture, PackageCheck, PackageVerdict
from lambdabot.model.runtimes import PYTHON_RUNTIMES


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
        rules = rules_of(manifest)
        arm64 = Candidates(index, reader, target, Architecture.ARM64, rules=rules)
        x86_64 = Candidates(index, reader, target, Architecture.X86_64, rules=rules, other=arm64)
        self._views = {Architecture.X86_64: x86_64, Architecture.ARM64: arm64}
        self._free_rules = replace(rules, hashes={}, files={} if manifest.pins is not None else rules.files)

    def run(self, pool: Executor) -> tuple[tuple[PackageCheck, ...], tuple[str, ...]]:
        """Return the verdict per package, blocking ones first, and where the architectures' versions differ."""
        if self._manifest.pins is not None:
            x86_64, arm64 = (locked_closure(self._manifest, environment(self._target, each)) for each in Architecture)
            for name in arm64.versions.keys() - self._views[Architecture.ARM64].rules.files.keys() - self._elsewhere():
                self._index.ask(name)
        else:
            absent = pool.submit(self._absent)
            waiting = pool.submit(self._resolved, Architecture.X86_64, absent)
            arm64 = self._resolved(Architecture.ARM64, absent)
            x86_64 = waiting.result()
            arm64 = replace(arm64, chains=self._chains(arm64))
        checks = (*self._unchecked(), *self._of_the_whole(), *self._packages(arm64))
        advised = tuple(replace(check, fix=self._fix(check, checks, arm64)) for check in checks)
        return tuple(sorted(advised, key=_blocking_first)), self._drift(x86_64, arm64)

    def proof(self, checks: tuple[PackageCheck, ...]) -> str:
        """Resolve the whole with all fixes applied, and say what came of it."""
        blocked = tuple(check for check in checks if check.verdict.blocks)
        absent = {check.name: Absent(check.evidence) for check in checks if check.version is None}
        return self._fixes(checks, absent, blocked).proof(checks)

    def _elsewhere(self) -> set[str]:
        """Return the projects of a lock that come from elsewhere: their names are no index's business."""
        return {name for name, pins in (self._manifest.pins or {}).items() if any(pin.unchecked for pin in pins)}

    def _absent(self) -> dict[str, Absent]:
        """Ask for everything that is named, all at once; return what cannot be had, or has no such version."""
        named = [request for request in self._manifest.requests if request.requirement.url is None]
        waiting = [self._index.ask(request.name) for request in named]
        absent = {}
        for request, future in zip(named, waiting, strict=True):
            project = future.result()
            if isinstance(project, Absent):
                absent[str(request.name)] = project
                continue
            specifier = request.requirement.specifier
            if not any(specifier.contains(version, prereleases=True) for version in project.releases):
                reason = f"{project.index} has no {request.name}{specifier} for Linux"
                absent[str(request.name)] = Absent(reason, certain=True)
        return absent

    def _resolved(self, architecture: Architecture, waiting: Future[dict[str, Absent]]) -> Closure:
        """Resolve; where that fails, find the fewest projects that have to be excused from fitting."""
        view = self._views[architecture]
        found = self._solve(view, frozenset(), {})  # nearly always all is there: the look-ups are not waited for
        if isinstance(found, Conflict):
            found = self._solve(view, frozenset(), {**found.absent, **waiting.result()})
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

    def _solve(self, view: Candidates, excused: frozenset[str], absent: Mapping[str, Absent]) -> Solution | Conflict:
        return self._resolver.solve(view, self._problem, ServingRules(excused), absent)

    def _apart(self, view: Candidates, conflict: Conflict) -> Closure:
        """Resolve each requirement by itself when they do not go together: the rest is judged all the same."""
        versions: dict[str, str] = {}
        absent = dict(conflict.absent)
        everything = frozenset({EVERYTHING})
        for request in self._manifest.requests:
            found = self._resolver.solve(
                view, replace(self._problem, requests=(request,)), ServingRules(everything), absent
            )
            absent |= found.absent
            if isinstance(found, Solution):
                versions = {**found.versions, **versions}
        return Closure(versions=versions, absent=absent, excused=everything, conflict=conflict.text)

    def _chains(self, closure: Closure) -> dict[str, tuple[str, ...]]:
        view = self._views[Architecture.ARM64]

        def dependencies(name: str) -> tuple[str, ...]:
            files = view.release(name, closure.versions[name]) if name in closure.versions else ()
            if isinstance(files, Absent) or not files:
                return ()
            file = view.fitting(name, files) or stand_in(files)
            return () if file is None else view.contents(name, file).requires

        return requested_by(self._manifest.requests, dependencies, environment(self._target, Architecture.ARM64))

    def _packages(self, closure: Closure) -> list[PackageCheck]:
        checks = []
        for name, version in closure.versions.items():
            arm64, x86_64 = (self._judge(architecture, name, version) for architecture in reversed(Architecture))
            checks.append(_check(name, version, closure.chains.get(name, ()), arm64, x86_64))
        for name, chain in closure.chains.items():
            if name not in closure.versions:
                absent = closure.absent.get(name, Absent("it is asked for by an address, which is not followed"))
                checks.append(_check(name, None, chain, not_had(absent), not_had(absent)))
        if closure.conflict:
            judgement = Judgement(PackageVerdict.NOT_CHECKED, f"together they do not resolve: {closure.conflict}")
            checks.append(_check("(all requirements)", None, (self._manifest.path,), judgement, judgement))
        return checks

    def _judge(self, architecture: Architecture, name: str, version: str) -> Judgement:
        for pin in (self._manifest.pins or {}).get(name, ()):
            if pin.version == version and pin.unchecked:
                return Judgement(PackageVerdict.NOT_CHECKED, pin.unchecked)
        manifest = self._manifest
        locked = manifest.pins is not None
        return judge(self._views[architecture], name, _normal(version), locked=locked, hashed=manifest.require_hashes)

    def _unchecked(self) -> list[PackageCheck]:
        checks = []
        for item in self._manifest.unchecked:
            judgement = Judgement(PackageVerdict.NOT_CHECKED, item.reason)
            checks.append(_check(item.name, None, (item.source,), judgement, judgement))
        return checks

    def _of_the_whole(self) -> list[PackageCheck]:
        """Judge what the manifest says of itself: the Pythons and the machines that it is for."""
        wanted, machines = self._manifest.requires_python, self._manifest.environments
        source = (self._manifest.path,)
        if wanted is not None and not accepts_python(wanted, self._target.python_full):
            evidence = f"the project requires Python {wanted}, and the target is Python {self._target.python}"
            judgement = Judgement(PackageVerdict.PYTHON_NOT_SUPPORTED, evidence)
            fitting = (
                known for known in PYTHON_RUNTIMES if accepts_python(wanted, Target.of_runtime(known).python_full)
            )
            runtime = next(fitting, None)
            fix = "none: no runtime has such a Python" if runtime is None else f"run it on the runtime {runtime}"
            return [replace(_check("(the project)", None, source, judgement, judgement), fix=fix)]
        fits = {
            each: any(holds(marker, environment(self._target, each)) for marker in machines) for each in Architecture
        }
        if machines and not fits[Architecture.ARM64]:
            arm64 = Judgement(PackageVerdict.NOT_FOUND, f"it was locked for other machines: {machines[0]}")
            x86_64 = Judgement(PackageVerdict.PURE, "") if fits[Architecture.X86_64] else arm64
            fix = "lock again for Linux on aarch64 as well"
            return [replace(_check("(the lock)", None, source, arm64, x86_64), fix=fix)]
        return []

    def _fix(self, check: PackageCheck, checks: tuple[PackageCheck, ...], closure: Closure) -> str:
        if not check.verdict.blocks or check.fix or closure.conflict:
            return check.fix
        return self._fixes(checks, closure.absent, (check,)).find(check).text

    def _fixes(
        self, checks: tuple[PackageCheck, ...], absent: Mapping[str, Absent], blocked: tuple[PackageCheck, ...]
    ) -> Fixes:
        """Search fixes; of a lock, around what comes from elsewhere."""
        left_out = {**absent, **{name: Absent("it comes from elsewhere") for name in self._elsewhere()}}
        problem, known = self._problem, checks
        if self._manifest.pins is not None:  # a lock is made again around the package: that alone is resolved
            known_versions = [check for check in blocked if check.version is not None and _is_version(check.version)]
            pinned = (Requirement(f"{check.name}=={check.version}") for check in known_versions)
            problem = Problem(requests=tuple(Request(requirement=each, source=self._manifest.path) for each in pinned))
            known = tuple(replace(check, requested_by=()) for check in blocked)
        return Fixes(problem, self._resolver, self._free_view, self._target, checks=known, absent=left_out)

    def _free_view(self, target: Target) -> Candidates:
        """Return arm64's view without hashes: advice means that the manifest is locked again."""
        return Candidates(self._index, self._reader, target, Architecture.ARM64, rules=self._free_rules)

    def _drift(self, x86_64: Closure, arm64: Closure) -> tuple[str, ...]:
        """Say where a resolver that shows only what fits takes another version than on x86_64, and what was missed."""
        if x86_64.conflict or arm64.conflict:
            return ()
        drift = []
        for name, version in sorted(arm64.versions.items()):
            usual = x86_64.versions.get(name, version)
            if usual != version and name not in x86_64.excused & arm64.excused:
                missed = ((Architecture.ARM64, usual), (Architecture.X86_64, version))
                judged = (self._judge(architecture, name, each) for architecture, each in missed)
                why = next(
                    (each.evidence for each in judged if each.verdict.blocks), "as the other versions ask for it"
                )
                drift.append(f"{name} {usual} -> {version} on arm64: {why}")
        return tuple(drift)


def _normal(version: str) -> str:
    """Return a version as the index's files have it; one that is none as it is, which no file has."""
    return str(parsed(version)) if _is_version(version) else version


def _is_version(text: str) -> bool:
    try:
        parsed(text)
    except ValueError:  # InvalidVersion, or thousands of digits
        return False
    return True


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
