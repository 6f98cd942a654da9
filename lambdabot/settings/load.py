"""The file and the inputs together: inputs override the file."""

import difflib
import hashlib
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from lambdabot import output
from lambdabot.errors import Mistake, UsageError
from lambdabot.model import Discovery, Function, Place, Side
from lambdabot.settings import document as yaml_document
from lambdabot.settings import yaml_source
from lambdabot.settings.comment import Comment, comment
from lambdabot.settings.declared import Declared, complete
from lambdabot.settings.functions import functions, redacted
from lambdabot.settings.schema import CommentSection, DefaultsSection, GateSection, RunBudgetSection, SettingsFile
from lambdabot.settings.yaml_source import YamlSource
from lambdabot.workspace import Workspace

DEFAULT_CONFIG = "lambdabot.yml"
SWITCH = {"true": True, "false": False}
ENDPOINTS = ("aws", "local")
_NOTHING = {"version": 1}
COMMENT_MODES = ("update", "new", "hide-and-new", "off")

EXAMPLE = """`lambdabot init` writes it from the templates that it finds. Or write it, with one function to begin with:

version: 1
functions:
  hello:
    source: src/hello
    handler: app.handler"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What a door (workflow or terminal) may say; None leaves it to the file or to the default."""

    config: Path = Path(DEFAULT_CONFIG)
    endpoint: str | None = None
    base: str | None = None
    functions: tuple[str, ...] = ()
    region: str | None = None
    comment: str | None = None
    check: str | None = None
    workspace: Workspace | None = None  # the workflow's; None: at a terminal, the one around the settings
    job: str = ""  # the job's id in the workflow
    comment_key: str = ""  # tells the jobs of a matrix apart
    report: Path | None = None  # another run's, to comment on
    seed: int = 1
    out: Path | None = None  # the folder of the report's files; None where none is written

    @property
    def files(self) -> Workspace:
        """The one way to the files that the settings name, and to the settings themselves."""
        return self.workspace or Workspace.around(self.config)

    @property
    def place(self) -> str:
        """The settings file, relative to the workflow's workspace."""
        return Path(os.path.relpath(self.config, self.workspace.root if self.workspace else Path())).as_posix()


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings in force."""

    path: Path
    workspace: Workspace
    functions: tuple[Function, ...]
    gate: GateSection
    comment: Comment
    comment_key: str
    check: str | None  # the check run's name
    budget: RunBudgetSection
    bucket: str | None
    expires_hours: float
    endpoint: str  # aws, local or a URL
    base: str | None
    region: str | None
    seed: int
    out: Path
    effective: Mapping[str, Any]  # redacted, for the report
    inputs: Inputs  # which override the target branch's file too
    places: Mapping[str, Place]  # where each function stands in the file
    left_out: Mapping[str, str] = field(default_factory=dict)  # functions of templates, and what they lack
    notes: tuple[str, ...] = ()  # templates that could not be read


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetBranch:
    """What the target branch's own settings and templates say, whether or not the code that they name is there."""

    written: bool  # there is a lambdabot.yml; without one, lambdabot's own defaults count
    functions: tuple[Function, ...]
    absent: Mapping[str, str]  # functions whose files are not all in its tree, and which
    left_out: Mapping[str, str]  # functions of templates, and what they lack
    defaults: DefaultsSection
    gate: GateSection
    comment: Comment
    check: str | None
    budget: RunBudgetSection
    bucket: str | None
    expires_hours: float
    effective: Mapping[str, Any]  # redacted


@dataclass(frozen=True, slots=True)
class Unknown:
    """The target branch's settings cannot be known, and why."""

    reason: str


Discover = Callable[[Path, Sequence[str] | None, Workspace], Discovery]
"""Reads the templates below a folder, or those that are named: `lambdabot.project.discovery.discover`."""


