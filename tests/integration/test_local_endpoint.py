"""An unmodified boto3 client against the embedded endpoint, with real workers."""

import base64
import io
import json
import re
import time
import uuid
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from lambdabot.local.endpoint import Endpoint, serve
from lambdabot.local.region import Limits

ROLE = "arn:aws:iam::123456789012:role/any"
REPORT = re.compile(
    r"REPORT RequestId: (?P<id>\S+)\tDuration: (?P<duration>\d+\.\d\d) ms\tBilled Duration: (?P<billed>\d+) ms\t"
    r"Memory Size: (?P<memory>\d+) MB\tMax Memory Used: (?P<used>\d+) MB\t"
    r"(Init Duration: (?P<init>\d+\.\d\d) ms\t?)?(Waited: (?P<waited>\d+\.\d\d) ms\t?)?"
    r"(Status: (?P<status>\w+))?(\tError Type: (?P<type>\S+))?\n$"
)

HANDLER = """
import json, os, sys, time

calls = 0

def handler(event, context):
    global calls
    calls += 1
    print("hello", event)
    action = event.get("do")
    if action == "sleep":
        time.sleep(event["seconds"])
    elif action == "raise":
        raise ValueError("no such order")
    elif action == "exit":
        os._exit(3)
    elif action == "fill":
        event["held"] = None
        kept = bytearray(event["megabytes"] << 20)
        for page in range(0, len(kept), 4096):
            kept[page] = 1
    elif action == "large":
        return "x" * event["bytes"]
    return {
        "calls": calls,
        "pid": os.getpid(),
        "memory": context.memory_limit_in_mb,
        "version": context.function_version,
        "arn": context.invoked_function_arn,
        "stream": context.log_stream_name,
        "id": context.aws_request_id,
        "variable": os.environ.get("COLOUR"),
    }
"""


def package(source: str = HANDLER) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("app.py", source)
    return buffer.getvalue()


def client_of(endpoint: Endpoint, service: str, **options):
    return boto3.client(
        service,
        endpoint_url=endpoint.url,
        region_name="eu-west-1",
        **{
            "aws_access_key_id": endpoint.access_key,
            "aws_secret_access_key": "anything",
            "config": Config(retries={"total_max_attempts": 1}, max_pool_connections=20, read_timeout=60),
            **options,
        },
    )


@pytest.fixture(scope="module")
def endpoint():
    with serve() as endpoint:
        yield endpoint


@pytest.fixture(scope="module")
def lambdas(endpoint):
    return client_of(endpoint, "lambda")


@pytest.fixture(scope="module")
def logs(endpoint):
    return client_of(endpoint, "logs")


@pytest.fixture
def deploy(lambdas):
    """Return a maker of active functions, removed at the end."""
    names = []

    def make(source: str = HANDLER, **options) -> str:
        names.append(f"f-{uuid.uuid4().hex[:8]}")
        lambdas.create_function(
            FunctionName=names[-1],
            Runtime="python3.13",
            Role=ROLE,
            Handler="app.handler",
            Code={"ZipFile": package(source)},
            **{"MemorySize": 512, "Timeout": 10, **options},
        )
        settle(lambdas, names[-1])
        return names[-1]

    yield make
    for name in names:
        lambdas.delete_function(FunctionName=name)


def settle(lambdas, name: str) -> None:
    for waiter in ("function_active_v2", "function_updated_v2"):
        lambdas.get_waiter(waiter).wait(FunctionName=name, WaiterConfig={"Delay": 0.01})


def invoke(lambdas, name: str, event: dict | None = None, **options) -> dict:
    """Invoke and return the payload, the error, the REPORT's fields and the log's tail."""
    answer = lambdas.invoke(FunctionName=name, Payload=json.dumps(event or {}), LogType="Tail", **options)
    tail = base64.b64decode(answer["LogResult"]).decode()
    return {
        "payload": json.loads(answer["Payload"].read()),
        "error": answer.get("FunctionError"),
        "executed": answer["ExecutedVersion"],
        "id": answer["ResponseMetadata"]["RequestId"],
        "status": answer["StatusCode"],
        "tail": tail,
        "report": REPORT.search(tail),
    }


