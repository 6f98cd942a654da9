"""What to do about a package that blocks: found by resolving again with the advice applied, so that it works."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from lambdabot.arm64.indexes.index import Absent
from lambdabot.arm64.indexes.release import parsed
from lambdabot.arm64.manifest import Request
from lambdabot.arm64.resolution.candidates import Candidates
from lambdabot.arm64.resolution.judgement import judge
from lambdabot.arm64.resolution.loopback import ServingRules
from lambdabot.arm64.resolution.resolver import Problem, Resolver, Solution
from lambdabot.arm64.target import Target
from lambdabot.model import PackageCheck, PackageVerdict
from lambdabot.model.runtimes import PYTHON_RUNTIMES

# Projects that give the same import or the same protocol, by their own documentation, and have wheels for arm64.
_SIBLINGS = {
    "cchardet": "faust-cchardet",
    "cx-oracle": "oracledb",
    "dlib": "dlib-bin",
    "faiss-gpu": "faiss-cpu",
    "fasttext": "fasttext-wheel",
    "intel-tensorflow": "tensorflow",
    "mysqlclient": "pymysql",
    "onnxruntime-gpu": "onnxruntime",
    "pillow-simd": "pillow",
    "psycopg-c": "psycopg-binary",
    "psycopg2": "psycopg2-binary",
    "pycrypto": "pycryptodome",
    "tensorflow-cpu": "tensorflow",
    "tflite-runtime": "ai-edge-litert",
}
# Extras that ask for a build from source: whose, and the one that brings wheels in its place.
_EXTRAS = {"psycopg-c": ("psycopg", "c", "binary")}
_OF_TARGET = frozenset({PackageVerdict.GLIBC_TOO_NEW, PackageVerdict.PYTHON_NOT_SUPPORTED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """Advice in words, and the requirement that takes the place of the project `replaces` (None: no such change)."""

    text: str
    replaces: str = ""
    requirement: Requirement | None = None


class Fixes:
    """Finds the fixes of one manifest's blocking packages."""

    def __init__(
        self,
        problem: Problem,
        resolver: Resolver,
        view: Callable[[Target], Candidates],
        target: Target,
        *,
        checks: tuple[PackageCheck, ...],
        absent: Mapping[str, Absent],
    ) -> None:
        """Take what was resolved, and what it came to: all verdicts and what is left out."""
        self._problem = problem
        self._resolver = resolver
        self._view = view
        self._target = target
        self._absent = absent
        self._versions = {check.name: check.version for check in checks}
        self._blocked = {check.name: _root(check) for check in checks if check.verdict.blocks}

    def find(self, check: PackageCheck) -> Fix:
        """Return what to do about a blocking package, or why nothing is to be done; each advice has been resolved."""
        if check.verdict is PackageVerdict.HASH_NOT_LISTED:
            text = (
                "lock again with the hashes of all files of a release: `uv pip compile --generate-hashes` writes them"
            )
            return Fix(text=text)
        if check.verdict is PackageVerdict.NOT_FOUND or check.version is None:
            return Fix(text="none: correct the name or the version, or name the index that has it")
        found = [*self._other_release(check, self._target), *self._sibling(check), *self._other_target(check)]
        found = found or list(self._other_release_elsewhere(check))
        if not found:
            return Fix(text=f"none: {self._why_none(check)}")
        return replace(found[0], text="; or ".join(fix.text for fix in found))

    def proof(self, checks: tuple[PackageCheck, ...]) -> str:
        """Resolve the whole again with every change of requirements applied, and say what came of it."""
        fixes = [self.find(check) for check in checks if check.verdict.blocks]
        changed = {fix.replaces: fix.requirement for fix in fixes if fix.requirement is not None}
        left = {name for name, root in self._blocked.items() if root not in changed}
        found = self._resolve(self._with(changed), left, self._target)
        shown = ", ".join(str(requirement) for requirement in changed.values())
        if isinstance(found, Solution):
            return f"verified: with {shown} it resolves for arm64" + (
                f", but for {', '.join(sorted(left))}" if left else ""
            )
        return f"with {shown} it does not resolve for arm64: {found}"

    def _other_release(self, check: PackageCheck, target: Target) -> Iterator[Fix]:
        """Find the nearest newer release of what the manifest names, else the nearest older one."""
        root = self._blocked[check.name]
        version = self._versions.get(root)
        request = self._request(root)
        if version is None or request is None or request.requirement.url:
            return
        own = {name for name, other in self._blocked.items() if other == root}
        for relation, lowest in ((">", True), ("<", False)):
            wanted = _requirement(request.requirement, f"{relation}{version}")
            search = Problem(
                requests=(replace(request, requirement=wanted),),
                constraints=(
                    *self._problem.constraints,
                    *(each for each in self._problem.requests if each.name != root),
                ),
                prereleases=self._problem.prereleases or parsed(version).is_prerelease,
                lowest=lowest,
            )
            found = self._resolve(search, self._blocked.keys() - own, target)
            if not isinstance(found, Solution) or root not in found.versions:
                continue
            if not lowest and check.name not in found.versions:
                continue  # a release so old that it does not declare the dependency is no way out
            if parsed(found.versions[root]).is_prerelease and not search.prereleases:
                continue
            exact = _requirement(request.requirement, f"=={found.versions[root]}")
            proof = self._resolve(self._with({root: exact}), self._blocked.keys() - own, target)
            if isinstance(proof, Solution):
                brings = proof.versions.get(check.name)
                words = f", which takes {check.name} {brings}" if brings else f", which does without {check.name}"
                yield Fix(text=f"use {exact}{'' if check.name == root else words}", replaces=root, requirement=exact)
                return

    def _request(self, name: str) -> Request | None:
        """Return what the manifest asks for of a project."""
        return next((request for request in self._problem.requests if request.name == name), None)

    def _sibling(self, check: PackageCheck) -> Iterator[Fix]:
        root = self._blocked[check.name]
        requirement = self._in_its_place(check.name, root)
        if requirement is None:
            return
        name = canonicalize_name(requirement.name)
        excused = {other for other, of in self._blocked.items() if of != root}
        found = self._resolve(self._with({root: requirement}), excused, self._target)
        if isinstance(found, Solution) and name in found.versions:
            text = f"use {requirement} in its place ({found.versions[name]} fits)"
            yield Fix(text=text, replaces=root, requirement=requirement)

    def _in_its_place(self, name: str, root: str) -> Requirement | None:
        """Return the requirement of a sibling with wheels, in the place of the one that the manifest has."""
        if name == root and name in _SIBLINGS:
            return Requirement(_SIBLINGS[name])
        project, built, brought = _EXTRAS.get(name, ("", "", ""))
        request = self._request(root)
        if root != project or request is None or built not in request.requirement.extras:
            return None
        requirement = Requirement(str(request.requirement))
        requirement.extras = requirement.extras - {built} | {brought}
        return requirement

    def _other_target(self, check: PackageCheck) -> Iterator[Fix]:
        """Find the nearest runtime on which the same version fits, else the glibc of a container image."""
        if check.verdict not in _OF_TARGET or check.version is None:
            return
        for words, target in self._targets():
            if judge(self._view(target), check.name, check.version).verdict.blocks:
                continue
            found = self._resolve(self._problem, self._blocked.keys() - {check.name}, target)
            if isinstance(found, Solution) and found.versions.get(check.name) == check.version:
                yield Fix(text=f"run it on {words}")
                return

    def _other_release_elsewhere(self, check: PackageCheck) -> Iterator[Fix]:
        """Find another release on another runtime, where any release has a wheel for arm64 at all."""
        project = self._view(self._target).project(check.name)
        releases = () if isinstance(project, Absent) else project.releases.values()
        if not any(
            platform.startswith("manylinux") and platform.endswith("_aarch64")
            for files in releases
            for file in files
            for platform in file.platforms
        ):
            return
        for words, target in self._targets():
            for fix in self._other_release(check, target):
                yield Fix(text=f"{fix.text}, on {words}")
                return

    def _targets(self) -> Iterator[tuple[str, Target]]:
        """Yield runtimes, newer ones first and the nearest of them first, then images of the same Python."""
        known = [(runtime, Target.of_runtime(runtime)) for runtime in PYTHON_RUNTIMES]
        here = tuple(int(part) for part in self._target.python.split("."))
        minor = {runtime: int(target.python.split(".")[1]) - here[1] for runtime, target in known}
        for runtime, target in sorted(known, key=lambda each: (minor[each[0]] < 0, abs(minor[each[0]]))):
            if minor[runtime]:
                yield f"the runtime {runtime} (glibc {target.glibc})", target
        for glibc in ("2.28", "2.31", "2.34", "2.35", "2.36", "2.39", "2.41"):
            if int(glibc[2:]) > int(self._target.glibc[2:]):
                yield (
                    f"a container image with Python {self._target.python} and glibc {glibc} or newer",
                    Target(self._target.python, glibc),
                )

    def _resolve(self, problem: Problem, excused: set[str], target: Target) -> Solution | str:
        found = self._resolver.solve(
            self._view(target), problem, ServingRules(frozenset(excused), natives=True), self._absent
        )
        if not isinstance(found, Solution):
            return found.text
        new = found.absent.keys() - self._absent.keys()
        return f"{', '.join(sorted(new))} could not be had" if new else found

    def _with(self, changed: Mapping[str, Requirement | None]) -> Problem:
        """Return the whole problem with the changed requirements in place of the projects that they replace."""
        requests: list[Request] = []
        for request in self._problem.requests:
            requirement = changed.get(request.name)
            requests.append(
                request if requirement is None else replace(request, requirement=requirement, hashes=frozenset())
            )
        constraints = tuple(each for each in self._problem.constraints if each.name not in changed)
        return replace(self._problem, requests=tuple(requests), constraints=constraints)

    def _why_none(self, check: PackageCheck) -> str:
        if check.verdict is PackageVerdict.SDIST_ONLY or "needs a compiler" in check.evidence:
            return "no release fits; it would have to be built from source on an arm64 machine with a compiler"
        return "no release fits, and there is no source to build it from"


def _root(check: PackageCheck) -> str:
    """Return the project that the manifest itself names on the way to this one."""
    return check.requested_by[1] if len(check.requested_by) > 1 else check.name


def _requirement(old: Requirement, specifier: str) -> Requirement:
    extras = f"[{','.join(sorted(old.extras))}]" if old.extras else ""
    marker = f" ; {old.marker}" if old.marker else ""
    return Requirement(f"{old.name}{extras}{specifier}{marker}")
