"""What the target branch's own lambdabot.yml and templates say."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lambdabot.errors import UsageError
from lambdabot.model import Function, Side
from lambdabot.settings import document as yaml_document
from lambdabot.settings import yaml_source
from lambdabot.settings.comment import Comment, comment
from lambdabot.settings.declared import Declared, Discover, with_templates
from lambdabot.settings.functions import functions, redacted
from lambdabot.settings.inputs import Inputs, check_name
from lambdabot.settings.schema import DefaultsSection, GateSection, RunBudgetSection
from lambdabot.settings.yaml_source import YamlSource
from lambdabot.unbuilt.package_files import Packages
from lambdabot.workspace import Workspace

_NOTHING = {"version": 1}


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


def load_base(
    path: Path, discover: Discover, *, workspace: Workspace | None = None, inputs: Inputs | None = None
) -> TargetBranch:
    """Return what the target branch's own lambdabot.yml and templates say, and the inputs in their stead.

    Where it has no lambdabot.yml yet, `path` is where it would be. An earlier step may build the code that it names, so
    a file that is not there is no mistake. Raises UsageError.
    """
    workspace, written = workspace or Workspace.around(path), yaml_source.is_there(path)
    source = yaml_source.read(path, workspace) if written else YamlSource(path=path, data=dict(_NOTHING))
    declared = with_templates(source, discover, workspace, built=False)
    return _target_branch(declared, inputs or Inputs(), written=written)


def nobodys(path: Path, inputs: Inputs) -> TargetBranch:
    """Return what is in force where no lambdabot.yml and no template says anything."""
    source = YamlSource(path=path, data=dict(_NOTHING))
    return _target_branch(Declared(source=source, packages=Packages(inputs.files)), inputs, written=False)


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
        check=check_name(inputs, default=document.check),
        budget=document.budget,
        bucket=document.bucket,
        expires_hours=document.expires_hours,
        effective=redacted(document),
    )
