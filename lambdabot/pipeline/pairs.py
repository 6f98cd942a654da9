"""Every function's two sides, found in the two trees."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lambdabot.errors import UsageError
from lambdabot.model import Function
from lambdabot.project.base import BaseTree, NoBase
from lambdabot.project.discovery import discover
from lambdabot.project.sides import base_function, settings_in_base
from lambdabot.settings.load import Settings, load_base


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A function of the head and its base side; `no_base` says why there is none."""

    head: Function
    base: Function | None
    no_base: str


def pairs(settings: Settings, tree: BaseTree | NoBase, root: Path) -> list[Pair]:
    """Pair every function with what the target branch's own settings and templates say of it."""
    if isinstance(tree, NoBase):
        return [Pair(head=head, base=None, no_base=tree.reason) for head in settings.functions]
    config = settings_in_base(settings.path, root, tree.path)
    try:
        described, left_out = load_base(config, discover)
    except UsageError as error:
        reason = f"the target branch's own settings have mistakes: {error}"
        return [Pair(head=head, base=None, no_base=reason) for head in settings.functions]
    known = {function.name: function for function in described}
    return [_pair(head, known, left_out, settings, tree, root, config.is_file()) for head in settings.functions]


def _pair(  # noqa: PLR0917  # all of them are the trees'
    head: Function,
    known: Mapping[str, Function],
    left_out: Mapping[str, str],
    settings: Settings,
    tree: BaseTree,
    root: Path,
    own_settings: bool,
) -> Pair:
    base = base_function(head, known, config=settings.path, root=root, base=tree.path, own_settings=own_settings)
    if base is not None:
        return Pair(head=head, base=base, no_base="")
    reason = f"the target branch ({tree.description}) does not have this function"
    lacks = left_out.get(head.name)
    return Pair(head=head, base=None, no_base=f"{reason} as it is declared there: {lacks}" if lacks else reason)
