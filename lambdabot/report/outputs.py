"""What the later steps of a workflow read of a report: the action's outputs."""

import json
from typing import Any

from lambdabot.report.schema import FunctionSection, Report


def outputs(report: Report, *, path: str = "", comment_url: str = "") -> dict[str, str]:
    """Return the action's outputs; the scalars are empty when there are several functions."""
    functions = [_function(one) for one in report.functions]
    only = functions[0] if len(functions) == 1 else {}
    scalars = (
        "cost-change-percent",
        "recommended-memory",
        "recommended-architecture",
        "monthly-saving-usd",
        "arm64-ready",
    )
    return {
        "verdict": report.verdict,
        **{name: _scalar(only.get(name)) for name in scalars},
        "report": path,
        "comment-url": comment_url,
        "functions": json.dumps(functions, separators=(",", ":")),
    }


def _function(one: FunctionSection) -> dict[str, Any]:
    ratio, recommendation = one.comparison.cost_ratio, one.recommendation
    return {
        "name": one.name,
        "verdict": one.comparison.verdict,
        "cost-change-percent": round(100 * (ratio.value - 1), 2) if ratio else None,
        "recommended-memory": recommendation.memory_mb if recommendation else None,
        "recommended-architecture": recommendation.architecture if recommendation else None,
        "monthly-saving-usd": recommendation.saving_monthly_usd if recommendation else None,
        "arm64-ready": {"ready": True, "blocked": False}.get(one.arm64.verdict),
    }


def _scalar(value: object) -> str:
    """Return what an expression of a workflow compares with: `true`, `12.5`, and nothing for the unknown."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case _:
            return str(value)
