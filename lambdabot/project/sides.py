"""Which function of the target branch stands against each function of the pull request."""

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from lambdabot.model import Code, Function, Layer, Place, Side, Undecided
from lambdabot.project.base import BaseTree
from lambdabot.project.changes import differing


def settings_in_base(config: Path, root: Path, base: Path) -> tuple[Path, ...]:
    """Return where the target branch's own settings are: at the same place in its tree, or where it moved them from.

    A base that is the folder around the settings has them at its top. Where there is more than one place, nobody knows;
    where there is none, the first is where they would be.
    """
    same = base / config.relative_to(root) if config.is_relative_to(root) else base / config.name
    top = base / config.name
    if os.path.lexists(same):
        return (same,)
    if os.path.lexists(top) and not os.path.lexists(root / config.name):
        return (top,)
    moved = [
        path
        for path in sorted(base.rglob(config.name))
        if not os.path.lexists(root / path.relative_to(base)) and ".git" not in path.relative_to(base).parts
    ]
    return tuple(moved) or (same,)


def former_names(heads: Sequence[Function], bases: Sequence[Function], *, root: Path, base: Path) -> dict[str, str]:
    """Return the functions that the target branch has by another name: by their code, where that leaves no doubt."""
    names, its = {one.name for one in heads}, {one.name for one in bases}
    gone = [one for one in bases if one.name not in names]
    alike = {
        new.name: [old.name for old in gone if _same_code(new, old, root=root, base_root=base)]
        for new in heads
        if new.name not in its
    }
    taken = Counter(name for found in alike.values() for name in found)
    return {new: found[0] for new, found in alike.items() if len(found) == 1 and taken[found[0]] == 1}


def _same_code(head: Function, base: Function, *, root: Path, base_root: Path) -> bool:
    """Tell whether the code is at the same place, or went from the one to the other; a copy beside it is another's."""
    if head.code.handler != base.code.handler:
        return False
    if not (isinstance(head.code.source, Path) and isinstance(base.code.source, Path)):
        return head.code.source is not None and head.code.source == base.code.source
    if not (head.code.source.is_relative_to(root) and base.code.source.is_relative_to(base_root)):
        return False
    here, there = head.code.source.relative_to(root), base.code.source.relative_to(base_root)
    moved = not (root / there).exists() and not (base_root / here).exists()
    return here == there or (moved and not differing(head, base))


def base_function(
    head: Function,
    own: Function | None,
    *,
    config: Path,
    root: Path,
    base: BaseTree,
    own_settings: bool = True,
) -> Function | None:
    """Return the base side of a function, or None when the target branch does not have it.

    What the target branch's own settings say (`own`) wins, except for what both sides must share to be comparable: the
    payloads, the role, and what is asked of the measurement. Without `own_settings` (the target branch has no
    lambdabot.yml yet, only templates) both sides have the head's environment variables and its `allow_build`.
    """
    if own is not None:
        # What stands for an ARN is the same for both sides, also where only one names it.
        code = replace(own.code, local_layers={**head.code.local_layers, **own.code.local_layers})
        environment = own.setup.environment
        if not own_settings:
            code, environment = replace(code, allow_build=head.code.allow_build), head.setup.environment
        return replace(
            head,
            side=Side.BASE,
            code=code,
            setup=replace(own.setup, role=head.setup.role, environment=environment),
            origin=replace(own.origin, side_effects_accepted=head.origin.side_effects_accepted),
        )
    if not isinstance(head.code.source, Path) or head.code.selection.texts:
        return None  # an image's URI, or a text of the template's, says nothing of what the target branch runs
    source = _source_in_base(head, head.code.source, config=config, root=root, base=base.path)
    if source is None:
        return None
    requirements = None
    if head.code.requirements is not None:
        moved = source / os.path.relpath(head.code.requirements, head.code.source) if source.is_dir() else None
        requirements = moved if moved is not None and moved.is_file() else None
    code = replace(head.code, workspace=base.workspace, source=source, requirements=requirements)
    return replace(head, side=Side.BASE, code=_with_layers_of(base, code, tops=(root, config.parent)))


def _with_layers_of(base: BaseTree, code: Code, *, tops: Sequence[Path]) -> Code:
    """Return a side's code with the base's contents of its layers; one that the base does not have is missing."""
    moved: dict[Path, Layer] = {}
    missing = list(code.missing_layers)
    for layer in {
        one.source: one for layers in code.layers.values() for one in layers if isinstance(one, Layer)
    }.values():
        places = (base.path / layer.source.relative_to(top) for top in tops if layer.source.is_relative_to(top))
        place = next((one for one in places if one.exists()), None)
        if place is None:
            reason = f"the layer `{layer.name}` is not in the target branch"
            missing.append(Undecided(reason=reason, place=Place(path=layer.source, line=1)))
        else:
            moved[layer.source] = replace(layer, source=place, workspace=base.workspace)
    layers = {
        architecture: tuple(
            moved[one.source] if isinstance(one, Layer) else one
            for one in every
            if not isinstance(one, Layer) or one.source in moved
        )
        for architecture, every in code.layers.items()
    }
    return replace(code, layers=layers, missing_layers=tuple(missing))


def _source_in_base(head: Function, source: Path, *, config: Path, root: Path, base: Path) -> Path | None:
    """Look below the base's top as below the repository's, then as below lambdabot.yml, then take it as the source."""
    for top in (root, config.parent):
        if source.is_relative_to(top) and (moved := base / source.relative_to(top)).exists():
            return moved
    module = (head.code.handler or "").rpartition(".")[0].replace(".", "/")
    itself = module and any((base / name).is_file() for name in (f"{module}.py", f"{module}/__init__.py"))
    return base if itself else None
