"""Requirement files, judged so that the installer never sees a line that could make it run somebody's code.

`--only-binary :all:` alone does not do that: uv still builds editable requirements, and a `--no-binary` line in the
file takes it back for the package that it names. Nor does uv see a file of ours or an index on this machine: it gets
what was read here, written anew.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from lambdabot import requirements_file
from lambdabot.errors import PackagingError, UsageError
from lambdabot.model import Place
from lambdabot.requirements_file import FLAGS, SUFFIXES, Entry, Option
from lambdabot.workspace import Workspace

ADDRESSES = frozenset({"--index-url", "--extra-index-url", "--find-links"})
"""Options with a value that uv gets to see."""

_EXPORT = "Export other formats in the workflow, for instance `uv export --no-dev -o requirements.txt`."
_WITHOUT_EFFECT = frozenset({"--only-binary", "--prefer-binary", "--trusted-host", "--use-feature"})

_VERSION_CONTROL = re.compile(r"(?:git|hg|svn|bzr)(?:\+|@|://)")
_WEB = re.compile(r"https://")
_ARCHIVES = (".whl", ".zip", ".tar", ".tgz", ".tar.gz", ".tar.bz2", ".tar.xz", ".tar.zst")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One requirement or option as uv gets it."""

    place: Place
    name: str  # canonical; empty for an option
    text: str


@dataclass(slots=True, kw_only=True)
class Requirements:
    """All lines of a requirement file and of the files that it includes."""

    requirements: list[Line] = field(default_factory=list)
    constraints: list[Line] = field(default_factory=list)
    options: list[Line] = field(default_factory=list)
    no_binary: set[str] = field(default_factory=set)  # canonical names, all of them allowed

    def find(self, name: str) -> Line | None:
        """Return the line that asks for a package, or else the one that constrains it."""
        wanted = canonicalize_name(name)
        return next((line for line in [*self.requirements, *self.constraints] if line.name == wanted), None)


def read(path: Path, workspace: Workspace, *, source: Path, allow_build: frozenset[str]) -> Requirements:
    """Read a requirement file with everything that it includes; places are told as seen from the source folder.

    Raises PackagingError, with file and line, for what would need a build that `allow_build` does not name: editable
    and local requirements (always), version control, source archives, `--no-binary`.
    """
    if path.suffix.lower() not in SUFFIXES:
        what = f"{path.name} is no requirements file, by its name (.txt, .in or .pip)"
        raise PackagingError(what, advice=_EXPORT)
    try:
        written = requirements_file.read(path, workspace, root=source)
    except UsageError as error:
        raise PackagingError(error.what, advice=_EXPORT) from error
    allowed = frozenset(canonicalize_name(name) for name in allow_build)
    found = Requirements()
    for entry in written.entries:
        line = Line(place=entry.place, name=_name(entry, allowed), text=_text(entry))
        (found.constraints if entry.constraint else found.requirements).append(line)
    for option in written.options:
        if option.name == "--no-binary":
            found.no_binary |= _no_binary(option, allowed)
        elif option.name not in _WITHOUT_EFFECT:
            found.options.append(Line(place=option.place, name="", text=_passed_on(option, workspace)))
    return found


def _text(entry: Entry) -> str:
    return " ".join([entry.text, *(f"--hash={digest}" for digest in entry.hashes)])


def _passed_on(option: Option, workspace: Workspace) -> str:
    """Return an option as uv gets it; refuse what it must not."""
    name, value, place = option.name, option.value, option.place
    if name in FLAGS:
        return name
    if name == "--editable":
        _refuse_local(place, "this is an editable requirement")
    if name not in ADDRESSES:
        _refuse(place, f"{name} does not work here", "Take the option out; a file elsewhere is to be copied here.")
    if name == "--find-links" and ":" not in value:
        value = str(_folder(option, workspace))
    elif not _WEB.match(value):
        advice = "Give another to the job: an index as UV_INDEX, a folder of the runner as UV_FIND_LINKS."
        _refuse(place, f"{name} is no https address", advice)
    if len(value.split()) != 1 or value.startswith("-"):
        _refuse(place, f"the value of {name} has spaces", "Write each option on a line of its own.")
    return f"{name} {value}"


