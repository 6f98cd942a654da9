from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from lambdabot.model import Declaration, Outcome, Payload, Place, Stated, Undecided
from lambdabot.packaging.target import Target
from lambdabot.pipeline.diagnosis import diagnosis
from tests.unit.pipeline.conftest import HERE

PLACE = Place(path=Path("template.yaml"), line=3)
TABLE = Declaration(name="thumbnail", family="sam", place=PLACE, environment={"TABLE": Stated(value="t", place=PLACE)})
NO_LAYER = Undecided(reason="its version is a parameter", place=PLACE)


@pytest.fixture
def told(function, line_up, invoked):
    """What is said of a function all of whose calls end like this."""

    def of(reason: str, *, event: bytes = b'{"n": 1}', local: bool = False, answered=False, **fields):
        payload = Payload(name="default", body=event, weight=Decimal(1))
        lineup = line_up(function.changed(payloads=(payload,), **fields))
        machine = Target.of_runtime("python3.13", HERE.architecture) if local else None
        outcome = Outcome.FAILING_ANSWER if answered else Outcome.ERROR
        failed = invoked(outcome=outcome, reason=reason, error_type=reason.partition(":")[0])
        return diagnosis(replace(lineup, bench=replace(lineup.bench, machine=machine)), [failed] * 3)

    return of


def test_it_says_what_was_sent_and_what_came_back(told):
    assert told("HTTP 500: away", answered=True) == (
        "3 of 3 calls failed at 2048 MB arm64: `default` was sent, and HTTP 500: away came back."
    )
    assert told("ValueError: n (app.py, line 3)").endswith(", and it raised ValueError: n (app.py, line 3).")


@pytest.mark.parametrize(
    ("reason", "given", "words", "pasted"),
    [
        ("KeyError: 'TABLE' (app.py, line 2)", {"declaration": TABLE}, "The template sets TABLE", "TABLE: …"),
        ("HTTP 500: no TABLE", {"declaration": TABLE, "answered": True}, "The template sets TABLE", "TABLE: …"),
        ("KeyError: 'Records'", {"event": b"{}"}, "`{}`, an empty event, was sent", "- file: events/thumbnail.json"),
        ("HTTP 400", {"event": b"{}", "answered": True}, "Give it an event like", "- file: events/thumbnail.json"),
        (
            "Runtime.ImportModuleError: Unable to import module 'app': No module named 'pandas'",
            {"missing_layers": (NO_LAYER,), "event": b"{}"},
            "A layer of the template is left out (its version is a parameter)",
            "layers: [path/to/layer]",
        ),
        ("HTTP 404: no such item", {"answered": True}, "Where that answer is meant", "allowed_errors: [404]"),
        ("ClientError: AccessDenied when calling PutItem", {}, "The role of the copies does not allow", "role: arn:…"),
    ],
)
def test_the_likely_cause_stands_first_with_what_to_write(told, reason, given, words, pasted):
    first, *lines = told(reason, **given).splitlines()

    assert words in first
    assert lines[:2] == ["functions:", "  thumbnail:"]
    assert lines[-1].strip() == pasted


@pytest.mark.parametrize("reason", ["NoCredentialsError: Unable to locate credentials", "You must specify a region."])
def test_a_function_that_calls_aws_is_told_that_the_embedded_endpoint_is_none(told, reason):
    assert "It calls AWS, and the embedded endpoint has no credentials for it" in told(reason, local=True)


def test_a_variable_that_lambdabot_yml_sets_is_not_the_cause(told):
    assert "template sets" not in told("KeyError: 'TABLE'", declaration=TABLE, environment={"TABLE": "t"})


def test_one_good_call_is_enough_to_say_nothing(function, line_up, invoked):
    failed = invoked(outcome=Outcome.ERROR, reason="KeyError: 1")

    assert diagnosis(line_up(function), [failed, failed, failed, invoked()]) == ""
    assert diagnosis(line_up(function), [failed, failed]) == ""
