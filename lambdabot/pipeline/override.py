"""What a label does to a verdict: a person accepts the cost of one head commit, and is named."""

from dataclasses import replace
from datetime import datetime

from lambdabot.model import Comparison, Override, RunResult, Verdict
from lambdabot.pipeline.verdict import overall

AGAIN = "remove it and set it again to accept this commit"


def judged(label: str, *, by: str | None, at: datetime | None, first_seen: str) -> Override:
    """Judge a label that is set: it counts when somebody set it after this head commit was `first_seen` (ISO 8601).

    A label belongs to the pull request, not to a commit: one that was set before says nothing of what was pushed since.
    """
    reason = ""
    seen = _moment(first_seen)
    if by is None or at is None:
        reason = f"GitHub does not say who set it, and when: {AGAIN}"
    elif seen is None:
        reason = f"when this commit was first seen is not known: {AGAIN}"
    elif at <= seen:
        reason = f"it was set before this commit was pushed: {AGAIN}"
    return Override(label=label, by=by, at=None if at is None else at.isoformat(), valid=not reason, reason=reason)


def accept(result: RunResult, override: Override | None) -> RunResult:
    """Return the result with its regressions overridden, where the override is valid; either way it is told."""
    functions = result.functions
    if override is not None and override.valid:
        functions = tuple(
            replace(one, comparison=_accepted(one.comparison, override))
            if one.comparison.verdict is Verdict.REGRESSION
            else one
            for one in functions
        )
    verdict, reason = overall(functions)
    return replace(result, functions=functions, verdict=verdict, verdict_reason=reason, override=override)


def _accepted(comparison: Comparison, override: Override) -> Comparison:
    return replace(comparison, verdict=Verdict.OVERRIDDEN, reason=f"accepted by {override.by}: {comparison.reason}")


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None