def _folder(option: Option, workspace: Workspace) -> Path:
    """Return the folder that `--find-links` names; nothing in it leads out of the workspace."""
    folder = option.folder / option.value
    if not workspace.is_dir(folder) or not all(map(workspace.holds, folder.iterdir())):
        what = "--find-links names no folder whose files are all in the workspace"
        _refuse(option.place, what, "Give a folder on the runner to the job, as UV_FIND_LINKS.")
    return folder.resolve()


def _no_binary(option: Option, allowed: frozenset[str]) -> set[str]:
    if option.value in {":all:", ":none:"}:
        _refuse(option.place, "`--no-binary` does not say what to build", "Name the packages instead.")
    names = {canonicalize_name(name.strip()) for name in option.value.split(",")}
    if not names <= allowed:
        _refuse_build(option.place, "`--no-binary` asks for a build")
    return {str(name) for name in names}


def _name(entry: Entry, allowed: frozenset[str]) -> str:
    """Return the canonical name of a requirement that may be installed; refuse every other."""
    if "http://" in entry.text:
        _refuse(entry.place, "this comes over plain http, which is not followed", "Write `https://`.")
    try:
        requirement = Requirement(entry.text)
    except (InvalidRequirement, RecursionError):  # of parentheses in a marker
        return _unnamed(entry)
    if entry.odd:
        _refuse_text(entry.place)
    if requirement.name.lower().endswith(_ARCHIVES):
        _refuse_local(entry.place, "this is a local path")
    name = canonicalize_name(requirement.name)
    address = requirement.url
    if address is not None:
        if address.startswith("file:") or "://" not in address:
            _refuse_local(entry.place, f"`{requirement.name}` is required from a local path")
        wheel = _WEB.match(address) and urlsplit(address).path.endswith(".whl")
        if not wheel and name not in allowed:
            origin = "version control" if _VERSION_CONTROL.match(address) else "a source archive"
            _refuse_build(entry.place, f"`{requirement.name}` is required from {origin} and needs a build", name)
    return name


def _unnamed(entry: Entry) -> str:
    """Take the address of a wheel, which names itself, and say what is wrong with everything else."""
    place, address = entry.place, entry.text.partition(" ;")[0].strip()
    if _VERSION_CONTROL.match(address):
        _refuse_build(place, "a requirement from version control needs a build", rewritten="NAME @ git+https://…")
    if _WEB.match(address) and " " not in address and not entry.odd:
        name = urlsplit(address).path.rpartition("/")[2]
        if name.endswith(".whl"):
            return canonicalize_name(name.partition("-")[0])
        _refuse_build(place, "this address is not that of a wheel and needs a build", rewritten="NAME @ https://…")
    if address.startswith(("file:", ".", "/", "~")) or "/" in address or address.endswith(_ARCHIVES):
        _refuse_local(place, "this is a local path")
    return _refuse_text(place)


def _refuse(place: Place, reason: str, advice: str) -> NoReturn:
    what = f"{place}: {reason}"
    raise PackagingError(what, advice=advice)


def _refuse_text(place: Place) -> NoReturn:
    _refuse(place, "this is not a requirement (PEP 508)", "Write it as in `requests>=2.32,<3`.")


def _refuse_local(place: Place, what: str) -> NoReturn:
    advice = (
        "Build its wheel in an earlier step of the workflow (`uv build --wheel -o wheels`) and name the folder with "
        "`--find-links wheels`; `allow_build` is for packages of an index."
    )
    _refuse(place, f"{what}; installing it would run its code here", advice)


def _refuse_build(place: Place, what: str, name: str = "NAME", rewritten: str = "") -> NoReturn:
    advice = f"Ask for a release that has wheels, or list it in lambdabot.yml: `allow_build: [{name}]`"
    advice += f", and write the line as `{rewritten}`." if rewritten else "."
    _refuse(place, f"{what}, which would run its code here", advice)
