"""The settings in force: the file, its templates and the inputs, which override both."""

import difflib
import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lambdabot import output
from lambdabot.errors import Mistake, UsageError
from lambdabot.model import Function, Place, Side
from lambdabot.settings import document as yaml_document
from lambdabot.settings import yaml_source
from lambdabot.settings.comment import Comment, comment
from lambdabot.settings.declared import Declared, Discover, with_templates
from lambdabot.settings.functions import functions, redacted
from lambdabot.settings.inputs import Inputs, check_name, comment_key, input_mistakes
from lambdabot.settings.schema import CommentSection, GateSection, RunBudgetSection, SettingsFile
from lambdabot.workspace import Workspace

EXAMPLE = """`lambdabot init` writes it from the templates that it finds. Or write it, with one function to begin with:

version: 1
functions:
  hello:
    source: src/hello
    handler: app.handler"""


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
    others: tuple[Function, ...] = ()  # that are not to be measured, and may help with those that are
    reach: frozenset[str] | None = (
        None  # objects in S3 and existing functions that may be used; None: all that are named
    )
    left_out: Mapping[str, str] = field(default_factory=dict)  # functions of templates, and what they lack
    notes: tuple[str, ...] = ()  # templates that could not be read


def load(inputs: Inputs, *, discover: Discover, default_endpoint: str = "aws", deploys: bool = True) -> Settings:
    """Read the file, complete it by the templates, apply the inputs. Raises UsageError with every mistake of all.

    What `deploys` needs a role on AWS for each function.
    """
    if not yaml_source.is_there(inputs.config):
        raise UsageError([Mistake(message=f"there is no settings file {inputs.config}")], advice=EXAMPLE)
    mistakes, workspace = input_mistakes(inputs), inputs.files
    if inputs.out is not None:
        mistakes += output.mistakes(inputs.out, workspace, output.REPORT_FILES)
    try:
        declared = with_templates(yaml_source.read(inputs.config.absolute(), workspace), discover, workspace)
        source = declared.source
        document, found, commented = _head(declared, inputs.comment)
    except UsageError as error:
        raise UsageError([*mistakes, *error.mistakes], advice=error.advice) from error
    if not found:
        advice = "" if declared.left_out else EXAMPLE  # what each lacks says what to do
        raise UsageError([*mistakes, *_nothing_to_measure(declared)], advice=advice)
    wanted, unknown = _chosen(found, inputs.functions, declared.left_out)
    mistakes += unknown
    endpoint = inputs.endpoint or default_endpoint
    if endpoint == "local" and sys.platform != "linux":
        message = "the embedded endpoint needs Linux: run it in a container or in WSL2, or use `--endpoint aws`"
        mistakes.append(Mistake(message=message))
    places = {function.name: source.place(("functions", function.name)) for function in found}
    if deploys and endpoint == "aws":
        mistakes += missing_roles(_deployed(wanted, found), places)
    if mistakes:
        raise UsageError(mistakes)
    names = {function.name for function in wanted}
    out = Path(os.path.abspath(inputs.out or "out"))  # noqa: PTH100  # links are not followed before they are looked at
    return Settings(
        path=source.path,
        workspace=workspace,
        functions=tuple(_apart(function, out) for function in wanted),
        others=tuple(_apart(function, out) for function in found if function.name not in names),
        gate=document.gate,
        comment=commented,
        comment_key=comment_key(inputs),
        check=check_name(inputs, default=document.check),
        budget=document.budget,
        bucket=document.bucket,
        expires_hours=document.expires_hours,
        endpoint=endpoint,
        base=inputs.base,
        region=inputs.region,
        seed=inputs.seed,
        out=out,
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
    mistakes = input_mistakes(inputs)
    if mistakes:
        raise UsageError(mistakes)
    source = yaml_source.read(inputs.config.absolute(), inputs.files) if yaml_source.is_there(inputs.config) else None
    section = yaml_document.validate(source).comment if source else CommentSection()
    found, mistakes = comment(section, source, inputs.files, mode=inputs.comment)
    if mistakes:
        raise UsageError(mistakes)
    return found


def load_bucket(config: Path) -> str | None:
    """Return the bucket of large packages; None where there is no file. Raises UsageError with every mistake."""
    if not yaml_source.is_there(config):
        return None
    return yaml_document.validate(yaml_source.read(config.absolute(), Workspace.around(config))).bucket


def _apart(function: Function, out: Path) -> Function:
    """Return a function without what is written for the run's readers, where that lies in its folder."""
    source, real = function.code.source, out.resolve()
    if not isinstance(source, Path) or source == real or not real.is_relative_to(source):
        return function
    return function.changed(selection=function.code.selection.without(real.relative_to(source)))


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


def _deployed(wanted: Iterable[Function], found: Iterable[Function]) -> tuple[Function, ...]:
    """Return the functions that copies are made of: those that are measured, and whom their set-up invokes."""
    wanted = tuple(wanted)
    names = {one.name for one in wanted} | {each.function for one in wanted for each in one.question.preparations}
    return tuple(function for function in found if function.name in names)


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
