import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdabot.aws.invoking.report_line import Report, find_report, parse_report

ID = "3604209a-e9a3-11e6-939a-754dd98c7be3"
PLAIN = (
    f"REPORT RequestId: {ID}\tDuration: 12.34 ms\tBilled Duration: 13 ms\tMemory Size: 128 MB\tMax Memory Used: 18 MB\t"
)

reports = st.builds(
    Report,
    request_id=st.just(ID),
    duration_ms=st.decimals(0, 900_000, places=2).map(float),
    billed_ms=st.integers(0, 900_000),
    memory_size_mb=st.integers(128, 10_240),
    max_memory_used_mb=st.integers(1, 10_240),
    init_ms=st.none() | st.decimals(0, 20_000, places=2).map(float),
    restore_ms=st.none() | st.decimals(0, 20_000, places=2).map(float),
    billed_restore_ms=st.none() | st.integers(0, 20_000).map(float),
    status=st.sampled_from([None, "timeout", "error"]),
    error_type=st.sampled_from([None, "Runtime.OutOfMemory", "Runtime.ExitError"]),
)
noise = st.text(max_size=200)


def as_text(report: Report) -> str:
    parts = [
        f"REPORT RequestId: {report.request_id}",
        f"Duration: {report.duration_ms:.2f} ms",
        f"Billed Duration: {report.billed_ms} ms",
        f"Memory Size: {report.memory_size_mb} MB",
        f"Max Memory Used: {report.max_memory_used_mb} MB",
    ]
    parts += [f"Init Duration: {report.init_ms:.2f} ms"] if report.init_ms is not None else []
    parts += [f"Restore Duration: {report.restore_ms:.2f} ms"] if report.restore_ms is not None else []
    parts += (
        [f"Billed Restore Duration: {report.billed_restore_ms:.0f} ms"] if report.billed_restore_ms is not None else []
    )
    parts += [f"Status: {report.status}"] if report.status else []
    parts += [f"Error Type: {report.error_type}"] if report.error_type else []
    return "\t".join(parts) + "\t"


def as_json(report: Report) -> str:
    metrics = {
        "durationMs": report.duration_ms,
        "billedDurationMs": report.billed_ms,
        "memorySizeMB": report.memory_size_mb,
        "maxMemoryUsedMB": report.max_memory_used_mb,
        "initDurationMs": report.init_ms,
        "restoreDurationMs": report.restore_ms,
        "billedRestoreDurationMs": report.billed_restore_ms,
    }
    record = {
        "requestId": report.request_id,
        "metrics": {name: value for name, value in metrics.items() if value is not None},
    }
    record |= {"status": report.status} if report.status else {}
    record |= {"errorType": report.error_type} if report.error_type else {}
    return json.dumps({"time": "2026-11-23T00:00:00.000Z", "type": "platform.report", "record": record})


@given(reports, noise, noise)
def test_text_is_found_between_foreign_lines(report, before, after):
    log = f"{before}\n{as_text(report)}\nXRAY TraceId: 1-5\tSegmentId: 5\tSampled: true\n{after}"
    assert find_report(log, ID) == report


@given(reports, noise, noise)
def test_json_is_found_between_foreign_lines(report, before, after):
    assert find_report(f"{before}\n{as_json(report)}\n{after}", ID) == report


@given(reports, st.integers(0, 400))
def test_a_tail_that_begins_inside_the_record_gives_the_record_or_nothing(report, cut):
    log = f"START RequestId: {ID} Version: $LATEST\n{as_text(report)}\n"
    assert find_report(log[cut:], ID) in {report, None}


@given(reports, reports)
def test_a_handler_that_prints_a_report_is_not_believed(fake, real):
    log = f"START RequestId: {ID}\n{as_text(fake)}\n{as_json(fake)}\nEND RequestId: {ID}\n{as_text(real)}\n"
    assert find_report(log, ID) == real


def test_the_report_of_another_request_is_not_taken():
    assert find_report(PLAIN, "another") is None
    assert find_report(f"{PLAIN.replace(ID, 'another')}", ID) is None


def test_absent_fields_are_none_and_never_zero():
    report = parse_report(PLAIN)
    assert report == Report(request_id=ID, duration_ms=12.34, billed_ms=13, memory_size_mb=128, max_memory_used_mb=18)
    assert report.init_ms is None


def test_what_the_embedded_endpoint_adds_is_read_in_both_forms():
    assert parse_report(f"{PLAIN}Waited: 3.21 ms\t").waited_ms == 3.21
    metrics = {"durationMs": 1, "billedDurationMs": 1, "memorySizeMB": 128, "maxMemoryUsedMB": 9, "waitedMs": 0.5}
    line = json.dumps({"type": "platform.report", "record": {"requestId": ID, "metrics": metrics}})
    assert parse_report(line).waited_ms == 0.5


def test_a_restore_is_read_beside_its_bill():
    report = parse_report(f"{PLAIN}Restore Duration: 312.40 ms\tBilled Restore Duration: 120 ms\t")
    assert (report.restore_ms, report.billed_restore_ms) == (312.4, 120)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "{",
        "[]",
        "{}",
        "null",
        '{"type": "platform.start", "record": {}}',
        '{"type": "platform.report"}',
        '{"type": "platform.report", "record": 7}',
        "[" * 100_000,
        "{" + '"a":{' * 100_000,
        f"REPORT RequestId: {ID}",
        "INIT_REPORT Init Duration: 10.2 ms\tPhase: init\tStatus: error",
        PLAIN.replace("12.34", "-1"),
        PLAIN.replace("12.34", "nan"),
        PLAIN.replace("12.34", "inf"),
        PLAIN.replace("Max Memory Used: 18", "Max Memory Used: 18.5"),
        PLAIN.replace("Duration: 12.34 ms", "Duration: soon"),
        as_json(parse_report(PLAIN)).replace("12.34", "true"),
        as_json(parse_report(PLAIN)).replace("12.34", "NaN"),
        as_json(parse_report(PLAIN)).replace(f'"{ID}"', "7"),
        as_json(parse_report(PLAIN)).replace("12.34", "1e999"),
        as_json(parse_report(PLAIN)).replace("12.34", "[1]"),
    ],
)
def test_what_is_no_report_is_none(line):
    assert parse_report(line) is None


@given(
    st.text()
    | st.recursive(st.none() | st.text() | st.integers(), lambda s: st.dictionaries(st.text(), s)).map(json.dumps)
)
def test_no_line_raises(line):
    parse_report(line)