def test_cold_then_warm_as_lambda_reports_it(lambdas, deploy):
    name = deploy(Environment={"Variables": {"COLOUR": "blue"}})
    cold, warm = invoke(lambdas, name, {"n": 1}), invoke(lambdas, name)
    assert (cold["status"], cold["error"], cold["executed"]) == (200, None, "$LATEST")
    assert cold["payload"]["id"] == cold["id"] == cold["report"]["id"]
    assert cold["payload"]["variable"] == "blue"
    assert (cold["payload"]["memory"], cold["report"]["memory"]) in {("512", "512"), (512, "512")}
    assert cold["payload"]["arn"].endswith(f":function:{name}")
    lines = cold["tail"].splitlines()
    assert lines[0] == f"START RequestId: {cold['id']} Version: $LATEST"
    assert lines[1] == "hello {'n': 1}"
    assert lines[2] == f"END RequestId: {cold['id']}"
    duration, init = float(cold["report"]["duration"]), float(cold["report"]["init"])
    assert -0.011 < int(cold["report"]["billed"]) - (duration + init) < 1.01  # either is rounded to 0.01 ms
    assert warm["report"]["init"] is None
    assert warm["payload"]["pid"] == cold["payload"]["pid"]
    assert warm["payload"]["calls"] == 2
    assert 1 < int(warm["report"]["used"]) < 512


def test_an_update_replaces_the_environments(lambdas, deploy):
    name = deploy()
    before = invoke(lambdas, name)["payload"]
    lambdas.update_function_configuration(FunctionName=name, MemorySize=1024)
    settle(lambdas, name)
    after = invoke(lambdas, name)
    assert after["report"]["memory"] == "1024"
    assert after["report"]["init"] is not None
    assert after["payload"]["stream"] != before["stream"]
    lambdas.update_function_code(FunctionName=name, ZipFile=package("def handler(e, c):\n    return {'new': 1}\n"))
    settle(lambdas, name)
    assert invoke(lambdas, name)["payload"] == {"new": 1}


def test_versions_and_aliases_run_what_they_name(lambdas, deploy):
    name = deploy()
    lambdas.publish_version(FunctionName=name)
    lambdas.get_waiter("published_version_active").wait(FunctionName=name, Qualifier="1", WaiterConfig={"Delay": 0.01})
    lambdas.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    lambdas.update_function_configuration(FunctionName=name, MemorySize=256)
    settle(lambdas, name)
    old, new = invoke(lambdas, name, Qualifier="live"), invoke(lambdas, name)
    assert (old["executed"], old["report"]["memory"], old["payload"]["version"]) == ("1", "512", "1")
    assert (new["executed"], new["report"]["memory"]) == ("$LATEST", "256")
    with pytest.raises(lambdas.exceptions.ResourceNotFoundException):
        lambdas.invoke(FunctionName=name, Qualifier="9")


def test_concurrent_calls_get_environments_of_their_own_and_the_last_is_reused(lambdas, deploy):
    name = deploy()
    with ThreadPoolExecutor(3) as threads:
        wave = list(threads.map(lambda _: invoke(lambdas, name, {"do": "sleep", "seconds": 0.3}), range(3)))
    assert len({call["payload"]["stream"] for call in wave}) == 3
    again = [invoke(lambdas, name)["payload"]["stream"] for _ in range(3)]
    assert len(set(again)) == 1
    assert again[0] in {call["payload"]["stream"] for call in wave}


@dataclass(frozen=True, kw_only=True)
class Failure:
    """What a handler does, and what Lambda makes of it: in the payload, and in the REPORT's Status and Error Type."""

    event: dict
    options: dict = field(default_factory=dict)
    error_type: str
    message: str
    reported: tuple[str | None, str | None]


@pytest.mark.parametrize(
    "failure",
    [
        Failure(event={"do": "raise"}, error_type="ValueError", message="no such order", reported=(None, None)),
        Failure(
            event={"do": "exit"},
            error_type="Runtime.ExitError",
            message="Runtime exited with error: exit status 3",
            reported=("error", "Runtime.ExitError"),
        ),
        Failure(
            event={"do": "sleep", "seconds": 5},
            options={"Timeout": 1},
            error_type="Sandbox.Timedout",
            message="Task timed out after 1.00 seconds",
            reported=("timeout", None),
        ),
        Failure(
            event={"do": "fill", "megabytes": 300},
            options={"MemorySize": 128},
            error_type="Runtime.ExitError",
            message="Runtime exited with error: signal: killed",
            reported=("error", "Runtime.OutOfMemory"),
        ),
    ],
    ids=lambda failure: failure.event["do"],
)
def test_a_failure_is_told_as_lambda_tells_it(lambdas, deploy, failure):
    name = deploy(**failure.options)
    failed = invoke(lambdas, name, failure.event)
    assert (failed["status"], failed["error"]) == (200, "Unhandled")
    assert failed["payload"]["errorType"] == failure.error_type
    assert failure.message in failed["payload"]["errorMessage"]
    assert (failed["report"]["status"], failed["report"]["type"]) == failure.reported
    after = invoke(lambdas, name)
    assert after["error"] is None
    assert after["payload"]["calls"] == (2 if failure.reported == (None, None) else 1)


