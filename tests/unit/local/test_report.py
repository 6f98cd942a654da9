import base64
import json
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lambdabot.local.function import FunctionVersion
from lambdabot.local.report import InvocationLog
from lambdabot.local.worker.environment import InvokeResult

RESULT = InvokeResult(
    payload=b"{}",
    function_error=None,
    duration_ms=12.344,
    init_ms=None,
    max_memory_mb=36,
    status="ok",
    error_type=None,
    logs=b"",
    healthy=True,
    runtime="nodejs:20.20.2 of this machine",
)


@pytest.fixture
def version(code) -> FunctionVersion:
    return FunctionVersion(
        name="f",
        arn="",
        version="$LATEST",
        code=code,
        settings={"MemorySize": 128, "LoggingConfig": {"LogFormat": "Text", "LogGroup": "g"}},
        architecture="x86_64",
        last_modified="",
        revision_id="",
        ready_at=0,
        is_update=False,
    )


@pytest.fixture
def json_version(version) -> FunctionVersion:
    return replace(version, settings={**version.settings, "LoggingConfig": {"LogFormat": "JSON", "LogGroup": "g"}})


def log(version, **result) -> InvocationLog:
    return InvocationLog(version=version, request_id="1-2", result=replace(RESULT, **result), started=1000, ended=2500)


def lines(log: InvocationLog) -> list[str]:
    return [message for _, message in log.events()]


def test_a_warm_invocation(version):
    assert lines(log(version, logs=b"one\ntwo")) == [
        "START RequestId: 1-2 Version: $LATEST\n",
        "one\n",
        "two",
        "END RequestId: 1-2\n",
        (
            "REPORT RequestId: 1-2\tDuration: 12.34 ms\tBilled Duration: 13 ms\tMemory Size: 128 MB\t"
            "Max Memory Used: 36 MB\t\n"
        ),
    ]


def test_a_cold_one_is_billed_with_its_init(version):
    first, *_, last = lines(log(version, init_ms=100.5))
    assert first.startswith("INIT_START Runtime Version: nodejs:20.20.2 of this machine")
    assert "\tBilled Duration: 113 ms\t" in last
    assert last.endswith("\tInit Duration: 100.50 ms\t\n")


def test_billing_rounds_what_is_shown(version):
    assert log(version, duration_ms=12.000001).billed_ms == 12
    assert log(version, duration_ms=12.01).billed_ms == 13
    assert log(version, duration_ms=0.3, init_ms=0.7).billed_ms == 1


@pytest.mark.parametrize(
    ("result", "end"),
    [
        ({"status": "timeout", "error_type": "Sandbox.Timedout", "healthy": False}, "\tStatus: timeout\n"),
        (
            {"status": "error", "error_type": "Runtime.ExitError", "healthy": False},
            "\tStatus: error\tError Type: Runtime.ExitError\n",
        ),
        (
            {"status": "out of memory", "error_type": "Runtime.ExitError", "healthy": False},
            "\tStatus: error\tError Type: Runtime.OutOfMemory\n",
        ),
        ({"status": "error", "error_type": "ValueError", "healthy": True}, "Max Memory Used: 36 MB\t\n"),
    ],
)
def test_a_failure_says_so_unless_the_runtime_lives_on(version, result, end):
    assert lines(log(version, **result))[-1].endswith(end)


def test_json_lines_are_platform_events(json_version):
    start, line, report = lines(log(json_version, logs=b'{"message": 1}\n'))
    assert json.loads(start) == {
        "time": "1970-01-01T00:00:01.000Z",
        "type": "platform.start",
        "record": {"requestId": "1-2", "version": "$LATEST"},
    }
    assert line == '{"message": 1}\n'
    assert json.loads(report) == {
        "time": "1970-01-01T00:00:02.500Z",
        "type": "platform.report",
        "record": {
            "requestId": "1-2",
            "metrics": {"durationMs": 12.344, "billedDurationMs": 13, "memorySizeMB": 128, "maxMemoryUsedMB": 36},
            "status": "success",
        },
    }


def test_json_failures_and_cold_starts(json_version):
    first, *_, last = lines(log(json_version, init_ms=1.5, status="out of memory", error_type="x", healthy=False))
    assert json.loads(first)["type"] == "platform.initStart"
    record = json.loads(last)["record"]
    assert record["metrics"]["initDurationMs"] == 1.5
    assert (record["status"], record["errorType"]) == ("error", "Runtime.OutOfMemory")
    timeout = json.loads(lines(log(json_version, status="timeout", healthy=False))[-1])["record"]
    assert timeout["status"] == "timeout"
    assert "errorType" not in timeout


def test_a_long_line_is_cut_into_events(version):
    pieces = lines(log(version, logs=b"x" * 600_000))[1:-2]
    assert [len(piece) for piece in pieces] == [262_144, 262_144, 75_712]


def test_bytes_that_are_no_text_are_kept_readable(version):
    assert lines(log(version, logs=b"\xff\n"))[1] == "\ufffd\n"


@given(logs=st.binary(max_size=6000) | st.integers(3000, 9000).map(lambda size: b"line\n" * (size // 5)))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_tail_is_the_end_of_the_log(version, logs):
    one = log(version, logs=logs)
    tail = base64.b64decode(one.tail())
    whole = b"START RequestId: 1-2 Version: $LATEST\n" + logs
    whole += b"" if whole.endswith(b"\n") else b"\n"
    whole += "".join(lines(one)[-2:]).encode()
    assert tail == whole[-4096:]


def test_what_other_work_made_it_wait_stands_beside_the_duration_and_is_not_billed(version, json_version):
    assert "Duration: 12.34 ms\tBilled Duration: 13 ms\t" in lines(log(version, waited_ms=20.004))[-1]
    assert lines(log(version, waited_ms=20.004))[-1].endswith("\tWaited: 20.00 ms\t\n")
    metrics = json.loads(lines(log(json_version, waited_ms=20.004))[-1])["record"]["metrics"]
    assert (metrics["billedDurationMs"], metrics["waitedMs"]) == (13, 20.004)
    assert "waitedMs" not in json.loads(lines(log(json_version))[-1])["record"]["metrics"]
