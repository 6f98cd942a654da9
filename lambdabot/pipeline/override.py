"""What a label does to a verdict: a person accepts the cost of one head commit, and is named."""

from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING

from lambdabot.model import ACCEPT_LABEL, Override, Verdict
from lambdabot.pipeline.verdict import overall
from lambdabot.report.document import amended
from lambdabot.report.schema import FunctionSection, Report

if TYPE_CHECKING:
    from lambdabot.github.label import LabelSet

AGAIN = "remove it and set it again to accept this commit"


def judged(found: "LabelSet", *, pushed: datetime | None) -> Override:
    """Judge the label that is set: it counts when a person who may write set it after this head commit was `pushed`.

    A label belongs to the pull request, not to a commit: one that was set before says nothing of what was pushed since.
    """
    reason = ""
    if found.by is None or found.at is None:
        reason = f"GitHub does not say who set it, and when: {AGAIN}"
    elif not found.person:
        reason = "no person set it"
    elif not found.may_write:
        reason = "whoever set it may not write to this repository"
    elif pushed is None:
        reason = f"GitHub does not say when this commit became the pull request's head: {AGAIN}"
    elif found.at <= pushed:
        reason = f"it was set before this commit was pushed: {AGAIN}"
    elif found.shown is not None and found.at <= found.shown:
        reason = f"it was set before the pull request was reopened, or set against another branch: {AGAIN}"
    at = None if found.at is None else found.at.isoformat()
    return Override(label=ACCEPT_LABEL, by=found.by, at=at, valid=not reason, reason=reason)


def accept(report: Report, override: Override) -> Report:
    """Return the report with its regressions overridden, where the override is valid; either way it is told."""
    functions = [
        _accepted(one, override) if override.valid and one.comparison.verdict is Verdict.REGRESSION else one
        for one in report.functions
    ]
    verdict, reason = overall(functions)
    return amended(report, functions=functions, verdict=verdict, verdict_reason=reason, override=asdict(override))


def _accepted(function: FunctionSection, override: Override) -> FunctionSection:
    reason = f"accepted by {override.by}: {function.comparison.reason}"
    return amended(function, comparison=amended(function.comparison, verdict=Verdict.OVERRIDDEN, reason=reason))
