"""Which function of the target branch stands against each function of the pull request."""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from lambdabot.model import Function, Side
from lambdabot.workspace import Workspace


def settings_in_base(config: Path, root: Path, base: Path) -> Path:
    """Return where the target branch's own settings are, or would be: at the same place in its tree, or at its top."""
    candidates = [base / config.relative_to(root)] if config.is_relative_to(root) else []
    candidates.append(base / config.name)
    return next((path for path in candidates if path.is_file()), candidates[0])


def base_function(
    head: Function,
    described: Mapping[str, Function],
    *,
    config: Path,
    root: Path,
    base: Path,
    own_settings: bool = True,
) -> Function | None:
    """Return the base side of a function, or None when the target branch does not have it.

    What the target branch's own settings say wins, except for what both sides must share to be comparable: the
    payloads, the role, and what is asked of the measurement. Without `own_settings` (the target branch has no
    lambdabot.yml yet, only templates) the head's variables and requirements hold for both.
    """
    own = described.get(head.name)
    if own is not None:
        return replace(
            head,
            side=Side.BASE,
            source=own.source,
            workspace=Workspace(base),
            handler=own.handler,
            runtime=own.runtime,
            requirements=own.requirements,
            timeout_seconds=own.timeout_seconds,
            environment=own.environment if own_settings else head.environment,
            current=own.current,
            current_assumed=own.current_assumed,
            allow_build=own.allow_build if own_settings else head.allow_build,
            declaration=own.declaration,
            layers=own.layers,
            ephemeral_storage_mb=own.ephemeral_storage_mb,
            provisioned_concurrency=own.provisioned_concurrency,
            snap_start=own.snap_start,
            tracing=own.tracing,
            image_config=own.image_config,
            like=own.like,
            given=own.given,
        )
    if not isinstance(head.source, Path):
        return None  # an image's URI says nothing of what the target branch runs
    source = _source_in_base(head, head.source, config=config, root=root, base=base)
    if source is None:
        return None
    requirements = None
    if head.requirements is not None:
        moved = source / os.path.relpath(head.requirements, head.source) if source.is_dir() else None
        requirements = moved if moved is not None and moved.is_file() else None
    return replace(head, side=Side.BASE, source=source, requirements=requirements, workspace=Workspace(base))


def _source_in_base(head: Function, source: Path, *, config: Path, root: Path, base: Path) -> Path | None:
    """Look below the base's top as below the repository's, then as below lambdabot.yml, then take it as the source."""
    for top in (root, config.parent):
        if source.is_relative_to(top) and (moved := base / source.relative_to(top)).exists():
            return moved
    module = (head.handler or "").rpartition(".")[0].replace(".", "/")
    itself = module and any((base / name).is_file() for name in (f"{module}.py", f"{module}/__init__.py"))
    return base if itself else None
