"""What the comment shows, made from the report alone, so that a second stage renders the same text.

Figures are ready to be written (Markup); every other text is raw and is escaped where the template writes it out.
Parts of the report stand here as plain data: a template of the team's own may call any method that it can name, and
those of a pydantic model read files.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import Markup

from lambdabot.model import ACCEPT_LABEL, Verdict
from lambdabot.report import numbers
from lambdabot.report.function_view import FunctionView, Part, function_view
from lambdabot.report.headline import Group, groups

if TYPE_CHECKING:  # the process of a team's own template needs no pydantic
    from lambdabot.report.schema import FunctionSection, OverrideSection, Report

FEW = 5
"""Up to this many functions are listed one by one, whatever became of them."""

BUSY = 0.1
"""The share of their time that calls must have waited for a reader to be told that the machine was busy."""

VERDICTS = tuple(Verdict)
"""From worst to best."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """The whole comment."""

    verdict: str
    verdict_reason: str
    local: bool  # an estimate, whatever an unverified report says of its endpoint
    waited: Markup | None  # the most of their time that calls waited for other work, where that is worth a word
    endpoint: str
    unverified: bool  # the pull request's own workflow made the report
    interrupted: bool
    failed: bool  # the run could not measure, whatever its verdict
    left_behind: tuple[str, ...]
    left_behind_reason: str
    override: Part | None
    accept: str | None  # the label that accepts what the gate refuses now
    error: str  # why nothing could be measured of any function
    functions: tuple[FunctionView, ...]  # the most urgent first
    dearer: tuple[FunctionView, ...]
    undecided: tuple[FunctionView, ...]
    cheaper: tuple[FunctionView, ...]
    uncompared: tuple[FunctionView, ...]
    refused: tuple[FunctionView, ...]  # of those, what the endpoint refused
    empty: tuple[FunctionView, ...]  # invoked with `{}`, for want of any event
    groups: Mapping[str, Group]  # failed, dearer, undecided, cheaper, uncompared, new, removed, unchanged
    per_month: bool  # the overview's dollars are those of a month; else of a million invocations
    bases: str  # what the functions are compared with
    pressing: int  # how many of the functions are not collapsed
    saving_monthly: Markup | None  # the sum over all functions with known traffic
    spend: Markup
    seconds: Markup
    invocations: Markup
    created_copies: int
    removed_copies: int
    region: str
    prices_published: str
    prices_source: str
    seed: int
    head_sha: str | None
    base_sha: str | None
    version: str
    run_url: Markup | None
    notes: tuple[str, ...]


def view(report: "Report") -> View:
    """Return the view of a report."""
    functions = tuple(function_view(one) for one in sorted(report.functions, key=_urgency))
    saved = sum(map(_saving, report.functions))
    waited = max((one.waited_share for one in report.functions), default=0.0)
    spend, prices = report.spend, report.prices
    return View(
        verdict=report.verdict,
        verdict_reason=report.verdict_reason,
        local=report.endpoint == "local" or report.unverified,
        waited=numbers.percent(100 * waited) if waited >= BUSY else None,
        endpoint=report.endpoint,
        unverified=report.unverified,
        interrupted=report.interrupted,
        failed=report.could_not_measure
        and report.verdict is not Verdict.REGRESSION
        and (report.verdict is Verdict.NOT_MEASURED or any(one.gate.refused for one in functions)),
        left_behind=tuple(report.left_behind),
        left_behind_reason=_apart(report.left_behind_reason, report.verdict_reason),
        override=_override(report.override) if report.override else None,
        accept=ACCEPT_LABEL if _may_be_accepted(report) else None,
        error=errors.pop() if len(errors := {one.error for one in functions}) == 1 else "",
        functions=functions,
        dearer=_with_verdict(functions, "regression", "overridden"),
        undecided=_with_verdict(functions, "inconclusive"),
        cheaper=_with_verdict(functions, "improvement"),
        uncompared=_with_verdict(functions, "not measured"),
        refused=tuple(one for one in functions if one.gate.refused),
        empty=tuple(one for one in functions if one.empty),
        groups=groups(functions),
        per_month=all(one.monthly_invocations for one in report.functions if one.measurements),
        bases=bases.pop() if len(bases := {one.gate.base_is for one in functions}) == 1 else "before",
        pressing=len(functions)
        if len(functions) <= FEW
        else len(_with_verdict(functions, "regression", "inconclusive")),
        saving_monthly=numbers.whole_usd(saved) if saved > 0 else None,
        spend=numbers.usd(spend.usd),
        seconds=numbers.duration(spend.seconds),
        invocations=numbers.count(spend.invocations),
        created_copies=spend.deployments_created,
        removed_copies=spend.deployments_removed,
        region=prices.region,
        prices_published=prices.published,
        prices_source=prices.source,
        seed=report.seed,
        head_sha=report.head_sha,
        base_sha=report.base_sha,
        version=report.lambdabot_version,
        run_url=Markup(report.run_url) if report.run_url else None,  # noqa: S704  # the schema lets no Markdown in
        notes=tuple(report.notes),
    )


def _apart(reason: str, told: str) -> str:
    """Return a reason without the advice below it, where that is told already."""
    first, _, advice = reason.partition("\n")
    return first if advice in told else reason


def _override(one: "OverrideSection") -> Part:
    return {**one.model_dump(mode="json"), "at": one.at and numbers.moment(one.at)}


def _may_be_accepted(report: "Report") -> bool:
    """Tell whether the label would help; once it is set, what it is worth is told instead."""
    return report.verdict is Verdict.REGRESSION and bool(report.pull_request) and report.override is None


def _urgency(one: "FunctionSection") -> tuple[int, float, float]:
    """Return what sorts the functions: the worst verdict first, then the largest change, then the largest saving."""
    ratio = one.comparison.cost_ratio
    change = abs(ratio.value - 1) if ratio else 0.0
    return VERDICTS.index(one.comparison.verdict), -change, -_saving(one)


def _saving(one: "FunctionSection") -> float:
    """Return the dollars a month that a recommended change saves; 0 when there is none, or no traffic to count with."""
    recommendation = one.recommendation
    if recommendation is None or recommendation.configuration == one.current.configuration:
        return 0.0
    return max(0.0, recommendation.saving_monthly_usd or 0.0)


def _with_verdict(functions: Sequence[FunctionView], *verdicts: str) -> tuple[FunctionView, ...]:
    return tuple(one for one in functions if one.gate.verdict in verdicts)
