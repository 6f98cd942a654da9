"""A run's decisions, taken again from report.json and samples.jsonl alone."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

from lambdabot.errors import Mistake, UsageError
from lambdabot.measurement.conclusion import conclude
from lambdabot.measurement.decision import next_step
from lambdabot.measurement.plan import Plan
from lambdabot.measurement.record import read
from lambdabot.model import Invocation, Stop, Verdict
from lambdabot.report.document import DECISIONS, amended, decided
from lambdabot.report.schema import ComparisonSection, FunctionSection, RecommendationSection, Report

_CHOICE = ("memory_mb", "architecture", "strategy", "ties", "estimated")
"""What a recommendation decides, apart from how it is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """One function's decisions taken again: in how many rounds, and which of them came out otherwise."""

    name: str
    rounds: int
    differences: tuple[str, ...]


def replay(report: Report, samples: Mapping[str, Sequence[Invocation]]) -> Iterator[Replayed]:
    """Yield every function of a report. Raises UsageError for what is no plan."""
    for function in report.functions:
        name = function.name
        if not function.plan:
            reason = "report.json does not hold its plan: an earlier version wrote it"
            yield Replayed(name=name, rounds=0, differences=(reason,))
            continue
        try:
            plan = read(function.plan)
        except (ValueError, KeyError, TypeError) as error:
            raise UsageError([Mistake(message=f"`{name}`: its plan cannot be read: {error}")]) from error
        yield _replayed(function, plan, samples.get(name, ()))


def _replayed(function: FunctionSection, plan: Plan, seen: Sequence[Invocation]) -> Replayed:
    differences = []
    before: list[Invocation] = []
    rounds = [list(calls) for _, calls in groupby(seen, attrgetter("round"))]
    for number, calls in enumerate(rounds, start=1):
        if _asked(plan, before) != _made(calls):
            differences.append(f"round {number}: other invocations would be asked for")
        before += calls
    step = next_step(plan, before)
    stop_reason = step.reason if isinstance(step, Stop) else ""
    if function.stop_reason and stop_reason != function.stop_reason:
        differences.append(f"stopped: {stop_reason or 'not yet'}, then {function.stop_reason}")
    conclusion = conclude(plan, before)
    again = decided(
        function,
        measurements=conclusion.measurements,
        recommendation=conclusion.recommendation,
        recommendation_reason=conclusion.recommendation_reason,
        comparison=conclusion.comparison,
    )
    told = amended(function, comparison=_before_acceptance(function.comparison, again.comparison))
    differences += [
        f"{name} is another" for name in DECISIONS if _known(getattr(again, name), told, name) != getattr(told, name)
    ]
    return Replayed(name=function.name, rounds=len(rounds), differences=tuple(differences))


def _known(again: object, told: FunctionSection, name: str) -> object:
    """Return a decision taken again, without the figures that the version which wrote the report did not give.

    Before a saving with cold starts was a figure of its own, the saving was another figure, in other words.
    """
    old = told.recommendation
    if name == "recommendation" and isinstance(again, RecommendationSection) and old is not None:
        if "saving_with_cold_starts_percent" in old.model_fields_set:
            return again
        return old.model_copy(update={field: getattr(again, field) for field in _CHOICE})
    if name != "measurements" or not isinstance(again, list) or len(again) != len(told.measurements):
        return again
    return [
        one.model_copy(
            update={field: getattr(old, field) for field in type(old).model_fields.keys() - old.model_fields_set}
        )
        for one, old in zip(again, told.measurements, strict=True)
    ]


def _before_acceptance(told: ComparisonSection, again: ComparisonSection) -> ComparisonSection:
    """Return a comparison as it was before a person accepted its cost, which is no decision of the measurement.

    Nor is the advice below the reason of one that was refused.
    """
    if told.refused and again.refused and told.reason.startswith(f"{again.reason}\n"):
        return amended(told, reason=again.reason)
    accepted = told.verdict is Verdict.OVERRIDDEN and again.verdict is Verdict.REGRESSION
    if not accepted or not told.reason.endswith(again.reason):
        return told
    return amended(told, verdict=again.verdict, reason=again.reason)


def _asked(plan: Plan, seen: Sequence[Invocation]) -> list[tuple[object, ...]] | None:
    """Return the calls of the next round, wave by wave."""
    step = next_step(plan, seen)
    if isinstance(step, Stop):
        return None
    return [(wave.variant, wave.payload) for wave in step.waves]


def _made(calls: Sequence[Invocation]) -> list[tuple[object, ...]]:
    """Return the waves of a round in their order; a wave that was not run left one line that says so."""
    waves = {one.wave: (one.variant, one.payload) for one in calls}
    return [waves[number] for number in sorted(waves)]
