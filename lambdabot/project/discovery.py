"""The functions that a repository's templates declare: found, read, and named so that no two are called the same."""

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from lambdabot.model import Discovery, Place, Undecided
from lambdabot.project import candidates
from lambdabot.project.templates.hints import possible
from lambdabot.workspace import FileRefusedError, Workspace


def discover(root: Path, named: Sequence[str] | None = None, workspace: Workspace | None = None) -> Discovery:
    """Return the functions of the templates below a folder, or of those that are named there.

    Nothing outside of the workspace is read; without one that is the workspace around the folder. A template that
    cannot be read costs no other: it is a problem of the discovery, with its place.
    """
    workspace = workspace or Workspace.around(root)
    root = root.resolve()
    problems: list[Undecided] = []
    if named is None:
        paths = candidates.below(root, workspace, problems)
    else:
        paths = candidates.named(root, named, workspace, problems)
    templates = []
    for path in paths:
        try:
            if possible(path, workspace):
                templates.append(path)
        except FileRefusedError as error:
            if path.exists():  # else a link that leads nowhere, which editors leave behind
                problems.append(Undecided(reason=str(error), place=Place(path=path, line=1)))
    if not templates:
        return Discovery(problems=tuple(problems))
    from lambdabot.project.reading import Reading  # noqa: PLC0415  # the parsers, only where there is a template

    reading = Reading(workspace=workspace, problems=problems)
    with _without_collector():
        for path in templates:
            reading.add(path)
        return reading.discovery(root)


@contextmanager
def _without_collector() -> Iterator[None]:
    """Keep Python's garbage collector out: all that is read stays until the end, and it would look through it again.

    Four times the functions cost it seven times the work.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
