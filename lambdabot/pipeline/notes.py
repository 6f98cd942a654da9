"""What a reader should know of a function beside its figures: what is billed besides, assumed, or missing."""

from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from lambdabot.errors import PackagingError
from lambdabot.model import Function, Invocation
from lambdabot.model.selection import SECRETS
from lambdabot.packaging.build import uninstalled

if TYPE_CHECKING:  # numpy comes with it, and a dry run has notes too
    from lambdabot.pipeline.lineup import Lineup

ASSUMED = ("memory_mb", "architecture", "timeout_seconds")
"""What has a default in the settings when the template does not decide it."""


def extras_notes(function: Function) -> Iterator[str]:
    """Say what is paid for by the month, and whether the cost per invocation has its share of it."""
    extras, known = function.extras, bool(function.question.monthly_invocations)
    share = "in" if known else "not in, because the traffic is not known (`monthly_invocations`)"
    if extras.provisioned_concurrency:
        yield (
            f"{extras.provisioned_concurrency} environments are kept ready (provisioned concurrency): every invocation "
            f"is priced as one of theirs. Their own cost is {share}."
        )
    if extras.snap_start:
        yield f"The cost has SnapStart's restores in it. Its cache is {share}."


def selection_notes(function: Function) -> Iterator[str]:
    """Say in what the package may differ from the one that is deployed."""
    source, selection = function.code.source, function.code.selection
    for note in selection.notes:
        yield f"The package may differ from the deployed one: {note}."
    private = isinstance(source, Path) and function.code.workspace.is_file(source / SECRETS)
    if private and selection.fits(PurePosixPath(SECRETS)):
        yield f"`{SECRETS}` is left out of the package, as it may hold secrets: give what it sets as `environment`."


def declared_notes(function: Function) -> Iterator[str]:
    """Say what of the template is not in force in the measurement."""
    declaration = function.origin.declaration
    if declaration is None:
        return
    if declaration.stale:
        yield declaration.stale
    for name, one in declaration.undecided.items():
        if name in ASSUMED:
            yield f"{one}, so it is assumed"
    unset = [name for name in declaration.environment if name not in function.setup.environment]
    if unset:
        yield f"The template sets {', '.join(unset)}, which lambdabot.yml does not: the copies run without."


def packaging_notes(lineup: "Lineup", seen: Iterable[Invocation]) -> tuple[str, ...]:
    """Say what to do about a package that could not be made, and about one that lacks a module."""
    notes = [one.advice for one in lineup.builds.values() if isinstance(one, PackagingError)]
    if any("Runtime.ImportModuleError" in one.reason for one in seen):
        notes.append(uninstalled(lineup.pair.head))
    return tuple(dict.fromkeys(filter(None, notes)))
