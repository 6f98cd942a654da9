import base64
import json
import time

import pytest


@pytest.fixture
def name(create) -> str:
    return create()["FunctionName"]


def test_an_invocation_answers_with_its_log(lambdas, name):
    answer = lambdas.invoke(FunctionName=name, Payload=b'{"a": 1}', LogType="Tail")
    assert json.loads(answer["Payload"].read()) == {"a": 1}
    assert (answer["StatusCode"], answer["ExecutedVersion"]) == (200, "$LATEST")
    assert answer["ResponseMetadata"]["RequestId"] in base64.b64decode(answer["LogResult"]).decode()


def test_an_error_of_the_handler_is_marked(lambdas, create, package):
    name = create(Code={"ZipFile": package(app="def handler(event, context):\n    1 / 0\n")})["FunctionName"]
    answer = lambdas.invoke(FunctionName=name)
    assert answer["FunctionError"] == "Unhandled"
    assert json.loads(answer["Payload"].read())["errorType"] == "ZeroDivisionError"


def test_a_dry_run_only_checks(lambdas, name):
    assert lambdas.invoke(FunctionName=name, InvocationType="DryRun")["StatusCode"] == 204
    with pytest.raises(lambdas.exceptions.ResourceNotFoundException):
        lambdas.invoke(FunctionName="none", InvocationType="DryRun")


@pytest.mark.parametrize("payload", [b"{", b"\xff", b"[" * 100_000])
def test_a_payload_that_is_no_json_is_refused(lambdas, name, payload):
    with pytest.raises(lambdas.exceptions.InvalidRequestContentException, match="Could not parse request body"):
        lambdas.invoke(FunctionName=name, Payload=payload)


def encoded(value: object) -> str:
    return base64.b64encode(json.dumps(value).encode()).decode()


def test_what_a_client_says_of_itself_reaches_the_function(lambdas, create, package):
    code = "def handler(event, context):\n    return context.client_context.custom\n"
    name = create(Code={"ZipFile": package(app=code)})["FunctionName"]
    told = {"custom": {"name": "ä", "lines": "a\r\nb"}}
    answer = lambdas.invoke(FunctionName=name, ClientContext=encoded(told))
    assert json.loads(answer["Payload"].read()) == told["custom"]


@pytest.mark.parametrize("context", ["no base64", base64.b64encode(b"no JSON").decode()])
def test_a_client_context_that_is_none_is_refused(lambdas, name, context):
    with pytest.raises(lambdas.exceptions.InvalidRequestContentException, match="must be a valid Base64-encoded JSON"):
        lambdas.invoke(FunctionName=name, ClientContext=context)


@pytest.mark.parametrize(("kind", "limit"), [("RequestResponse", 6_291_456), ("Event", 1_048_576)])
def test_a_payload_that_is_too_large_is_refused(lambdas, name, kind, limit):
    with pytest.raises(lambdas.exceptions.RequestTooLargeException, match=f"smaller than {limit} bytes"):
        lambdas.invoke(FunctionName=name, InvocationType=kind, Payload=b'"' + b"x" * limit + b'"')


def test_an_event_is_run_after_the_answer(client, lambdas, name):
    answer = lambdas.invoke(FunctionName=name, InvocationType="Event", Payload=b"{}")
    assert answer["StatusCode"] == 202
    logs, group, found = client("logs"), f"/aws/lambda/{name}", []
    deadline = time.monotonic() + 20
    while not found and time.monotonic() < deadline:
        if logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]:
            found = logs.filter_log_events(logGroupName=group, filterPattern="REPORT")["events"]
        time.sleep(0.02)
    assert answer["ResponseMetadata"]["RequestId"] in found[0]["message"]


def test_an_event_waits_for_its_turn(client, lambdas, name):
    lambdas.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    lambdas.invoke(FunctionName=name, InvocationType="Event")
    lambdas.delete_function_concurrency(FunctionName=name)
    deadline = time.monotonic() + 20
    found: list = []
    while not found and time.monotonic() < deadline:
        found = client("logs").describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{name}")["logGroups"]
        time.sleep(0.02)
    assert len(found) == 1
