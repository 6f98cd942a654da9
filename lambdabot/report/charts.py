"""The page's four charts in Vega-Lite, and the data that they draw for each function."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

from lambdabot.model import Status
from lambdabot.report.table import Row
from lambdabot.report.thinning import digits

Spec = dict[str, Any]

COLOUR: Spec = {
    "field": "architecture",
    "type": "nominal",
    "title": None,
    "scale": {"domain": ["x86_64", "arm64"], "range": ["var(--x86)", "var(--arm)"]},
    "legend": {"orient": "top"},
}
SHAPE: Spec = {
    "field": "side",
    "type": "nominal",
    "title": None,
    "scale": {"domain": ["head", "base"], "range": ["circle", "diamond"]},
    "legend": None,  # the base is labelled where it stands
}
FAINT: Spec = {"condition": {"test": "datum.estimated", "value": 0.45}, "value": 1}
"""What was only estimated has no line, no interval and no place on the front."""

MEMORY: Spec = {
    "field": "memory",
    "type": "quantitative",
    "title": "Memory (MB)",
    "scale": {"type": "log", "base": 2, "nice": False, "padding": 24},  # CPU grows with memory by factors
    "axis": {"format": "d", "tickCount": 4},
}
DURATION: Spec = {"field": "mean", "type": "quantitative", "title": "Duration (ms)", "scale": {"type": "log"}}
COST: Spec = {
    "field": "cost",
    "type": "quantitative",
    "title": "US$ per million",
    "scale": {"zero": False, "padding": 24},
}
INIT: Spec = {"field": "init", "type": "quantitative", "title": "Init duration (ms)", "scale": {"zero": True}}

TOOLTIP: list[Spec] = [
    {"field": "name", "title": "Memory (MB)"},
    {"field": "architecture", "title": "Architecture"},
    {"field": "mean", "title": "Mean (ms)", "format": ",.4~r"},
    {"field": "p95", "title": "95th percentile (ms)", "format": ",.4~r"},
    {"field": "cost", "title": "US$ per million", "format": ",.4~r"},
]
HEAD = "datum.side === 'head'"
MEASURED = "!datum.estimated"


def specs() -> dict[str, Spec]:
    """Return the Vega-Lite specification of each chart; its data are named `points` and `samples`."""
    plain = {**DURATION, "title": "Mean duration (ms)"}
    return {
        "duration": _chart(
            _samples(DURATION, "duration"),
            _range(DURATION, "mean", "p95"),
            _line(DURATION),
            _points(MEMORY, DURATION),
            # On a falling line the word below the base would meet the one above the next size: its shape must do.
            *_labels(MEMORY, DURATION, "label", HEAD, -12),
        ),
        "cost": _chart(
            _range(COST, "low", "high"),
            _line(COST),
            _points(MEMORY, COST),
            *_labels(MEMORY, COST, "label", HEAD, -12),
            *_labels(MEMORY, COST, "label", f"!({HEAD})", 14),
        ),
        "front": _chart(
            _layer(
                "points", ["datum.front"], {"type": "line", "color": "var(--muted)", "strokeDash": [4, 4]}, plain, COST
            ),
            _points(plain, COST),
            *_labels(plain, COST, "name", "!datum.label", -12),
            *_labels(plain, COST, "name", "datum.label", 14),
        ),
        "cold": _chart(_samples(INIT, "init"), _line(INIT), _points(MEMORY, INIT)),
    }


def points(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return what is drawn of a function: one point for each measured line of its table."""
    shown = [
        {
            "side": "base" if row.base else "head",
            "memory": row.memory_mb,
            "architecture": row.architecture,
            **{name: value if value is None else digits(value) for name, value in _figures(row).items()},
            "label": (label := _label(row)),
            "name": f"{row.memory_mb} {label}".strip(),
            "estimated": row.status == Status.ESTIMATED,
        }
        for row in rows
        if row.mean_ms is not None and row.usd is not None
    ]
    for point in _front([point for point in shown if point["side"] == "head" and not point["estimated"]]):
        point["front"] = True
    return shown


def _figures(row: Row) -> dict[str, float | None]:
    return {
        "mean": row.mean_ms,
        "p95": row.p95_ms,
        "cost": row.usd,
        "low": row.low_usd,
        "high": row.high_usd,
        "init": row.init_ms,
    }


def _label(row: Row) -> str:
    marks = {row.base: bool(row.base), "today": row.today, "recommended": row.recommended}
    return ", ".join(name for name, applies in marks.items() if applies)


def _front(heads: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield the points that no other beats in both duration and cost."""
    cheapest = math.inf
    for point in sorted(heads, key=lambda point: (point["mean"], point["cost"])):
        if point["cost"] < cheapest:
            cheapest = point["cost"]
            yield point


def _chart(*layers: Spec) -> Spec:
    return {"width": "container", "height": 240, "layer": list(layers)}


def _layer(data: str, conditions: Sequence[str], mark: Spec, x: Spec, y: Spec, **channels: Spec | list[Spec]) -> Spec:
    needed = [*conditions, f"isValid(datum.{x['field']})", f"isValid(datum.{y['field']})"]
    return {
        "data": {"name": data},
        "transform": [{"filter": " && ".join(needed)}],
        "mark": mark,
        "encoding": {"x": x, "y": y, **channels},
    }


def _samples(y: Spec, field: str) -> Spec:
    """Return single invocations, spread around their memory size so that their density shows."""
    mark = {"type": "circle", "size": 9, "opacity": 0.35}
    return _layer("samples", [], mark, MEMORY, {**y, "field": field}, color=COLOUR)


def _range(y: Spec, low: str, high: str) -> Spec:
    """Return a bar from `low` to `high` at every point."""
    mark = {"type": "rule", "strokeWidth": 2, "opacity": 0.7}
    return _layer(
        "points",
        [MEASURED, f"isValid(datum.{high})"],
        mark,
        MEMORY,
        {**y, "field": low},
        y2={"field": high},
        color=COLOUR,
    )


def _line(y: Spec) -> Spec:
    return _layer("points", [HEAD, MEASURED], {"type": "line", "strokeWidth": 2}, MEMORY, y, color=COLOUR)


def _points(x: Spec, y: Spec) -> Spec:
    mark = {"type": "point", "filled": True, "size": 70}
    return _layer("points", [], mark, x, y, color=COLOUR, shape=SHAPE, opacity=FAINT, tooltip=TOOLTIP)


def _labels(x: Spec, y: Spec, field: str, condition: str, dy: int) -> list[Spec]:
    """Return the words at the points that meet a condition, `dy` pixels below them, on a ground of their own."""
    ground = {"stroke": "var(--back)", "strokeWidth": 4, "strokeJoin": "round"}
    return [
        _layer(
            "points",
            [f"datum.{field}", condition],
            {"type": "text", "dy": dy, "color": "var(--text)", "fontSize": 11, **look},
            x,
            y,
            text={"field": field},
        )
        for look in (ground, {})
    ]
