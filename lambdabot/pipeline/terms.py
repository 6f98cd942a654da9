"""On which terms a run measures: what it is compared with, and whose settings are in force."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from lambdabot.errors import UsageError
from lambdabot.github.event import Context
from lambdabot.project.base import BaseTree, NoBase, default_branch, resolve_base
from lambdabot.project.discovery import discover
from lambdabot.project.sides import former_names, settings_in_base
from lambdabot.settings.inputs import Inputs
from lambdabot.settings.load import Settings
from lambdabot.settings.target_branch import TargetBranch, Unknown, load_base
from lambdabot.settings.trust import trusted, unbound

_DEFAULT_BRANCH = (
    "No base is named, and the commit that is checked out is not part of origin's default branch: what a pull request "
    "must not decide for itself is as that has it. `--base HEAD` takes the commit's own."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The settings in force, the base, what its own settings say, and what a reader should know of all that."""

    settings: Settings
    root: Path  # of the head's files
    tree: BaseTree | NoBase
    base: TargetBranch | Unknown
    notes: tuple[str, ...] = ()
    refused: Mapping[str, str]  # functions that must not be tried, and why
    formerly: Mapping[str, str]  # names that the target branch has for functions


def terms(settings: Settings, context: Context, workdir: Path) -> Terms:
    """Decide what is in force; the base is written out below `workdir`. Raises UsageError, before anything is touched.

    On a pull request, and wherever a base is named that has a lambdabot.yml, what a pull request must not decide for
    itself is the target branch's. Who names no base at a terminal takes the file that is checked out at its word, but
    for the endpoints where that gives power: there origin's default branch decides, unless HEAD is part of it.
    """
    config = Path(os.path.abspath(settings.inputs.config))  # noqa: PTH100  # a link in its place is the pull request's
    root = context.workspace or config.parent.resolve()
    tree = resolve_base(settings.base, root=root, commits=context.commits, workdir=workdir, since=context.since)
    ours: tuple[str, ...] = ()
    if settings.base is None and context.commits is None and settings.endpoint != "local":
        default = default_branch(root, workdir, context.default_branch)
        if default is not None:
            tree, ours = replace(tree, settings=default), (_DEFAULT_BRANCH,)
    compared = tree if isinstance(tree, BaseTree) else None
    base = _said(settings.inputs, config, root, compared, tree)
    target = base if tree.settings is None else _said(settings.inputs, config, root, tree.settings, tree)
    formerly: Mapping[str, str] = {}
    if context.commits is None and ((settings.base is None and not ours) or _silent(target)):
        ours = ()
        found = unbound(settings, based=settings.base is not None)
    else:
        if compared is not None and isinstance(base, TargetBranch):
            formerly = former_names(settings.functions, base.functions, root=root, base=compared.path)
        found = trusted(settings, target, formerly=formerly)
    return Terms(
        settings=found.settings,
        root=root,
        tree=tree,
        base=base,
        notes=(
            *ours,
            *found.notes,
            *(f"`{new}` is `{old}` of the target branch, by its code." for new, old in formerly.items()),
        ),
        refused={} if settings.endpoint == "local" else found.refused,  # which uses no role
        formerly=formerly,
    )


def _silent(target: TargetBranch | Unknown) -> bool:
    return isinstance(target, TargetBranch) and not target.written


def _said(
    inputs: Inputs, config: Path, root: Path, files: BaseTree | None, tree: BaseTree | NoBase
) -> TargetBranch | Unknown:
    """Return what the settings in a base's files say, or why that cannot be known."""
    if files is None:
        return Unknown(tree.reason if isinstance(tree, NoBase) else "")
    folder, name = files.path, config.name
    places = settings_in_base(config, root, folder)
    if len(places) > 1:
        names = ", ".join(str(path.relative_to(folder)) for path in places)
        return Unknown(f"the target branch has more than one {name} that is not here: {names}")
    (place,) = places
    if os.path.lexists(place) and not files.workspace.is_file(place):
        return Unknown(
            f"the target branch's {name} is no file of its own, but a link that leads elsewhere, or a folder"
        )
    try:
        return load_base(place, discover, workspace=files.workspace, inputs=inputs)
    except UsageError as error:
        return Unknown(f"the target branch's own settings have mistakes: {error}".replace(f"{folder}/", ""))
