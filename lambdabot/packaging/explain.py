"""The installer's error text in our words: which package, which line, why, and what to do."""

import re

from packaging.utils import canonicalize_name

from lambdabot.errors import PackagingError
from lambdabot.packaging.credentials import masked
from lambdabot.packaging.requirements import Requirements
from lambdabot.packaging.target import Target

MAX_QUOTED_LINES = 12

_PACKAGE = r"(?<![^\s`])`?(?P<name>[A-Za-z0-9](?:[\w.-]*\w)?)(?P<version>[=<>!~][^\s`]*)?`?"
"""It begins a word, so that a long one is looked at once and not from each of its letters."""

_FRAME = str.maketrans("×│├╰─▶", "      ")

REFUSED_BUILD = tuple(
    re.compile(pattern)
    for pattern in (
        rf"Wheels are required for {_PACKAGE} because building from source is disabled",
        rf"Building source distributions for {_PACKAGE} is disabled",
    )
)
"""What uv says when only a build would help."""

_CAUSES = (
    (
        r"The built wheel `(?P<name>[\w.]+?)-(?P<version>[^-`]+)-[^`]+` is not compatible",
        "was built for this machine and does not run on {target}",
        "Compiled code is built for the machine that builds it: ask for a release that has wheels.",
    ),
    (
        rf"Failed to (?:download and )?build {_PACKAGE}",
        "could not be built",
        "Ask for a release that has wheels.",
    ),
    (
        rf"Wheels are required for {_PACKAGE}",
        "has no wheel for {target}, and building it would run its code here",
        "Ask for a release that has such a wheel, or list it in lambdabot.yml: `allow_build: [{name}]`.",
    ),
    (
        rf"Building source distributions for {_PACKAGE} is disabled",
        "is a source archive, and building it would run its code here",
        "Ask for a release that has wheels, or list it in lambdabot.yml: `allow_build: [{name}]`.",
    ),
    (
        rf"{_PACKAGE} has no wheels with a matching (?:Python|platform)",
        "has no wheel for {target}",
        "Ask for a release that has such a wheel, or choose another runtime or architecture.",
    ),
    (
        rf"{_PACKAGE} was not found in the (?:package registry|provided package locations)",
        "is not on the package index",
        "Correct the name; a private index is named by UV_INDEX or UV_DEFAULT_INDEX in the workflow step.",
    ),
    (
        rf"there is no version of {_PACKAGE}",
        "has no such release",
        "Ask for a release that exists.",
    ),
    (
        rf"Hash mismatch for {_PACKAGE}",
        "has a file for {target} whose hash is not listed",
        "Lock it again for every platform, for instance `uv pip compile --universal --generate-hashes`.",
    ),
    (
        rf"{_PACKAGE} (?:requires|depends on) Python",
        "does not support {runtime}",
        "Ask for a release that supports it, or choose another runtime.",
    ),
)
"""What uv says of a package, what that means, and what to do."""

_INDEX = (
    (
        r"\b(?:401 Unauthorized|403 Forbidden)\b",
        "the package index refused access",
        "Give its credentials to the workflow step: UV_INDEX_<NAME>_USERNAME and UV_INDEX_<NAME>_PASSWORD.",
    ),
    (
        r"error sending request|Failed to fetch|dns error|tcp connect|timed out|network was disabled",
        "the package index could not be reached",
        "Check the network and the index's address, then run again.",
    ),
    (
        r"No space left on device",
        "the disk is full",
        "Free some space; the cache of uv is the first place to look.",
    ),
    (
        r"No solution found",
        "the requirements contradict one another",
        "Loosen one of them.",
    ),
)


def refused_builds(text: str) -> frozenset[str]:
    """Return the canonical names of the packages that the installer would have had to build."""
    text = _unwrapped(text)
    return frozenset(canonicalize_name(match["name"]) for pattern in REFUSED_BUILD for match in pattern.finditer(text))


def explain(text: str, requirements: Requirements, target: Target) -> PackagingError:
    """Return the installer's failure as an error for the user, credentials masked, its own words below."""
    quoted = masked("\n".join(_told(text)[:MAX_QUOTED_LINES]))
    text = _unwrapped(text)
    for pattern, reason, advice in _CAUSES:
        if match := re.search(pattern, text):
            name, version = match["name"], match["version"] or ""
            line = requirements.find(name)
            wanted = line.text.partition(" --hash")[0] if line else f"{name}{version}"
            what = f"{line.place}: `{wanted}`" if line else f"`{wanted}` (required by another package)"
            what += f" {reason.format(target=target.describe(), runtime=target.runtime)}"
            return PackagingError(masked(what), advice=f"{advice.format(name=name)}\nuv says:\n{quoted}")
    for pattern, what, advice in _INDEX:
        if re.search(pattern, text):
            return PackagingError(what, advice=f"{advice}\nuv says:\n{quoted}")
    what = "the dependencies could not be installed"
    return PackagingError(what, advice=f"uv says:\n{quoted}")


def _unwrapped(text: str) -> str:
    """Return text as one line: uv breaks and frames its lines, differently from release to release."""
    return " ".join(text.translate(_FRAME).split())


def _told(text: str) -> list[str]:
    """Return the lines that say what went wrong, without progress and without advice on options of uv's own."""
    lines = [line.rstrip() for line in text.splitlines() if line.strip()]
    start = next((index for index, line in enumerate(lines) if line.startswith(("error:", "  × "))), 0)
    return [line for line in lines[start:] if not line.startswith("hint: Wheels are required")]
