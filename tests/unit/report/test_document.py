import json
from dataclasses import replace
from decimal import Decimal

import jsonschema
import pytest

from lambdabot.errors import UsageError
from lambdabot.model import Estimate
from lambdabot.report.document import document, dumps, schema
from lambdabot.report.reading import load
from lambdabot.report.samples import samples
from tests.unit.report import runs

EVERY = [
    "one_recommended", "regression", "improvement", "inconclusive", "no_change", "blocked", "nothing_compared",
    "failed_rows", "local", "forty", "with_invocations",
]  # fmt: skip


@pytest.mark.parametrize("name", EVERY)
def test_every_report_fits_its_own_schema_and_survives_a_file(name, tmp_path):
    report = document(getattr(runs, name)())
    path = tmp_path / "report.json"
    path.write_text(dumps(report), encoding="utf-8")

    jsonschema.Draft202012Validator(schema()).validate(json.loads(path.read_text()))
    assert load(path) == report


def test_the_fields_of_the_contract_are_there():
    data = runs.written(runs.regression())

    assert data["schema_version"] == 1
    assert set(data) >= {
        "lambdabot_version", "created", "repository", "pull_request", "head_sha", "base_sha", "endpoint", "seed",
        "settings", "verdict", "verdict_reason",
    }  # fmt: skip
    assert data["prices"] == {
        "region": "us-east-1", "published": "2025-10-01", "source": "bundled table", "currency": "USD",
    }  # fmt: skip
    assert data["spend"] == {
        "invocations": 1240, "usd": 0.0182, "seconds": 143.2, "deployments_created": 11, "deployments_removed": 11,
        "control_plane_calls": 57,
    }  # fmt: skip
    (one,) = data["functions"]
    assert one["monthly_invocations"] == {"value": 5_100_000, "source": "lambdabot.yml"}
    assert one["current"] == {"memory_mb": 512, "architecture": "x86_64", "assumed": False}
    assert one["comparison"] == {
        "base": {"memory_mb": 512, "architecture": "x86_64"},
        "head": {"memory_mb": 512, "architecture": "x86_64"},
        "cost_ratio": {"value": 1.182, "low": 1.141, "high": 1.225, "confidence": 0.99, "sides": 1},
        "threshold": 0.1,
        "verdict": "regression",
        "reason": "costs at least 14.1% more",
        "refused": False,
        "environments": 40,
        "rounds": 2,
        "reliability": None,
    }
    assert one["recommendation"]["ties"] == [{"memory_mb": size, "architecture": "arm64"} for size in (512, 1769)]
    assert one["recommendation"]["saving_monthly_usd"] == 6.115369
    assert one["measurements"][0]["side"] == "base"
    assert set(one["measurements"][0]["cost_per_million_usd"]) == {"value", "low", "high", "confidence"}
    assert one["arm64"]["packages"][0]["requested_by"] == ["requirements.txt:1"]


def test_money_is_numbers():
    text = dumps(document(runs.run(runs.result(findings=(runs.finding(),)))))

    assert json.loads(text)["functions"][0]["findings"][0]["saving_monthly_usd"] == 12.1
    assert '"usd": 0.0182' in text


def test_what_cannot_be_given_is_null_with_a_reason():
    few = dict.fromkeys(["p95_duration_ms", "p95_interval_ms", "p99_duration_ms", "p99_interval_ms"])
    bare = runs.result(
        runs.function(monthly_invocations=None),
        measurements=(replace(runs.measured(runs.at(512), 461.0), **few),),
        recommendation=runs.recommended(runs.at(512), None, None),
        arm64=None,
    )
    (one,) = runs.written(runs.run(bare))["functions"]

    assert one["monthly_invocations"] is None
    assert "monthly_invocations" in one["monthly_invocations_reason"]
    assert one["measurements"][0]["p95_duration_ms"] is None
    assert one["measurements"][0]["reason"] == "too few samples for p95, p99"
    assert one["recommendation"]["saving_percent"] is None
    assert "not measured" in one["recommendation"]["saving_reason"]
    assert one["arm64"]["verdict"] == "unknown"
    assert one["arm64"]["reason"].startswith("not checked: ")
    assert one["curve_url"] is None
    assert "fewer than two" in one["curve_reason"]


def test_a_figure_stands_beside_its_interval_or_the_reason_why_there_is_none():
    known = runs.measured(runs.at(512), 461.0)
    rows = runs.written(runs.run(runs.result(measurements=(known, replace(known, mean_init_interval_ms=None)))))
    whole, lacking = rows["functions"][0]["measurements"]

    assert whole["mean_init_interval_ms"] == {"low": 198.0, "high": 226.0, "confidence": 0.99}
    assert whole["p99_interval_ms"]["high"] is None
    assert whole["reason"] == "too few samples for the upper bound of p99"
    assert lacking["mean_init_interval_ms"] is None
    assert lacking["reason"] == "too few samples for the upper bound of p99, the interval of init"


