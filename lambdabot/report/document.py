"""report.json: the run as data that scripts, workflows and a second stage rely on."""

import json
import re
from collections.abc import Sequence
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Any

from lambdabot import __version__
from lambdabot.confidential import withheld_in
from lambdabot.model import (
    Arm64Check,
    Comparison,
    Configuration,
    Estimate,
    Finding,
    Function,
    FunctionResult,
    Interval,
    Measurement,
    Place,
    Recommendation,
    RunResult,
    Status,
)
from lambdabot.redaction import redact
from lambdabot.report.bounds import LARGEST, fitted
from lambdabot.report.curve import curve_url
from lambdabot.report.reading import AnySection, validated
from lambdabot.report.schema import RUN_URL, FunctionSection, Report, Section

DECISIONS = ("measurements", "recommendation", "recommendation_reason", "comparison")
"""The fields of a function that a run decides, and that a replay decides again."""

_FIGURES = {
    "mean_duration_ms": "mean",
    "p50_duration_ms": "p50",
    "p95_duration_ms": "p95",
    "p99_duration_ms": "p99",
    "cv": "coefficient of variation",
    "mean_init_ms": "init",
    "max_memory_used_mb": "memory used",
    "cost_per_million": "cost",
}

_INTERVALS = {
    "mean_duration_interval_ms": "mean_duration_ms",
    "p95_interval_ms": "p95_duration_ms",
    "p99_interval_ms": "p99_duration_ms",
    "mean_init_interval_ms": "mean_init_ms",
}


def document(result: RunResult, *, root: Path | None = None) -> Report:
    """Return the report of a run; paths below `root` are given relative to it, account ids in ARNs are redacted."""
    data = {
        "schema_version": 1,
        "lambdabot_version": __version__,
        "created": result.created,
        "repository": result.repository,
        "pull_request": result.pull_request,
        "head_sha": result.head_sha,
        "base_sha": result.base_sha,
        "endpoint": result.endpoint,
        "seed": result.seed,
        "settings": result.settings,
        "prices": {
            "region": result.prices.region,
            "published": result.prices.published,
            "source": result.prices.source,
            "currency": result.prices.currency,
        },
        "spend": asdict(result.spend),
        "verdict": result.verdict,
        "verdict_reason": result.verdict_reason,
        "comment_key": result.comment_key,
        "interrupted": result.interrupted,
        "run_url": known_run(result.run_url),
        "left_behind": result.left_behind,
        "left_behind_reason": result.left_behind_reason,
        "notes": result.notes,
        "functions": [_function(one, root) for one in result.functions],
    }
    folder = f"{root}/" if root else ""
    return Report.model_validate(publishable(data, folder))


def amended(part: AnySection, **fields: object) -> AnySection:
    """Return a part of a report with some of its fields replaced; the new values are validated as the first ones were.

    Raises UsageError that names the field.
    """
    return validated(type(part), {**dict(part), **publishable(fields)})


def known_run(url: str | None) -> str | None:
    """Return the address of a workflow's run; None for anything that does not have the form that the schema allows."""
    return url if re.fullmatch(RUN_URL, url or "") else None


def decided(
    function: FunctionSection,
    *,
    measurements: Sequence[Measurement],
    recommendation: Recommendation | None,
    recommendation_reason: str,
    comparison: Comparison,
) -> FunctionSection:
    """Return a function's part of the report with the fields of `DECISIONS` replaced."""
    traffic = function.monthly_invocations.value if function.monthly_invocations else None
    return amended(function, **_decided(measurements, recommendation, recommendation_reason, comparison, traffic))


def without_secrets(value: Any) -> Any:  # noqa: ANN401  # a report and all that it holds
    """Return a report, or a part of it, without the job's secrets; a text that must have a certain form may lose it."""
    match value:
        case Section():
            return value.model_copy(update={name: without_secrets(part) for name, part in value})
        case StrEnum():
            return value
        case list():
            return [without_secrets(one) for one in value]
        case _:
            return withheld_in(value)


def schema() -> dict[str, Any]:
    """Return the JSON schema of report.json."""
    return Report.model_json_schema(mode="serialization")