def load(inputs: Inputs, *, discover: Discover, default_endpoint: str = "aws", deploys: bool = True) -> Settings:
    """Read the file, complete it by the templates, apply the inputs. Raises UsageError with every mistake of all.

    What `deploys` needs a role on AWS for each function.
    """
    if not _is_there(inputs.config):
        raise UsageError([Mistake(message=f"there is no settings file {inputs.config}")], advice=EXAMPLE)
    mistakes, workspace = _input_mistakes(inputs), inputs.files
    if inputs.out is not None:
        mistakes += output.mistakes(inputs.out, workspace, output.REPORT_FILES)
    try:
        declared = _declared(yaml_source.read(inputs.config.absolute(), workspace), discover, workspace)
        source = declared.source
        document, found, commented = _head(declared, inputs.comment)
    except UsageError as error:
        raise UsageError([*mistakes, *error.mistakes], advice=error.advice) from error
    if not found:
        raise UsageError([*mistakes, *_nothing_to_measure(declared)], advice=EXAMPLE)
    wanted, unknown = _chosen(found, inputs.functions, declared.left_out)
    mistakes += unknown
    endpoint = inputs.endpoint or default_endpoint
    if endpoint == "local" and sys.platform != "linux":
        message = "the embedded endpoint needs Linux: run it in a container or in WSL2, or use `--endpoint aws`"
        mistakes.append(Mistake(message=message))
    places = {function.name: source.place(("functions", function.name)) for function in found}
    if deploys and endpoint == "aws":
        mistakes += missing_roles(wanted, places)
    if mistakes:
        raise UsageError(mistakes)
    return Settings(
        path=source.path,
        workspace=workspace,
        functions=wanted,
        gate=document.gate,
        comment=commented,
        comment_key=comment_key(inputs),
        check=_check(document, inputs),
        budget=document.budget,
        bucket=document.bucket,
        expires_hours=document.expires_hours,
        endpoint=endpoint,
        base=inputs.base,
        region=inputs.region,
        seed=inputs.seed,
        out=Path(os.path.abspath(inputs.out or "out")),  # noqa: PTH100  # links are not followed before they are looked at
        effective=redacted(document),
        inputs=inputs,
        places=places,
        left_out=declared.left_out,
        notes=declared.notes,
    )


def load_comment(inputs: Inputs) -> Comment:
    """Return how to comment, for a report that was made elsewhere; the defaults where there is no file.

    Raises UsageError with every mistake.
    """
    mistakes = _input_mistakes(inputs)
    if mistakes:
        raise UsageError(mistakes)
    source = yaml_source.read(inputs.config.absolute(), inputs.files) if _is_there(inputs.config) else None
    section = yaml_document.validate(source).comment if source else CommentSection()
    found, mistakes = comment(section, source, inputs.files, mode=inputs.comment)
    if mistakes:
        raise UsageError(mistakes)
    return found


def load_bucket(config: Path) -> str | None:
    """Return the bucket of large packages; None where there is no file. Raises UsageError with every mistake."""
    if not _is_there(config):
        return None
    return yaml_document.validate(yaml_source.read(config.absolute(), Workspace.around(config))).bucket


def _is_there(config: Path) -> bool:
    """Tell whether anything bears the name of the settings file; whether it can be read shows when it is."""
    try:
        return os.path.lexists(config)
    except ValueError:  # a NUL in the name
        return False


def comment_key(inputs: Inputs, *apart: str) -> str:
    """Return what tells this job's comment from those of the pull request's other jobs; "" for the plainest job.

    The chosen functions are no part of it: a workflow may choose them anew for every push, in one job. `apart` tells
    the comments of one job from one another.
    """
    parts = (inputs.place, inputs.job, inputs.comment_key, *apart)
    if parts == (DEFAULT_CONFIG, "", ""):
        return ""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]


def _check(document: SettingsFile, inputs: Inputs) -> str | None:
    """Return the check run's name, None where none is wanted.

    It stays the same from push to push, because branch protection asks for a check by its name.
    """
    if not SWITCH.get(inputs.check or "", document.check):
        return None
    folder = Path(inputs.place).parent.as_posix()
    chosen = [*([] if folder == "." else [folder]), *inputs.functions]
    return f"lambdabot ({', '.join(chosen)})" if chosen else "lambdabot"


def load_base(
    path: Path, discover: Discover, *, workspace: Workspace | None = None, inputs: Inputs | None = None
) -> TargetBranch:
    """Return what the target branch's own lambdabot.yml and templates say, and the inputs in their stead.

    Where it has no lambdabot.yml yet, `path` is where it would be. An earlier step may build the code that it names, so
    a file that is not there is no mistake. Raises UsageError.
    """
    workspace, written = workspace or Workspace.around(path), _is_there(path)
    source = yaml_source.read(path, workspace) if written else YamlSource(path=path, data=dict(_NOTHING))
    declared = _declared(source, discover, workspace, built=False)
    return _target_branch(declared, inputs or Inputs(), written=written)


def nobodys(path: Path, inputs: Inputs) -> TargetBranch:
    """Return what is in force where no lambdabot.yml and no template says anything."""
    source = YamlSource(path=path, data=dict(_NOTHING))
    return _target_branch(Declared(source=source, workspace=inputs.files), inputs, written=False)


