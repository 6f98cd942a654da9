"""What a function answers is part of its outcome: `lambdabot run` on functions that fail in their own ways."""

import html
import json
import platform

import pytest

pytestmark = pytest.mark.skipif(
    platform.machine() != "x86_64", reason="the expected rows are those of an x86_64 machine"
)

WORKS = """
    import json

    def handler(event, context):
        body = json.dumps({"n": sum(number % 7 for number in range(100_000))})
        return {"statusCode": 200, "body": body}
"""
ANSWERS_500 = """
    import json

    def handler(event, context):
        try:
            count = json.loads(event["body"])["count"]
        except KeyError as error:
            return {"statusCode": 500, "body": json.dumps({"error": str(error), "token": "do-not-quote"})}
"""
NOT_FOUND = """
    class NotFound(Exception):
        pass

    def handler(event, context):
        sum(number % 7 for number in range(100_000))
        if event["by"] == "exception":
            raise NotFound(event["by"])
        return {"statusCode": 404}
"""
BATCH = """
    def handler(event, context):
        return {"batchItemFailures": [{"itemIdentifier": "1"}]}
"""
FLAKY = """
    import itertools

    calls = itertools.count()

    def handler(event, context):
        sum(number % 7 for number in range(100_000))
        if next(calls) % 3 == 1:
            raise RuntimeError("the upstream hung up")
"""
RECORDS = """
    import os

    def handler(event, context):
        return os.environ["TABLE"], event["Records"]
"""
SETTINGS = """
    version: 1
    defaults:
      handler: app.handler
      memory_mb: [512, 1024]
      architectures: [x86_64]
      current: {memory_mb: 512}
      budget: {minutes: 1, invocations: 300}
    functions:
      api: {source: api, payloads: [{event: {body: "{}"}}]}
      batch: {source: batch, payloads: [{event: {Records: []}}]}
      flaky: {source: flaky, payloads: [{event: {}}]}
      missing:
        source: missing
        allowed_errors: [NotFound]
        payloads:
          - {name: raised, event: {by: exception}}
          - {name: answered, event: {by: status}, expect: {status: 404}}
      records: {source: records, environment: {TABLE: orders}}
"""


def test_what_functions_answer_decides_what_is_said_of_them(project, rows):
    alike = {"flaky": FLAKY, "missing": NOT_FOUND, "records": RECORDS}
    heads = {"api": ANSWERS_500, "batch": BATCH, **alike}
    bases = {"api": WORKS, "batch": WORKS, **alike}
    for name, code in heads.items():
        project.write(f"{name}/app.py", code)
        project.write(f"base/{name}/app.py", bases[name] + "    # as it was\n")
    project.settings(SETTINGS)
    project.write("base/lambdabot.yml", SETTINGS)

    code, report = project.run("--base", str(project.folder / "base"))

    assert code == 1
    found = {one["name"]: one for one in report["functions"]}
    verdicts = {name: one["comparison"]["verdict"] for name, one in found.items()}
    assert verdicts["api"] == verdicts["batch"] == "regression"
    assert verdicts["flaky"] != "regression"
    assert verdicts["missing"] not in {"regression", "not measured"}
    assert verdicts["records"] == "not measured"
    assert found["api"]["comparison"]["reason"] == "head failed 10 of 10 calls (HTTP 500: 'count'), base 0 of 10"
    assert found["api"]["recommendation"] is None
    assert "batchItemFailures: 1 record" in found["batch"]["comparison"]["reason"]
    assert rows(report)["api", "head", 1024, "x86_64"]["reason"] == "3 of 3 invocations: HTTP 500: 'count'"
    flaky = rows(report)["flaky", "head", 512, "x86_64"]
    assert flaky["status"] == "measured"
    assert flaky["failures"]["failed"] > 0
    assert flaky["failures"]["reason"].startswith("RuntimeError: the upstream hung up (app.py, line ")
    assert rows(report)["missing", "head", 512, "x86_64"]["failures"]["failed"] == 0
    assert "`{}`, an empty event, was sent" in found["records"]["diagnosis"]
    assert "- file: events/records.json" in found["records"]["diagnosis"]
    samples = [json.loads(line) for line in (project.out / "samples.jsonl").read_text().splitlines()]
    assert sum(one["function"] == "records" for one in samples) <= 12
    assert {one["error_type"] for one in samples if one["function"] == "api" and one["side"] == "head"} == {"HTTP 500"}
    assert "do-not-quote" not in json.dumps([report, samples]) + project.comment
    assert "Fails 10 of 10 calls, the base 0 of 10: HTTP 500: 'count'" in html.unescape(project.comment)
