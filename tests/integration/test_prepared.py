"""No two calls the same, and set-up and tear-down around them, on the embedded endpoint."""

import json
from collections import defaultdict

import pytest
from botocore.client import BaseClient

ONE = "memory_mb: [512], current: {memory_mb: 512}, architectures: [x86_64]"
REMEMBERING = """
SEEN = {{}}
def handler(event, context):
    if event["order"] not in SEEN:
        SEEN[event["order"]] = sum(i * i % 7 for i in range({work}))
    return SEEN[event["order"]]
"""


@pytest.fixture
def sent(monkeypatch):
    """Record the events of every call, by the name of the copy, in the order of the calls."""
    events: dict[str, list[dict]] = defaultdict(list)
    call = BaseClient._make_api_call

    def record(self, operation, parameters):
        if operation == "Invoke":
            events[parameters["FunctionName"]].append(json.loads(parameters["Payload"]))
        return call(self, operation, parameters)

    monkeypatch.setattr(BaseClient, "_make_api_call", record)
    return events


def of(sent: dict[str, list[dict]], text: str) -> list[dict]:
    """Return the events of the one copy whose name holds a text, and not that of a helper's."""
    (found,) = (events for name, events in sent.items() if text in name and ("-before-" in name) == ("before" in text))
    return found


def notes(report: dict) -> str:
    return "\n".join(report["functions"][0]["notes"])


def test_a_regression_that_a_memory_of_orders_hides_is_seen_with_a_placeholder(project, sent):
    for folder, work in (("src", 1_000_000), ("base/src", 10_000)):
        project.write(f"{folder}/app.py", REMEMBERING.format(work=work))
    settings = "version: 1\nfunctions: {pay: {source: src, handler: app.handler, %s, payloads: [{event: {order: %s}}]}}"

    def run(order: str):
        for folder in ("", "base/"):
            project.write(f"{folder}lambdabot.yml", settings % (ONE, order))
        return project.run("--base", str(project.folder / "base"))

    code, report = run("17")
    assert code == 0
    assert report["verdict"] != "regression"
    assert "times as long as later ones with the same event" in notes(report)

    sent.clear()
    code, report = run('"{{uuid}}"')

    assert (code, report["verdict"]) == (1, "regression")
    assert "times as long" not in notes(report)
    base, head = ([one["order"] for one in of(sent, f"-{side}-")] for side in ("base", "head"))
    assert len(set(base)) == len(base)
    assert len(set(head)) == len(head)
    assert set(base) <= set(head) or set(head) <= set(base)


def test_both_sides_draw_the_same_of_a_list_and_of_recorded_events(project, sent):
    project.write("src/app.py", "def handler(event, context): return 1\n")
    project.write("base/src/app.py", "def handler(event, context): return 2\n")
    for folder in ("", "base/"):
        lines = "".join(f'{{"line": {number}, "at": "{{{{now}}}}"}}\n' for number in range(50))
        project.write(f"{folder}events/orders.jsonl", lines)
        for name, text in {"1": '{"kept": "{{uuid}}"}', "2": '{"kept":  "{{uuid}}"}', "3": "oops"}.items():
            project.write(f"{folder}recorded/{name}.json", text)
        project.write(
            f"{folder}lambdabot.yml",
            f"""
            version: 1
            defaults: {{{ONE}, budget: {{invocations: 140}}}}
            functions:
              pay:
                source: src
                handler: app.handler
                payloads: [{{lines: events/orders.jsonl}}, {{sample: recorded}}]
            """,
        )

    _, report = project.run("--base", str(project.folder / "base"))

    base, head = ([one for one in of(sent, f"-{side}-") if "line" in one] for side in ("base", "head"))
    few, many = sorted(({json.dumps(one) for one in side} for side in (base, head)), key=len)
    assert len({one["line"] for one in base}) > 3
    assert few <= many  # the moment too
    kept = [one for events in sent.values() for one in events if "kept" in one]
    assert kept
    assert {one["kept"] for one in kept} == {"{{uuid}}"}
    assert "some are left out: 1 no JSON" in notes(report)


def test_set_up_and_tear_down_run_around_the_calls_inside_the_budget_and_in_no_figure(project, sent):
    project.write("src/app.py", "def handler(event, context): return event\n")
    project.write("seed/app.py", "import time\ndef handler(event, context): time.sleep(0.1)\n")
    project.settings(f"""
        version: 1
        defaults: {{{ONE}}}
        functions:
          pay:
            source: src
            handler: app.handler
            payloads: [{{event: {{order: "{{{{uuid}}}}"}}}}]
            before: {{function: seed, event: {{create: "{{{{uuid}}}}"}}}}
            after: {{event: {{drop: true}}, each: wave}}
            pause_ms: 1
          seed: {{source: seed, handler: app.handler}}
    """)

    code, report = project.run("--function", "pay")

    (function,) = report["functions"]
    (measured,) = (one for one in function["measurements"] if one["architecture"] == "x86_64")
    assert code == 0
    assert measured["mean_duration_ms"] < 50  # seed's sleep is in none of them
    seeded, own = of(sent, "pay-before"), of(sent, "-pay-")
    assert [one["create"] for one in seeded] == [one["order"] for one in own if "order" in one]
    assert own.count({"drop": True}) == len(seeded)  # waves of one call each, as there is a pause
    assert "`before` and `after` took" in notes(report)
    billed = sum(json.loads(line)["billed_ms"] for line in (project.out / "samples.jsonl").read_text().splitlines())
    assert report["spend"]["usd"] > 2 * billed * 512 / 1024 / 1000 * 0.0000166667
    assert report["spend"]["deployments_created"] == report["spend"]["deployments_removed"] == 2


def test_a_set_up_of_the_copy_itself_meets_the_environment_that_is_called(project, sent):
    project.write(
        "src/app.py",
        """
        SEEN = []
        def handler(event, context):
            if "reset" in event:
                SEEN.clear()
            elif SEEN:
                raise ValueError("not reset")
            else:
                SEEN.append(event)
        """,
    )
    project.settings(f"""
        version: 1
        functions:
          pay: {{source: src, handler: app.handler, {ONE}, before: {{event: {{reset: true}}}}}}
    """)

    _, report = project.run()

    (measured,) = (one for one in report["functions"][0]["measurements"] if one["architecture"] == "x86_64")
    (events,) = sent.values()
    assert measured["status"] == "measured"
    samples = [json.loads(line) for line in (project.out / "samples.jsonl").read_text().splitlines()]
    assert {one["outcome"] for one in samples} == {"ok"}
    assert all(one["aside_ms"] > 0 for one in samples)
    assert events == [{"reset": True}, {}] * (len(events) // 2)
    assert measured["mean_init_ms"] is not None  # cold calls are cold all the same


def test_a_set_up_that_fails_is_named_and_is_no_failure_of_the_function(project, sent):
    project.write("src/app.py", "def handler(event, context): return event\n")
    project.write("seed/app.py", "def handler(event, context): raise ValueError('no table')\n")
    project.settings(f"""
        version: 1
        defaults: {{{ONE}}}
        functions:
          pay: {{source: src, handler: app.handler, before: {{function: seed, each: wave}}}}
          seed: {{source: seed, handler: app.handler}}
    """)

    code, report = project.run("--function", "pay")

    (function,) = report["functions"]
    (measured,) = (one for one in function["measurements"] if one["architecture"] == "x86_64")
    assert (code, measured["status"]) == (3, "not measured")
    assert "`before` (seed) failed: error: ValueError: no table" in measured["reason"]
    assert "3 times in a row" in measured["reason"]
    assert sum(map(len, sent.values())) == 3
