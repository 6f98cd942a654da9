import json

from lambdabot.report.document import document
from lambdabot.report.outputs import outputs
from tests.unit.report import runs


def test_one_function_fills_the_scalars():
    values = outputs(document(runs.regression()), path="r.json")
    entry = {
        "name": "thumbnail",
        "verdict": "regression",
        "cost-change-percent": 18.2,
        "recommended-memory": 1024,
        "recommended-architecture": "arm64",
        "monthly-saving-usd": 6.115369,
        "arm64-ready": True,
    }

    assert json.loads(values.pop("functions")) == [entry]
    assert values == {
        "verdict": "regression",
        "cost-change-percent": "18.2",
        "recommended-memory": "1024",
        "recommended-architecture": "arm64",
        "monthly-saving-usd": "6.115369",
        "arm64-ready": "true",
        "report": "r.json",
        "comment-url": "",
    }


def test_several_functions_leave_the_scalars_empty():
    values = outputs(document(runs.forty()))

    assert values["verdict"] == "regression"
    assert values["recommended-memory"] == values["cost-change-percent"] == values["arm64-ready"] == ""
    assert len(json.loads(values["functions"])) == 40


def test_what_is_unknown_is_empty():
    bare = runs.result(recommendation=None, arm64=None, comparison=runs.comparison(runs.Verdict.NOT_MEASURED))
    values = outputs(document(runs.run(bare)))

    assert values["verdict"] == "not measured"
    assert values["arm64-ready"] == values["cost-change-percent"] == values["recommended-memory"] == ""
    assert json.loads(values["functions"])[0]["arm64-ready"] is None
