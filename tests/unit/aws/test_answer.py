import json
from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdabot.aws.invoking.answer import failed_answer
from lambdabot.model import AnswerRule, Expectation

LONG = "com.amazonaws.services.dynamodbv2.model"
OTHER = "unexpected answer: {} has another value than is expected"


def http(status, body="", **more):
    return {"statusCode": status, "body": body if isinstance(body, str) else json.dumps(body), **more}


def said(answer, rule=None):
    """What is said of an answer, as JSON has it; None where it is good."""
    found = failed_answer(json.dumps(answer).encode(), rule or AnswerRule())
    return found and str(found)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (http(500, {"error": "'count'"}), "HTTP 500: 'count'"),
        (http(404), "HTTP 404"),
        (http(400, "no such item"), "HTTP 400: no such item"),
        (http(502, "<html>bad gateway</html>"), "HTTP 502"),
        (http(503, {"error": {"message": "away"}}), "HTTP 503: away"),
        (http("500", {"title": "away"}), "HTTP 500: away"),
        (http(500.0), "HTTP 500"),
        (http(500, b64encode(b'{"message": "away"}').decode(), isBase64Encoded=True), "HTTP 500: away"),
        (http(500, "!", isBase64Encoded=True), "HTTP 500"),
        ({"batchItemFailures": [{"itemIdentifier": "1"}]}, "batchItemFailures: 1 record"),
        ({"batchItemFailures": [{}, {}]}, "batchItemFailures: 2 records"),
        ({"errorMessage": "away", "errorType": "Away"}, "Away: away"),
        ({"errorMessage": "away"}, "errorMessage: away"),
        ({"Error": "States.TaskFailed", "Cause": "away"}, "States.TaskFailed: away"),
        (http(200, {"data": None, "errors": [{"message": "no field"}]}), "GraphQL error: no field"),
        (http(200, {"errors": [{"message": "m", "extensions": {"code": "FORBIDDEN"}}]}), "FORBIDDEN: m"),
        ({"data": None, "errors": [{"message": "no field"}]}, "GraphQL error: no field"),
        (http(500, f"token {'a1' * 20} refused"), "HTTP 500: token *** refused"),
        (http(500, "cannot log in: password=hunter2 for ann"), "HTTP 500: cannot log in: password=***"),
        (http(401, {"error": "bad header Authorization: Bearer x.y"}), "HTTP 401: bad header Authorization: ***"),
        (http(500, {"message": "arn:aws:sqs:us-east-1:123456789012:q"}), "HTTP 500: arn:aws:sqs:us-east-1:****:q"),
    ],
)
def test_an_answer_that_is_an_error_is_a_failure(answer, words):
    assert said(answer) == words


@pytest.mark.parametrize(
    "answer",
    [
        http(200, {"ok": True}),
        http(301),
        {"statusCode": True},
        http("many"),
        http(10**40),
        {"statusCode": None},
        {"batchItemFailures": []},
        {"errors": [{"field": "name"}]},
        {"errors": "none"},
        http(200, {"errors": []}),
        {"Error": "without a cause"},
        {"errorMessage": None},
        None,
        "HTTP 500",
        [http(500)],
        500,
    ],
)
def test_other_answers_are_good(answer):
    assert said(answer) is None


def test_who_reads_the_answer_decides_what_it_says():
    queue = AnswerRule(answers_http=False)
    api = AnswerRule(takes_batches=False)

    assert said(http(500), queue) is None
    assert said({"batchItemFailures": [1]}, api) is None
    assert said({"batchItemFailures": [1]}, queue) == "batchItemFailures: 1 record"


@pytest.mark.parametrize(
    ("rule", "answer", "words"),
    [
        ({"expect": Expectation(status=(200,))}, http(204), "HTTP 204: 200 is expected"),
        ({"expect": Expectation(status=(200, 201))}, {"ok": 1}, "no statusCode: 200 or 201 is expected"),
        ({"expect": Expectation(status=(404,))}, http(404), None),
        ({"allowed_errors": frozenset({"404"})}, http(404), None),
        ({"allowed_errors": frozenset({"404"})}, http(500), "HTTP 500"),
        ({"allowed_errors": frozenset({"404"}), "expect": Expectation(status=(200,))}, http(404), None),
        ({"allowed_errors": frozenset({"404"}), "expect": Expectation(json={"/body/ok": True})}, http(404), None),
        ({"allowed_errors": frozenset({"NotFound"})}, {"errorMessage": "m", "errorType": "shop.NotFound"}, None),
        (
            {"allowed_errors": frozenset({"Conditional"})},
            {"errorMessage": "m", "errorType": f"{LONG}.Conditional"},
            None,
        ),
        ({"allowed_errors": frozenset({"batchItemFailures"})}, {"batchItemFailures": [1]}, None),
        ({"expect": Expectation(json={"/body/ok": True})}, http(200, {"ok": True}), None),
        ({"expect": Expectation(json={"/body/ok": True})}, http(200, {"ok": 1}), OTHER.format("/body/ok")),
        (
            {"expect": Expectation(json={"/body/ok": True})},
            http(200, "no JSON"),
            "unexpected answer: there is no /body/ok",
        ),
        ({"expect": Expectation(json={"/items/1/a~1b": 2})}, {"items": [0, {"a/b": 2}]}, None),
        ({"expect": Expectation(json={"/items/7": 2})}, {"items": [0]}, "unexpected answer: there is no /items/7"),
        ({"expect": Expectation(json={"": 3})}, 3, None),
        ({"expect": Expectation(json={"/body": "secret"})}, http(200, "other"), OTHER.format("/body")),
    ],
)
def test_what_is_expected_and_what_may_fail_is_for_the_settings_to_say(rule, answer, words):
    assert said(answer, AnswerRule(**rule)) == words


def test_what_lambda_itself_reports_is_never_meant():
    rule = AnswerRule(allowed_errors=frozenset({"Runtime.ExitError", "ExitError", "Timedout"}))

    assert not rule.allows("Runtime.ExitError")
    assert not rule.allows("Sandbox.Timedout")


def test_a_streamed_http_answer_has_its_status_before_its_body():
    assert str(failed_answer(b'{"statusCode": 500}' + b"\0" * 8 + b"it broke", AnswerRule())) == "HTTP 500: it broke"


def test_a_large_answer_is_read_and_not_quoted():
    answer = json.dumps(http(500, "x" * 6_000_000)).encode()

    assert str(failed_answer(answer, AnswerRule())) == "HTTP 500"
    assert failed_answer(b" " * 9_000_000 + answer, AnswerRule()) is None


NAMES = st.sampled_from(["statusCode", "body", "errors", "batchItemFailures", "errorMessage", "isBase64Encoded", "a"])
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
INNER = LEAVES | st.lists(LEAVES, max_size=3) | st.dictionaries(NAMES, LEAVES, max_size=3)
JSON = INNER | st.lists(INNER, max_size=3) | st.dictionaries(NAMES, INNER, max_size=4)


@given(st.binary(max_size=60) | st.builds(lambda one: json.dumps(one).encode(), JSON))
def test_no_answer_is_too_odd_to_be_read(answer):
    rule = AnswerRule(expect=Expectation(json={"/body/a/0": 1}))
    found = failed_answer(answer, rule)

    assert found is None or len(str(found)) < 500


def test_an_answer_that_lies_too_deep_says_nothing():
    assert failed_answer(b"[" * 100_000, AnswerRule()) is None