@pytest.mark.parametrize(
    ("source", "error_type"),
    [
        ("def handler(event, context:\n", "Runtime.UserCodeSyntaxError"),
        ("import nothing_of_this_name\n", "Runtime.ImportModuleError"),
        ("other = 1\n", "Runtime.HandlerNotFound"),
        ("def handler(event, context):\n    return object()\n", "Runtime.MarshalError"),
    ],
)
def test_code_that_cannot_run_is_named(lambdas, deploy, source, error_type):
    failed = invoke(lambdas, deploy(source))
    assert failed["error"] == "Unhandled"
    assert failed["payload"]["errorType"] == error_type


def test_payloads_are_limited_both_ways(lambdas, deploy):
    name = deploy()
    with pytest.raises(lambdas.exceptions.RequestTooLargeException, match="must be smaller than 6291456 bytes"):
        lambdas.invoke(FunctionName=name, Payload=b'"' + b"x" * 6_291_456 + b'"')
    answer = lambdas.invoke(FunctionName=name, Payload=json.dumps({"do": "large", "bytes": 6_291_450}))
    assert len(answer["Payload"].read()) == 6_291_452
    failed = invoke(lambdas, name, {"do": "large", "bytes": 6_300_000})
    assert failed["payload"]["errorType"] == "Function.ResponseSizeTooLarge"
    with pytest.raises(lambdas.exceptions.InvalidRequestContentException, match="Could not parse request body into"):
        lambdas.invoke(FunctionName=name, Payload=b"{no json")


def test_an_empty_payload_is_an_empty_event(lambdas, deploy):
    answer = lambdas.invoke(FunctionName=deploy("def handler(event, context):\n    return [event]\n"))
    assert json.loads(answer["Payload"].read()) == [{}]
    assert "LogResult" not in answer


def test_a_dry_run_runs_nothing(lambdas, logs, deploy):
    name = deploy()
    assert lambdas.invoke(FunctionName=name, InvocationType="DryRun")["StatusCode"] == 204
    assert logs.describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{name}")["logGroups"] == []


def test_an_event_runs_in_the_background(lambdas, logs, deploy):
    name = deploy()
    answer = lambdas.invoke(FunctionName=name, InvocationType="Event", Payload=b'{"n": 2}')
    assert (answer["StatusCode"], answer["Payload"].read()) == (202, b"")
    request_id = answer["ResponseMetadata"]["RequestId"]
    deadline = time.monotonic() + 20
    found: list = []
    while not found and time.monotonic() < deadline:
        time.sleep(0.05)
        if logs.describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{name}")["logGroups"]:
            asked = f'"REPORT RequestId: {request_id}"'
            found = logs.filter_log_events(logGroupName=f"/aws/lambda/{name}", filterPattern=asked)["events"]
    assert len(found) == 1
    with pytest.raises(lambdas.exceptions.RequestTooLargeException, match="1048576"):
        lambdas.invoke(FunctionName=name, InvocationType="Event", Payload=b'"' + b"x" * 1_048_576 + b'"')


def test_logs_tell_who_served(lambdas, logs, deploy):
    name = deploy()
    calls = [invoke(lambdas, name, {"n": n}) for n in range(2)]
    group = f"/aws/lambda/{name}"
    for call in calls:
        asked = f'"REPORT RequestId: {call["id"]}"'
        (event,) = logs.filter_log_events(logGroupName=group, filterPattern=asked)["events"]
        assert event["logStreamName"] == call["payload"]["stream"]
        assert REPORT.match(event["message"])["id"] == call["id"]
    stream = logs.describe_log_streams(logGroupName=group)["logStreams"][0]["logStreamName"]
    assert re.fullmatch(r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}", stream)
    events = logs.get_log_events(logGroupName=group, logStreamName=stream, startFromHead=True)["events"]
    assert [event["message"].split()[0] for event in events] == [
        "INIT_START",
        *["START", "hello", "END", "REPORT"] * 2,
    ]


def test_logs_go_to_the_group_that_is_asked_for(lambdas, logs, deploy):
    logs.create_log_group(logGroupName="/lambdabot/run", tags={"lambdabot:run": "1"})
    name = deploy(LoggingConfig={"LogGroup": "/lambdabot/run"})
    call = invoke(lambdas, name)
    streams = logs.describe_log_streams(logGroupName="/lambdabot/run")["logStreams"]
    assert [stream["logStreamName"] for stream in streams] == [call["payload"]["stream"]]
    assert f"/{name}[$LATEST]" in call["payload"]["stream"]
    assert logs.describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{name}")["logGroups"] == []
    logs.delete_log_group(logGroupName="/lambdabot/run")