def test_the_reason_of_an_unchecked_arm64_is_the_architectures_where_it_is():
    x86_only = runs.result(runs.function(architectures=(runs.X86,)), arm64=None)

    assert "not among" in runs.written(runs.run(x86_only))["functions"][0]["arm64"]["reason"]


def test_a_saving_without_traffic_says_so():
    result = runs.result(
        runs.function(monthly_invocations=None), recommendation=runs.recommended(runs.at(1024), 26.0, None)
    )
    recommendation = runs.written(runs.run(result))["functions"][0]["recommendation"]

    assert recommendation["saving_monthly_usd"] is None
    assert recommendation["saving_reason"] == "lambdabot.yml has no `monthly_invocations`"


def test_an_unbounded_interval_is_null():
    bounds = Estimate(value=1.2, low=1.0, high=float("inf"), confidence=0.99, environments=2, invocations=2)
    gate = runs.comparison(runs.Verdict.INCONCLUSIVE, bounds, "too few")

    assert document(runs.run(runs.result(comparison=gate))).functions[0].comparison.cost_ratio.high is None


def test_account_ids_are_redacted_everywhere():
    arn = "arn:aws:lambda:us-east-1:123456789012:function:demo"
    image = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/demo:1"
    result = runs.result(error=f"denied on {arn}", notes=(f"image {image}",))
    run = runs.run(result, settings={"functions": {"demo": {"role": arn.replace("lambda", "iam")}}}, notes=(arn,))
    text = dumps(document(run))

    assert "123456789012" not in text
    assert "arn:aws:lambda:us-east-1:****:function:demo" in text


def test_paths_are_given_from_the_root_of_the_repository(tmp_path):
    result = runs.result(
        runs.function(source=tmp_path / "src"), arm64=runs.ready(str(tmp_path / "src/requirements.txt"))
    )
    (one,) = runs.written(runs.run(result), root=tmp_path)["functions"]
    (other,) = runs.written(runs.run(result), root=tmp_path / "elsewhere")["functions"]

    assert (one["source_path"], one["arm64"]["path"]) == ("src", "src/requirements.txt")
    assert other["source_path"] == str(tmp_path / "src")


def test_samples_hold_what_replays_a_decision():
    (line,) = samples(runs.with_invocations())

    assert line == {
        "function": "thumbnail", "side": "head", "memory_mb": 512, "architecture": "x86_64", "round": 0, "wave": 0,
        "payload": "small", "environment": "2026/11/23/[$LATEST]0123", "environment_known": True, "cpu_model": None,
        "cold": True, "duration_ms": 461.2, "billed_ms": 700, "init_ms": 212.0, "restore_ms": None,
        "max_memory_used_mb": 94, "outcome": "ok", "reason": "", "at_seconds": 1.5, "error_type": "",
        "survived": False, "refused": False, "waited_ms": None,
    }  # fmt: skip


def changed(**fields):
    return json.dumps(runs.written(runs.one_recommended(), **fields))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is no JSON"),
        ("[]", "report: "),
        (changed(schema_version=2), "schema_version"),
        (changed(verdict="fine"), "verdict"),
        (changed(functions=[{}]), "functions.0.name"),
        (changed().replace('"seed": 1', '"seed": NaN'), "is no JSON: NaN is no number"),
    ],
)
def test_a_file_that_is_no_report_is_refused_with_the_field(tmp_path, text, message):
    path = tmp_path / "report.json"
    path.write_text(text)

    with pytest.raises(UsageError, match=message) as raised:
        load(path)
    assert "schema --report" in raised.value.advice


def test_a_link_that_is_not_a_curves_is_refused(tmp_path):
    path = tmp_path / "report.json"
    data = runs.written(runs.one_recommended())
    data["functions"][0]["curve_url"] = "https://evil.org/) [click](https://evil.org"
    path.write_text(json.dumps(data))

    with pytest.raises(UsageError, match="curve_url"):
        load(path)


def test_a_file_beyond_any_report_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr("lambdabot.report.reading.MAX_BYTES", 1000)
    path = tmp_path / "report.json"
    path.write_text(changed())

    with pytest.raises(UsageError, match="larger than"):
        load(path)


def test_a_missing_file_is_said(tmp_path):
    with pytest.raises(UsageError, match=r"report\.json: cannot be read: No such file"):
        load(tmp_path / "report.json")


def test_fields_of_a_later_version_are_left_out(tmp_path):
    path = tmp_path / "report.json"
    path.write_text(changed(surprise=1))

    assert not hasattr(load(path), "surprise")


def test_costs_stay_decimal_until_they_are_written():
    spend = replace(runs.one_recommended().spend, usd=Decimal("0.1") + Decimal("0.2"))

    assert document(replace(runs.one_recommended(), spend=spend)).spend.usd == 0.3
