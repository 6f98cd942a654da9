"""Every function's two sides, found in the two trees, and those that the pull request takes out of sight."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from lambdabot.model import BaseKind, Function, Side
from lambdabot.pipeline.terms import Terms
from lambdabot.project.base import BaseTree
from lambdabot.project.sides import base_function
from lambdabot.settings.load import TargetBranch, Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A function of the pull request and what it is compared with.

    One that is `removed` is the target branch's alone: it has a row, and nothing of it is measured.
    """

    head: Function
    base: Function | None
    no_base: str  # why there is none
    base_is: BaseKind = BaseKind.TARGET_BRANCH
    refused: str = ""  # why neither can be measured
    removed: bool = False
    notes: tuple[str, ...] = ()


def pair_all(terms: Terms) -> tuple[Pair, ...]:
    """Pair every function with what the base's own settings and templates say of it; then those that only it has."""
    settings, tree, base = terms.settings, terms.tree, terms.base
    if not isinstance(tree, BaseTree) or isinstance(base, Unknown):
        reason = base.reason if isinstance(base, Unknown) else ""
        return tuple(
            Pair(head=head, base=None, no_base=reason, refused=terms.refused.get(head.name, ""))
            for head in settings.functions
        )
    known = {function.name: function for function in base.functions}
    base_is = BaseKind.TARGET_BRANCH if settings.base is None else BaseKind.NAMED

    def pair(head: Function) -> Pair:
        name = terms.formerly.get(head.name, head.name)
        found = base_function(
            head, known.get(name), config=settings.path, root=terms.root, base=tree, own_settings=base.written
        )
        reason = "" if found else f"the target branch ({tree.description}) does not have this function"
        if found is None and (lacks := base.left_out.get(name)):
            reason += f" as it is declared there: {lacks}"
        if name in base.absent:
            found, reason = None, _absent(tree, base.absent[name])
        return Pair(head=head, base=found, no_base=reason, base_is=base_is, refused=terms.refused.get(head.name, ""))

    return (*map(pair, settings.functions), *_removed(terms, tree, base, base_is))


def _absent(tree: BaseTree, what: str) -> str:
    return (
        f"the target branch ({tree.description}) cannot be measured as it is, {what}\n"
        "Where a step builds it, let one build the target branch too, and name that folder as `base`."
    )


def _removed(terms: Terms, tree: BaseTree, base: TargetBranch, base_is: BaseKind) -> Iterator[Pair]:
    """Yield the functions that the base measures and the head does not, unless the workflow chose which to measure."""
    settings = terms.settings
    if not base.written or settings.inputs.functions:
        return
    here = {*(one.name for one in settings.functions), *terms.formerly.values()}
    for function in base.functions:
        lacks = settings.left_out.get(function.name, "")
        if function.name in here or (lacks and function.name in base.absent):
            continue
        source = function.code.source
        if isinstance(source, Path) and source.is_relative_to(tree.path):
            source = terms.root / source.relative_to(tree.path)
        left = ", while its code is still here" if isinstance(source, Path) and source.exists() else ""
        reason = f"removed: the target branch measures it, and this pull request does not{left}"
        yield Pair(
            head=replace(
                function,
                side=Side.HEAD,
                code=replace(function.code, source=source),
                origin=replace(function.origin, declaration=None),
            ),
            base=None,
            no_base=f"not measured here any more: {lacks}" if lacks else reason,
            base_is=base_is,
            removed=True,
        )