def dumps(report: Report) -> str:
    """Return report.json's text: indented, for people who open it."""
    return json.dumps(report.model_dump(mode="json"), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _function(result: FunctionResult, root: Path | None) -> dict[str, Any]:
    function = result.function
    traffic, curve = function.question.monthly_invocations, curve_url(result.measurements)
    return {
        "name": function.name,
        "runtime": function.code.runtime,
        "source_path": _source(function, root),
        "target": result.target,
        "error": result.error,
        "removed": result.removed,
        "new": result.new,
        "unchanged": result.unchanged,
        "monthly_invocations": None
        if traffic is None
        else {"value": traffic, "source": function.question.traffic_source},
        "monthly_invocations_reason": "" if traffic is not None else "lambdabot.yml has no `monthly_invocations`",
        "current": {**_configuration(function.setup.current), "assumed": function.setup.current_assumed},
        "base_is": result.base_is,
        "events": [
            {"name": one.name, "origin": one.origin, "description": one.described}
            for one in (() if function.question.no_event else function.question.payloads)
        ],
        **_decided(
            result.measurements, result.recommendation, result.recommendation_reason, result.comparison, traffic
        ),
        "arm64": _arm64(result.arm64, result, root),
        "location": _location(result.location, root),
        "findings": [_finding(one) for one in result.findings],
        "edits": [{**asdict(one), "path": _relative(str(one.path), root)} for one in result.edits],
        "edits_reason": result.edits_reason,
        "curve_url": curve,
        "curve_reason": "" if curve else "fewer than two memory sizes of an architecture were measured",
        "diagnosis": result.diagnosis,
        "stop_reason": result.stop_reason,
        "plan": result.plan,
        "waited_share": result.waited_share,
        "notes": result.notes,
    }


def _decided(
    measurements: Sequence[Measurement],
    recommendation: Recommendation | None,
    recommendation_reason: str,
    comparison: Comparison,
    traffic: int | None,
) -> dict[str, Any]:
    return {
        "measurements": [_measurement(one) for one in measurements],
        "recommendation": None if recommendation is None else _recommendation(recommendation, traffic),
        "recommendation_reason": recommendation_reason,
        "comparison": _comparison(comparison),
    }


def _configuration(one: Configuration) -> dict[str, Any]:
    return {"memory_mb": one.memory_mb, "architecture": one.architecture.value}


def _measurement(one: Measurement) -> dict[str, Any]:
    cost = one.cost_per_million
    intervals = {field: getattr(one, field) for field in _INTERVALS}
    missing = [name for field, name in _FIGURES.items() if getattr(one, field) is None]
    for field, figure in _INTERVALS.items():
        if intervals[field] is None and getattr(one, figure) is not None:
            missing.append(f"the interval of {_FIGURES[figure]}")
        elif intervals[field] is not None and intervals[field].high > LARGEST:
            missing.append(f"the upper bound of {_FIGURES[figure]}")
    reason = one.reason
    if one.status is Status.MEASURED and missing:
        reason = "; ".join(filter(None, [reason, f"too few samples for {', '.join(missing)}"]))
    return {
        "side": one.variant.side,
        **_configuration(one.variant.configuration),
        "status": one.status,
        "reason": reason,
        "invocations": one.invocations,
        "environments": one.environments,
        **{field: getattr(one, field) for field in _FIGURES if field != "cost_per_million"},
        **{field: None if known is None else _interval(known) for field, known in intervals.items()},
        "cost_per_million_usd": None if cost is None else _estimate(cost),
        "failures": asdict(one.failures) if one.failures.answered else None,
    }


def _estimate(one: Estimate) -> dict[str, Any]:
    return {"value": one.value, **_interval(one)}


def _interval(one: Estimate | Interval) -> dict[str, Any]:
    low, high = (bound if abs(bound) <= LARGEST else None for bound in (one.low, one.high))
    return {"low": low, "high": high, "confidence": one.confidence}


def _recommendation(one: Recommendation, traffic: int | None) -> dict[str, Any]:
    reason = ""
    if one.saving_percent is None:
        reason = "today's configuration was not measured, so there is nothing to save against"
    elif one.saving_monthly_usd is None:
        reason = "lambdabot.yml has no `monthly_invocations`" if traffic is None else "not known"
    return {
        **_configuration(one.configuration),
        "strategy": one.strategy,
        "ties": [_configuration(tie) for tie in one.ties],
        "reason": one.reason,
        "saving_percent": one.saving_percent,
        "saving_monthly_usd": one.saving_monthly_usd,
        "saving_with_cold_starts_percent": one.saving_with_cold_starts_percent,
        "saving_reason": reason,
        "estimated": one.estimated,
    }


def _comparison(one: Comparison) -> dict[str, Any]:
    ratio = one.cost_ratio
    return {
        "base": None if one.base is None else _configuration(one.base),
        "head": _configuration(one.head),
        "cost_ratio": None if ratio is None else {**_estimate(ratio), "sides": 1 if one.one_sided else 2},
        "threshold": one.threshold_percent / 100,
        "verdict": one.verdict,
        "reason": one.reason,
        "refused": one.refused,
        "environments": one.environments,
        "rounds": one.rounds,
        "reliability": None if one.reliability is None else asdict(one.reliability),
    }


def _arm64(one: Arm64Check | None, result: FunctionResult, root: Path | None) -> dict[str, Any]:
    if one is None:
        reason = "not checked: " + (
            "it is not measured any more"
            if result.removed
            else "arm64 is not among the function's architectures"
            if all(architecture != "arm64" for architecture in result.function.question.architectures)
            else "only Python functions with a source folder or a .zip are"
        )
        return {
            "path": _source(result.function, root),
            "verdict": "unknown",
            "reason": reason,
            "packages": [],
            "native_files": [],
            "layers": [],
            "drift": [],
        }
    return {**asdict(one), "path": _relative(one.path, root)}


def _location(one: Place | None, root: Path | None) -> dict[str, Any] | None:
    if one is None or root is None or not one.path.is_relative_to(root):
        return None
    return {"path": _relative(str(one.path), root), "line": one.line}


def _finding(one: Finding) -> dict[str, Any]:
    return {
        "rule": one.rule,
        "title": one.title,
        "evidence": one.evidence,
        "saving_monthly_usd": one.saving_monthly_usd,
        "fix": one.fix,
        "location": None if one.place is None else {"path": str(one.place.path), "line": one.place.line},
    }


def _source(function: Function, root: Path | None) -> str:
    """Return where a function's code is; for downloaded code, the name of the function that it belongs to."""
    if function.origin.like is not None and "source" not in function.origin.given:
        return function.origin.like
    return _relative(str(function.code.source), root)


def _relative(path: str, root: Path | None) -> str:
    return str(Path(path).relative_to(root)) if root and Path(path).is_relative_to(root) else path


def publishable(value: Any, folder: str = "") -> Any:  # noqa: ANN401  # any JSON value
    """Redact account ids, replace what is no character (bytes of a log that were no UTF-8), cut `folder` from paths.

    What is then longer or deeper than the schema allows is cut.
    """

    def clean(text: str) -> str:
        text = text.encode(errors="replace").decode()
        return redact(text.replace(folder, "") if folder else text)

    return fitted(value, clean)
