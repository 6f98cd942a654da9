"""Every function's two sides, found in the two trees, and those that the pull request takes out of sight."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from lambdabot.model import BaseKind, DeclaredLayer, Function, Layer, Side, Stated
from lambdabot.pipeline.preparers import Preparer
from lambdabot.pipeline.terms import Terms
from lambdabot.project.base import BaseTree
from lambdabot.project.build_inputs import Files, changed_input
from lambdabot.project.changes import missing
from lambdabot.project.sides import base_function
from lambdabot.project.templates.hints import GENERATED
from lambdabot.settings.target_branch import TargetBranch, Unknown
from lambdabot.unbuilt.build_step import build_step

BASE_FOLDER = ".lambdabot-base"
"""Where the target branch is built in a workflow: discovery enters no folder of such a name."""

_BUILT = ("workspace", "source", "requirements")
"""What of a function's code a build makes, beside its layers."""

_SAME_BUILD = (
    "The target branch is not built here. No file that a build takes differs, so this side's build stands for both."
)


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
    new: bool = False  # the base does not have it, under any name
    notes: tuple[str, ...] = ()
    preparers: tuple[Preparer, ...] = ()  # that run before and after its calls


def pair_all(terms: Terms) -> tuple[Pair, ...]:
    """Pair every function with what the base's own settings and templates say of it; then those that only it has."""
    settings, tree, base = terms.settings, terms.tree, terms.base
    if not isinstance(tree, BaseTree) or isinstance(base, Unknown):
        reason = base.reason if isinstance(base, Unknown) else ""
        return tuple(
            Pair(head=head, base=None, no_base=reason, refused=_refused(terms, head)) for head in settings.functions
        )
    known = {function.name: function for function in base.functions}
    base_is = tree.kind if settings.base is None else BaseKind.NAMED

    def pair(head: Function) -> Pair:
        name = terms.formerly.get(head.name, head.name)
        found = base_function(
            head, known.get(name), config=settings.path, root=terms.root, base=tree, own_settings=base.written
        )
        reason = "" if found else f"the {tree.kind} ({tree.description}) does not have this function"
        if found is None and name in base.left_out:
            reason += f" as it is declared there: {base.left_out[name]}"
        new = found is None and name not in base.left_out
        own = known.get(name)
        notes: tuple[str, ...] = ()
        unlike = missing(head) ^ missing(found) if found else frozenset()
        lacks = base.absent.get(name, "") or "; ".join(sorted(unlike - missing(head)))
        if lacks or unbuilt.stands_for(head, own):
            found, reason, notes = unbuilt.base_of(head, own or head, lacks)
            new = False  # it is declared there, and its code is not built here
        elif unlike:
            found, reason = None, f"this side lacks layers that the target branch has: {'; '.join(sorted(unlike))}"
        refused = _refused(terms, head)
        return Pair(head=head, base=found, no_base=reason, base_is=base_is, refused=refused, new=new, notes=notes)

    unbuilt = _Unbuilt(terms, tree, base)
    return (*map(pair, settings.functions), *_removed(terms, tree, base, base_is))


def _refused(terms: Terms, head: Function) -> str:
    """Return why a function is not measured; empty where it is."""
    return terms.refused.get(head.name, "") or head.question.no_event