def test_json_logs_are_objects(lambdas, deploy):
    source = "import logging\n\ndef handler(event, context):\n    logging.getLogger().warning('careful')\n"
    name = deploy(source, LoggingConfig={"LogFormat": "JSON"})
    answer = lambdas.invoke(FunctionName=name, LogType="Tail")
    documents = [json.loads(line) for line in base64.b64decode(answer["LogResult"]).splitlines()]
    assert documents[0]["type"] == "platform.start"
    assert documents[1]["message"] == "careful"
    assert documents[-1]["type"] == "platform.report"
    metrics = documents[-1]["record"]["metrics"]
    assert metrics["memorySizeMB"] == 512
    assert metrics["billedDurationMs"] >= metrics["durationMs"] + metrics["initDurationMs"]


def test_a_long_log_leaves_its_end_in_the_tail(lambdas, logs, deploy):
    name = deploy("def handler(event, context):\n    for n in range(1000):\n        print(n, 'x' * 100)\n")
    call = invoke(lambdas, name)
    assert len(call["tail"]) == 4096
    assert call["report"]["id"] == call["id"]
    found = logs.filter_log_events(logGroupName=f"/aws/lambda/{name}", filterPattern="xxx")["events"]
    assert len(found) == 1000


def test_the_account_limits_concurrency():
    with serve(limits=Limits(concurrency=2)) as endpoint:
        lambdas = client_of(endpoint, "lambda")
        lambdas.create_function(
            FunctionName="f",
            Runtime="python3.13",
            Role=ROLE,
            Handler="app.handler",
            Timeout=30,
            Code={"ZipFile": package()},
        )
        settle(lambdas, "f")
        with ThreadPoolExecutor(4) as threads:
            calls = [threads.submit(invoke, lambdas, "f", {"do": "sleep", "seconds": 2}) for _ in range(4)]
        errors = [call.exception() for call in calls if call.exception()]
        assert len(errors) == 2
        for error in errors:
            assert isinstance(error, lambdas.exceptions.TooManyRequestsException)
            assert error.response["Reason"] == "ConcurrentInvocationLimitExceeded"
            assert error.response["ResponseMetadata"]["HTTPHeaders"]["retry-after"] == "1"
        assert invoke(lambdas, "f")["error"] is None


def test_states_last_as_long_as_asked():
    with serve(limits=Limits(transition_seconds=0.3)) as endpoint:
        lambdas = client_of(endpoint, "lambda")
        lambdas.create_function(
            FunctionName="f", Runtime="python3.13", Role=ROLE, Handler="app.handler", Code={"ZipFile": package()}
        )
        with pytest.raises(lambdas.exceptions.ResourceConflictException, match="Pending"):
            lambdas.invoke(FunctionName="f")
        settle(lambdas, "f")
        lambdas.update_function_configuration(FunctionName="f", MemorySize=256)
        assert invoke(lambdas, "f")["report"]["memory"] == "128"
        settle(lambdas, "f")
        assert invoke(lambdas, "f")["report"]["memory"] == "256"


def test_a_hostile_handler_is_not_served(endpoint, lambdas, deploy):
    source = """
import http.client

def handler(event, context):
    connection = http.client.HTTPConnection(event["host"], timeout=5)
    found = []
    for headers in ({}, {"Authorization": event["authorization"]}):
        connection.request("GET", "/2015-03-31/functions", headers=headers)
        response = connection.getresponse()
        found.append([response.status, response.getheader("x-amzn-ErrorType")])
        response.read()
    return found
"""
    guess = "AWS4-HMAC-SHA256 Credential=LOCAL0/20261123/eu-west-1/lambda/aws4_request, SignedHeaders=x, Signature=y"
    event = {"host": endpoint.url.removeprefix("http://"), "authorization": guess}
    assert invoke(lambdas, deploy(source), event)["payload"] == [
        [403, "MissingAuthenticationTokenException"],
        [403, "UnrecognizedClientException"],
    ]


def test_the_access_key_is_nowhere_to_be_found_for_a_handler(endpoint, lambdas, deploy):
    source = """
import os
from pathlib import Path

def handler(event, context):
    found = [str(dict(os.environ))]
    for process in Path("/proc").glob("[0-9]*"):
        for name in ("environ", "cmdline"):
            try:
                found.append((process / name).read_bytes().decode(errors="replace"))
            except OSError:
                pass
    return "".join(found)
"""
    assert endpoint.access_key not in json.dumps(invoke(lambdas, deploy(source))["payload"])


def test_anyone_may_call_where_that_is_asked_for():
    with serve(anyone=True) as endpoint:
        assert endpoint.access_key is None
        assert client_of(endpoint, "lambda", aws_access_key_id="any").list_functions()["Functions"] == []
        with pytest.raises(ClientError, match="Missing Authentication Token"):
            client_of(endpoint, "lambda", aws_access_key_id="no key at all").list_functions()
