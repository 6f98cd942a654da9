"""The bounds of report.json: whatever they let through can be shown, in every place that shows a report."""

import json
from copy import deepcopy
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from lambdabot.errors import UsageError
from lambdabot.report.annotations import annotations
from lambdabot.report.bounds import (
    DEEPEST,
    FIRST_YEAR,
    LARGEST,
    LAST_YEAR,
    LONGEST,
    MOST,
    fitted,
    is_deep,
)
from lambdabot.report.comment import COMMENT_LIMIT, check_summary, render, summary
from lambdabot.report.document import document, dumps
from lambdabot.report.markdown import utf16
from lambdabot.report.outputs import outputs
from lambdabot.report.page import page
from lambdabot.report.reading import load
from lambdabot.report.schema import Report
from lambdabot.report.suggestion import suggestions
from lambdabot.report.thinning import ChartSamples
from tests.spot_check import examples, spot_check
from tests.unit.report import runs

DOCUMENTS = [
    runs.written(make())
    for make in (
        runs.regression,
        runs.improvement,
        runs.no_change,
        runs.inconclusive,
        runs.overridden,
        runs.not_accepted,
        runs.blocked,
        runs.not_reached,
        runs.with_findings,
        runs.interrupted,
        runs.one_recommended,
    )
]

NUMBERS = [
    0,
    1,
    -1,
    1e-9,
    5e-324,
    1e-300,
    1e9,
    LARGEST,
    -LARGEST,
    1e16,
    1e308,
    -1e308,
    10**4000,
]
TEXTS = [
    "",
    " ",
    "\n",
    "x" * LONGEST,
    "x" * (LONGEST + 1),
    "\ud800",
    "`|<script>&\u202e\x00",
    f"{FIRST_YEAR - 1}-12-31T23:59:59Z",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    f"{FIRST_YEAR}-01-01T00:00:00+14:00",
    f"{LAST_YEAR}-12-31T23:59:59-14:00",
    "2026-11-23T12:00:00",
    "regression",
    "measured",
    "estimated",
    "base",
]
VALUES = st.sampled_from([*NUMBERS, *TEXTS, None, True, False, [], {}, [[]], ["x"] * 200])


def places(value, path=()):
    """Yield the path of every value in a document."""
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        yield from places(item, (*path, key))


def inside(data, path):
    for key in path:
        data = data[key]
    return data


def put(data, path, value):
    inside(data, path[:-1])[path[-1]] = value


def shown(report):
    """Show a report wherever one is shown."""
    body = render(report, previous=render(report))
    assert utf16(body) <= COMMENT_LIMIT
    for text in (body, summary(report), check_summary(report), page(report, ChartSamples())):
        text.encode()
    outputs(report)
    annotations(report, workspace=Path("/nowhere"))
    suggestions(report)
    dumps(report)


@given(data=st.data())
@settings(suppress_health_check=list(HealthCheck), max_examples=examples(80), deadline=None)
def test_whatever_is_accepted_can_be_shown(data):
    chosen = deepcopy(data.draw(st.sampled_from(DOCUMENTS)))
    for _ in range(data.draw(st.integers(1, 6))):
        path = data.draw(st.sampled_from([one for one in places(chosen) if one]))
        put(chosen, path, deepcopy(data.draw(VALUES)))
    try:
        known = Report.model_validate(chosen)
    except ValidationError:
        return
    shown(known)


@pytest.mark.parametrize("value", spot_check([*NUMBERS, *TEXTS], 10), ids=lambda one: str(one)[:30] or "nothing")
@pytest.mark.parametrize("make", [runs.not_accepted, runs.blocked])
def test_one_value_wherever_it_is_accepted_can_be_shown(make, value):
    data = runs.written(make())
    for path in [one for one in places(data) if one]:
        at = inside(data, path[:-1])
        before = at[path[-1]]
        if type(before) in {int, float, str} and path[-1] != "name":
            at[path[-1]] = value
            try:
                Report.model_validate(data)
            except ValidationError:
                at[path[-1]] = before

    shown(Report.model_validate(data))