class _Unbuilt:
    """What stands for the code of a target branch that nobody built."""

    def __init__(self, terms: Terms, tree: BaseTree, base: TargetBranch) -> None:
        self._terms = terms
        self._tree = tree
        self._base = base

    def stands_for(self, head: Function, base: Function | None) -> bool:
        """Tell whether a build's output stands against sources: they are no two sides of one package.

        So it is of a function whose template itself a build makes, as `cdk synth` does, where the base has none.
        """
        declared = head.origin.declaration
        if declared is None:
            return False
        if base is None:
            return declared.family == "cdk" and not self._is_synthesized
        sources = base.origin.declaration
        return declared.built_from is not None and (sources is None or sources.built_from is None)

    @cached_property
    def _is_synthesized(self) -> bool:
        folders = self._tree.workspace.walk(self._tree.path, enters=lambda _: True)
        return any(folder.name == GENERATED for folder, _ in folders)

    def base_of(self, head: Function, own: Function, lacks: str) -> tuple[Function | None, str, tuple[str, ...]]:
        """Return the base side with the head's build, where both are built from the same; else None, and what to do."""
        if not self._changed and (layers := _built_layers(head, own)) is not None:
            code = replace(own.code, **layers, **{name: getattr(head.code, name) for name in _BUILT})
            base = base_function(
                head,
                replace(own, code=code),
                config=self._terms.settings.path,
                root=self._terms.root,
                base=self._tree,
                own_settings=self._base.written,
            )
            return base, "", (_SAME_BUILD,)
        why = f": {lacks.replace(f'{self._tree.path}/', '')}" if lacks else ", where this side is"
        return None, f"the {self._tree.kind} ({self._tree.description}) is not built here{why}\n{self._steps(head)}", ()

    @cached_property
    def _changed(self) -> str:
        settings, tree = self._terms.settings, self._tree
        return changed_input(
            Files(self._terms.root, settings.workspace, settings.functions),
            Files(tree.path, tree.workspace, self._base.functions),
            commit=tree.sha,
            config=settings.path,
        )

    def _steps(self, head: Function) -> str:
        """Return the steps that build the target branch, to be pasted into the workflow."""
        declaration, code, root = head.origin.declaration, head.code, self._terms.root
        by_framework = declaration is not None and (declaration.built_from is not None or declaration.family == "cdk")
        step = None
        if isinstance(code.source, Path):
            step = build_step(code.source, code.workspace, declaration if by_framework else None)
        folder = os.path.relpath(step.folder, root) if step else "."
        differs = "Which files differ is not known" if self._changed == "." else f"`{self._changed}` differs"
        named = self._terms.settings.base
        is_folder = named is not None and ((root / named).is_dir() or Path(named).is_dir())
        where = named if is_folder else BASE_FOLDER
        is_parent = named is None and self._tree.description.startswith("HEAD^1")
        commit = "HEAD^1" if is_parent else (self._tree.sha or "")[:12]
        checkout = (
            ""
            if is_folder
            else f"""
      - run: git worktree add --detach {where} {commit}"""
        )
        return f"""{differs}, so it needs a build of its own.
Let the workflow make it before credentials are there:
{checkout}
      - run: {step.command if step else "… # what builds this side"}
        working-directory: {where}{"" if folder == "." else f"/{folder}"}

and name its folder: `base: {where}`."""


def _built_layers(head: Function, base: Function) -> dict[str, Any] | None:
    """Return the head's layers for a base that has not all of its own; None where those may be other ones.

    They are the same where the template names them, which did not change, or lambdabot.yml by the same path.
    """
    there = [one for layers in base.code.layers.values() for one in layers if isinstance(one, Layer)]
    if not missing(base) - missing(head) and all(one.source.exists() for one in there):
        return {}
    declared = head.origin.declaration.layers if head.origin.declaration else ()
    sources = {one.value.source for one in declared if isinstance(one, Stated) and isinstance(one.value, DeclaredLayer)}
    names = {one.name for one in there}
    for architecture in {*head.code.layers, *base.code.layers}:
        here, own = head.code.layers_for(architecture), base.code.layers_for(architecture)
        if [one for one in here if isinstance(one, str)] != [one for one in own if isinstance(one, str)]:
            return None
        if not all(isinstance(one, str) or one.source in sources or one.name in names for one in here):
            return None
    return {"layers": head.code.layers, "missing_layers": head.code.missing_layers}


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
        this = "pull request" if tree.kind is BaseKind.TARGET_BRANCH else "commit"
        reason = f"removed: the {tree.kind} measures it, and this {this} does not{left}"
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
