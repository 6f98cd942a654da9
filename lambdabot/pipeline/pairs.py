"""Every function's two sides, found in the two trees, by the rules that a pull request cannot change for itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lambdabot.errors import UsageError
from lambdabot.model import BaseKind, Function
from lambdabot.project.base import BaseTree, NoBase
from lambdabot.project.discovery import discover
from lambdabot.project.sides import base_function, settings_in_base
from lambdabot.settings.load import Settings, load_base
from lambdabot.settings.trust import trusted


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """A function of the pull request and what it is compared with."""

    head: Function
    base: Function | None
    no_base: str  # why there is none
    base_is: BaseKind = BaseKind.TARGET_BRANCH
    refused: str = ""  # why neither can be measured
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Paired:
    """All functions with their sides, the settings in force, and what a reader should know of those."""

    settings: Settings
    sides: tuple[Sides, ...]
    notes: tuple[str, ...] = ()


def pair_all(settings: Settings, tree: BaseTree | NoBase, root: Path, *, pull_request: bool) -> Paired:
    """Pair every function with what the target branch's own settings and templates say of it.

    Of a pull request, what it must not decide for itself is put in force as the target branch has it.
    """
    if isinstance(tree, NoBase):
        return _alone(settings, tree.reason)
    config = settings_in_base(settings.path, root, tree.path)
    try:
        target = load_base(config, discover, workspace=tree.workspace)
    except UsageError as error:
        return _alone(settings, f"the target branch's own settings have mistakes: {error}")
    notes: tuple[str, ...] = ()
    refused: Mapping[str, str] = {}
    if pull_request and config.is_file():
        found = trusted(settings, target)
        settings, notes = found.settings, found.notes
        if settings.endpoint != "local":  # which uses no role
            refused = found.refused
    known = {function.name: function for function in target.functions}
    base_is = BaseKind.TARGET_BRANCH if settings.base is None else BaseKind.NAMED

    def sides(head: Function) -> Sides:
        base = base_function(head, known, config=settings.path, root=root, base=tree, own_settings=config.is_file())
        reason = "" if base else f"the target branch ({tree.description}) does not have this function"
        if base is None and (lacks := target.left_out.get(head.name)):
            reason += f" as it is declared there: {lacks}"
        return Sides(head=head, base=base, no_base=reason, base_is=base_is, refused=refused.get(head.name, ""))

    return Paired(settings=settings, sides=tuple(map(sides, settings.functions)), notes=notes)


def _alone(settings: Settings, reason: str) -> Paired:
    return Paired(
        settings=settings, sides=tuple(Sides(head=head, base=None, no_base=reason) for head in settings.functions)
    )