def test_an_interval_as_wide_as_numbers_go_can_be_shown():
    data = runs.written(runs.regression())
    for row in data["functions"][0]["measurements"]:
        row["cost_per_million_usd"] |= {"low": 5e-324, "value": 1.0, "high": LARGEST}

    shown(Report.model_validate(data))


BEYOND = [
    (("spend", "usd"), 1e308),
    (("spend", "usd"), -1),
    (("spend", "invocations"), 10**4000),
    (("spend", "seconds"), float("nan")),
    (("seed",), 10**4000),
    (("pull_request",), -1),
    (("created",), "0001-01-01T00:00:00Z"),
    (("created",), "9999-12-31T23:59:59-14:00"),
    (("created",), "2026-11-23T12:00:00"),
    (("created",), "yesterday"),
    (("verdict_reason",), "x" * (LONGEST + 1)),
    (("notes",), ["x"] * (MOST + 1)),
    (("functions", 0, "measurements", 0, "memory_mb"), 10**9),
    (("functions", 0, "measurements", 0, "mean_duration_ms"), -1.0),
    (("functions", 0, "measurements", 0, "cost_per_million_usd", "confidence"), 2.0),
    (("functions", 0, "comparison", "cost_ratio", "value"), 0.0),
    (("functions", 0, "comparison", "cost_ratio", "value"), 1e-300),
    (("functions", 0, "monthly_invocations", "value"), 10**20),
    (("run_url",), "javascript:alert(1)"),
    (("run_url",), "https://github.com/octo/demo/actions/runs/1)[x](https://evil.example"),
]


@pytest.mark.parametrize(("path", "value"), BEYOND)
def test_what_lies_beyond_is_refused(path, value):
    data = runs.written(runs.regression())
    put(data, path, value)

    with pytest.raises(ValidationError):
        Report.model_validate(data)


def test_no_more_functions_are_taken_from_elsewhere_than_can_be_shown(tmp_path, monkeypatch):
    monkeypatch.setattr("lambdabot.report.reading.MOST_FUNCTIONS", 20)
    data = runs.written(runs.regression())
    (only,) = data["functions"]
    data["functions"] = [{**only, "name": str(index)} for index in range(21)]
    path = tmp_path / "report.json"
    path.write_text(json.dumps(data))

    with pytest.raises(UsageError, match="more than 20"):
        load(path)


@pytest.mark.parametrize("name", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_number_is_none_anywhere(tmp_path, name):
    path = tmp_path / "report.json"
    path.write_text(json.dumps(runs.written(runs.regression(), settings={"x": "here"})).replace('"here"', name))

    with pytest.raises(UsageError, match=f"{name} is no number"):
        load(path)


def nested(depth):
    value = 1
    for index in range(depth):
        value = [value] if index % 2 else {"in": value}
    return value


def test_what_is_nested_too_deeply_is_told_without_a_call_a_level():
    assert not is_deep(nested(DEEPEST))
    assert is_deep(nested(DEEPEST + 1))
    assert is_deep(nested(100_000))


def test_our_own_report_is_cut_to_the_bounds_and_not_lost():
    """A log line of a megabyte, or an event that is nested, must not cost what was measured."""
    result = runs.regression()
    long = runs.replace(result, notes=("x" * 10**6, *["note"] * (2 * MOST)), settings={"event": nested(500)})

    report = document(long)

    assert report.notes[0].endswith("…")
    assert len(report.notes) == MOST
    shown(report)


def test_what_is_cut_is_redacted_before():
    """Half of an account id would pass for a number."""
    arn = "arn:aws:lambda:us-east-1:123456789012:function:x"
    long = runs.replace(runs.regression(), notes=("x" * (LONGEST - 31) + f" {arn}",))

    assert "12345" not in document(long).notes[0]


def test_what_fits_stays_as_it_is():
    value = {"a": ["x" * LONGEST, 1, None, {"b": 0.5}]}

    assert fitted(value, str) == value