def _target_branch(declared: Declared, inputs: Inputs, *, written: bool) -> TargetBranch:
    document = yaml_document.validate(declared.source)
    commented, mistakes = comment(document.comment, declared.source, declared.workspace, mode=inputs.comment)
    if mistakes:
        raise UsageError(mistakes)
    absent: dict[str, str] = {}
    return TargetBranch(
        written=written,
        functions=functions(document, declared, Side.BASE, absent=absent),
        absent=absent,
        left_out=declared.left_out,
        defaults=document.defaults,
        gate=document.gate,
        comment=commented,
        check=_check(document, inputs),
        budget=document.budget,
        bucket=document.bucket,
        expires_hours=document.expires_hours,
        effective=redacted(document),
    )


def _declared(source: YamlSource, discover: Discover, workspace: Workspace, *, built: bool = True) -> Declared:
    named = source.data.get("templates")
    if not isinstance(named, list | None) or not all(isinstance(one, str) for one in named or ()):
        return Declared(source=source, workspace=workspace)  # left to the schema
    return complete(source, discover(source.path.parent, named, workspace), workspace, built=built)


def _head(declared: Declared, mode: str | None) -> tuple[SettingsFile, tuple[Function, ...], Comment]:
    """Return the document, its functions and how to comment. Raises UsageError with every mistake of all three.

    What the schema refuses does not hide the mistakes of the rest.
    """
    mistakes: list[Mistake] = []
    try:
        document = yaml_document.validate(declared.source)
    except UsageError as error:
        mistakes += error.mistakes
        sound = yaml_document.sound_part(declared.source)
        if sound is None:
            raise
        document = sound
    mistakes += declared.contradictions
    found: tuple[Function, ...] = ()
    try:
        found = functions(document, declared, Side.HEAD)
    except UsageError as error:
        mistakes += error.mistakes
    commented, unreadable = comment(document.comment, declared.source, declared.workspace, mode=mode)
    mistakes += unreadable
    if mistakes:
        raise UsageError(sorted(mistakes, key=lambda mistake: mistake.line or 0))
    return document, found, commented


def _nothing_to_measure(declared: Declared) -> list[Mistake]:
    """Return why there is no function: each that the templates have lacks something, or there is none."""
    lacking = [Mistake(message=f"`{name}`: {reason}") for name, reason in declared.left_out.items()]
    unread = [Mistake(message=note) for note in declared.notes]
    none = Mistake(
        message="`functions` names none, and no template declares one that can be measured",
        path=declared.source.path,
        line=1,
    )
    return [none, *lacking, *unread]


def missing_roles(functions: Iterable[Function], places: Mapping[str, Place]) -> list[Mistake]:
    """Return a mistake for each function whose throw-away copies would have no role on AWS."""
    mistakes = []
    for function in functions:
        if function.setup.role is not None or function.origin.side_effects_accepted:
            continue
        message = f"`{function.name}` needs a `role` on AWS: the execution role of its throw-away copies"
        if function.origin.like is not None:
            message += (
                f". That of {function.origin.like} is not taken: hundreds of invocations would write to production "
                "with it. Name a role that may do less, or write `side_effects: accepted`"
            )
        mistakes.append(places[function.name].mistake(message))
    return mistakes


def _input_mistakes(inputs: Inputs) -> list[Mistake]:
    mistakes = []
    if inputs.endpoint and inputs.endpoint not in ENDPOINTS and not _is_url(inputs.endpoint):
        allowed = ", ".join(ENDPOINTS)
        mistakes.append(Mistake(message=f"endpoint `{inputs.endpoint}` is neither {allowed} nor an http(s) URL"))
    if inputs.comment and inputs.comment not in COMMENT_MODES:
        mistakes.append(Mistake(message=f"comment `{inputs.comment}` is none of {', '.join(COMMENT_MODES)}"))
    if inputs.check and inputs.check not in SWITCH:
        mistakes.append(Mistake(message=f"check `{inputs.check}` is neither {' nor '.join(SWITCH)}"))
    return mistakes


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _chosen(
    found: tuple[Function, ...], names: tuple[str, ...], left_out: Mapping[str, str]
) -> tuple[tuple[Function, ...], list[Mistake]]:
    """Return the named functions (all when none is named), and a mistake for each name that no function has."""
    known = {function.name: function for function in found}
    mistakes = []
    for name in names:
        if name in left_out:
            mistakes.append(Mistake(message=f"`{name}`: {left_out[name]}"))
        elif name not in known:
            nearest = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean `{nearest[0]}`?" if nearest else f"there are {', '.join(known)}"
            mistakes.append(Mistake(message=f"there is no function `{name}`; {hint}"))
    return tuple(function for name, function in known.items() if not names or name in names), mistakes
