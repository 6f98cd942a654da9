"""Who asks for whom: the dependency graph of a resolution or a lock, walked from the manifest's lines."""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from packaging.markers import Marker, UndefinedComparison, UndefinedEnvironmentName
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name, is_normalized_name

from lambdabot.arm64.indexes.index import Absent
from lambdabot.arm64.manifest import Manifest, Pin, Request
from lambdabot.arm64.target import Environment


@dataclass(frozen=True, slots=True, kw_only=True)
class Closure:
    """What a manifest comes to on one architecture: versions by name, and what could not be had.

    `excused` could not be made to fit; `conflict` is why the requirements do not go together; `chains` lead from the
    manifest's line to the package's parent.
    """

    versions: Mapping[str, str]
    absent: Mapping[str, Absent]
    excused: frozenset[str] = frozenset()
    conflict: str = ""
    chains: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def requested_by(
    requests: tuple[Request, ...], dependencies: Callable[[str], tuple[str, ...]], environment: Environment
) -> dict[str, tuple[str, ...]]:
    """Return the shortest chain to every project that is reached: the manifest's line, then names down to its parent.

    `dependencies` gives the Requires-Dist lines of a project at its resolved version.
    """
    chains: dict[str, tuple[str, ...]] = {}
    done: set[tuple[str, str]] = set()
    queue: deque[tuple[str, frozenset[str], tuple[str, ...]]] = deque()
    for request in requests:
        if holds(request.requirement.marker, environment):
            queue.append((request.name, frozenset(request.requirement.extras), (request.source,)))
    while queue:
        name, extras, chain = queue.popleft()
        chains.setdefault(name, chain)
        fresh = {extra for extra in ("", *extras) if (name, extra) not in done}
        if not fresh:
            continue
        done |= {(name, extra) for extra in fresh}
        for line in dependencies(name):
            if fresh == {""} and "extra ==" in line and " or " not in line:
                continue  # most lines of large projects, and parsing is what takes the time
            try:
                requirement = Requirement(line)
            except (InvalidRequirement, RecursionError):
                continue
            if any(holds(requirement.marker, {**environment, "extra": extra}) for extra in fresh):
                queue.append((canonicalize_name(requirement.name), frozenset(requirement.extras), (*chain, name)))
    return chains


def locked_closure(manifest: Manifest, environment: Environment) -> Closure:
    """Return what a lock installs on a machine, without resolving anything."""
    pins = manifest.pins or {}
    machine: Environment = {**environment, "extras": frozenset(), "dependency_groups": manifest.groups}
    chosen: dict[str, Pin] = {}
    for name, alternatives in pins.items():
        fitting = [pin for pin in alternatives if holds(pin.marker, machine)]
        if fitting or manifest.walked:
            chosen[name] = (fitting or alternatives)[0]

    def dependencies(name: str) -> tuple[str, ...]:
        return chosen[name].requires if name in chosen else ()

    roots = manifest.requests if manifest.walked else _roots(chosen)
    chains = requested_by(roots, dependencies, machine)
    absent = {}
    if manifest.walked:
        absent = {
            name: Absent("it is asked for, and the lock does not have it") for name in chains.keys() - chosen.keys()
        }
        chosen = {name: pin for name, pin in chosen.items() if name in chains}
    return Closure(
        versions={name: pin.version for name, pin in chosen.items()},
        absent=absent,
        chains={name: (pin.source, *chains.get(name, ())[1:]) for name, pin in chosen.items()}
        | {name: chains[name] for name in absent},
    )


def _roots(pins: Mapping[str, Pin]) -> tuple[Request, ...]:
    """Return what no other package of a lock asks for."""
    children = set()
    for pin in pins.values():
        for line in pin.requires:
            try:
                children.add(canonicalize_name(Requirement(line).name))
            except (InvalidRequirement, RecursionError):
                continue
    return tuple(
        Request(requirement=Requirement(name), source=pin.source)
        for name, pin in pins.items()
        if name not in children and is_normalized_name(name)
    )


def holds(marker: Marker | None, environment: Environment) -> bool:
    """Evaluate a marker; one that cannot be evaluated counts as true, so that nothing is passed over."""
    context: Literal["lock_file", "metadata"] = "lock_file" if "extras" in environment else "metadata"
    try:
        return marker is None or marker.evaluate(dict(environment), context=context)
    except (UndefinedComparison, UndefinedEnvironmentName, ValueError, TypeError):
        return True
