"""Who asks for whom: the dependency graph of a resolution, walked from the manifest's lines."""

from collections import deque
from collections.abc import Callable, Mapping

from packaging.markers import Marker, UndefinedComparison, UndefinedEnvironmentName
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from lambdabot.arm64.manifest import Request


def requested_by(
    requests: tuple[Request, ...], dependencies: Callable[[str], tuple[str, ...]], environment: Mapping[str, str]
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
            try:
                requirement = Requirement(line)
            except InvalidRequirement:
                continue
            if any(holds(requirement.marker, {**environment, "extra": extra}) for extra in fresh):
                queue.append((canonicalize_name(requirement.name), frozenset(requirement.extras), (*chain, name)))
    return chains


def holds(marker: Marker | None, environment: Mapping[str, str]) -> bool:
    """Evaluate a marker; one that cannot be evaluated counts as true, so that nothing is passed over."""
    try:
        return marker is None or marker.evaluate(dict(environment))
    except (UndefinedComparison, UndefinedEnvironmentName, ValueError):
        return True
