"""`lambdabot run` on real functions, through the embedded endpoint that really runs them."""

import errno
import json
import os
import platform
import textwrap
from decimal import Decimal
from pathlib import Path

import pytest

from lambdabot.cli import main

pytestmark = pytest.mark.skipif(
    platform.machine() != "x86_64", reason="the expected rows are those of an x86_64 machine"
)

BUSY = """
    import time

    def handler(event, context):
        end = time.process_time() + {seconds}
        while time.process_time() < end:
            pass
        return event
"""

ONE = """
    version: 1
    functions:
      busy:
        source: src
        handler: app.handler
        memory_mb: [512, 1024]
        current: {memory_mb: 512, architecture: x86_64}
        monthly_invocations: 1000000
        budget: {invocations: 120, minutes: 1}
"""


def test_a_function_is_measured_and_a_configuration_recommended(project, rows):
    project.write("src/app.py", BUSY.format(seconds=0.01))
    project.settings(ONE)

    code, report = project.run()

    assert code == 0
    measured = rows(report)["busy", "head", 512, "x86_64"]
    assert measured["status"] == "measured"
    assert measured["mean_duration_ms"] >= 10
    assert measured["cost_per_million_usd"]["low"] <= measured["cost_per_million_usd"]["value"]
    assert rows(report)["busy", "head", 512, "arm64"]["status"] == "estimated"
    (function,) = report["functions"]
    assert function["recommendation"]["architecture"] == "x86_64"
    assert function["recommendation"]["estimated"]
    assert report["endpoint"] == "local"
    assert report["spend"]["deployments_created"] == report["spend"]["deployments_removed"] == 2
    samples = [json.loads(line) for line in (project.out / "samples.jsonl").read_text().splitlines()]
    assert len(samples) == report["spend"]["invocations"]
    assert {one["cold"] for one in samples} == {True, False}
    (model,) = {one["cpu_model"] for one in samples}
    assert model in Path("/proc/cpuinfo").read_text()
    assert "Estimate: embedded endpoint" in project.comment


def test_the_decisions_of_a_run_are_taken_again_from_its_files(project, capsys):
    project.write("src/app.py", BUSY.format(seconds=0.05))
    project.write("base/src/app.py", BUSY.format(seconds=0.02))
    project.settings(ONE)
    _, report = project.run("--base", str(project.folder / "base"))  # replays too
    assert "busy: the same decisions in" in capsys.readouterr().out

    lines = (project.out / "samples.jsonl").read_text().splitlines()
    slower = [
        {**one, "billed_ms": 9 * one["billed_ms"]} if one["side"] == "base" else one for one in map(json.loads, lines)
    ]
    (project.out / "samples.jsonl").write_text("".join(json.dumps(one) + "\n" for one in slower))

    assert report["verdict"] == "regression"
    assert main(["replay", "--report", str(project.out / "report.json")]) == 1
    assert "comparison is another" in capsys.readouterr().out


def test_a_head_that_costs_twice_as_much_fails_the_gate(project):
    project.write("src/app.py", BUSY.format(seconds=0.05))
    project.write("base/src/app.py", BUSY.format(seconds=0.02))
    project.settings(ONE.replace("[512, 1024]", "[512]"))

    code, report = project.run("--base", str(project.folder / "base"))

    comparison = report["functions"][0]["comparison"]
    assert (code, report["verdict"]) == (1, "regression")
    assert comparison["cost_ratio"]["low"] > 1.1
    assert comparison["rounds"] == 2


def test_a_head_that_equals_its_base_is_not_compared_by_measuring(project, rows):
    project.write("src/app.py", BUSY.format(seconds=0.001))
    project.write("base/src/app.py", BUSY.format(seconds=0.001))
    project.settings(ONE)

    code, report = project.run("--base", str(project.folder / "base"))

    assert (code, report["verdict"]) == (0, "no change")
    assert all(side == "head" for _, side, _, _ in rows(report))


def test_a_function_that_the_base_lacks_is_said_to_be_new(project):
    project.write("src/app.py", BUSY.format(seconds=0.001))
    (project.folder / "base").mkdir()
    project.settings(ONE + "    gate: {not_measured: fail}\n")

    code, report = project.run("--base", str(project.folder / "base"))

    assert (code, report["verdict"]) == (1, "not measured")
    assert "does not have this function" in report["verdict_reason"]
    assert report["functions"][0]["new"]


def test_a_smaller_event_and_a_function_taken_out_hide_nothing(project, rows):
    for folder, seconds in (("", 0.05), ("base/", 0.02)):
        work = BUSY.format(seconds=f"({seconds} if event['n'] == 9 else 0.001)")
        project.write(f"{folder}src/app.py", work)
        project.write(f"{folder}gone/app.py", work)
    one = textwrap.dedent(ONE).replace("[512, 1024]", "[512]").replace("120", "200")
    event = "    payloads: [{{event: {{n: {}}}}}]\n"
    gone = "  gone: {source: gone, handler: app.handler}\n"
    project.write("base/lambdabot.yml", one + event.format(9) + gone)
    project.settings(one + event.format(1))

    code, report = project.run("--base", str(project.folder / "base"))

    busy, removed = report["functions"]
    found = rows(report)
    assert (code, report["verdict"]) == (1, "regression")
    assert busy["comparison"]["cost_ratio"]["low"] > 1.1
    means = {side: found["busy", side, 512, "x86_64"]["mean_duration_ms"] for side in ("head", "base")}
    assert means["head"] < means["base"]  # the head's of its own event, which takes a twentieth
    assert (removed["name"], removed["removed"], removed["measurements"]) == ("gone", True, [])
    assert removed["comparison"]["reason"].startswith("removed: the target branch measures it")
    assert any("changes `payloads` of `busy`" in note for note in report["notes"])
    assert "Not measured any more" in project.comment


def test_each_way_to_fail_is_reported_as_such_and_costs_nothing_else(project, rows):
    project.write("syntax/app.py", "def handler(event, context) return 1\n")
    project.write("missing/app.py", "import no_such_module\n\ndef handler(event, context):\n    return 1\n")
    project.write("exits/app.py", "import sys\n\ndef handler(event, context):\n    sys.exit(3)\n")
    project.write("hungry/app.py", "def handler(event, context):\n    return len(b'x' * 300_000_000)\n")
    project.write("sleeper/app.py", "import time\n\ndef handler(event, context):\n    time.sleep(60)\n")
    project.write("fine/app.py", "def handler(event, context):\n    return 1\n")
    project.settings("""
        version: 1
        defaults: {handler: app.handler, memory_mb: [128, 1024], architectures: [x86_64], budget: {invocations: 40}}
        functions:
          syntax: {source: syntax}
          missing: {source: missing}
          exits: {source: exits}
          hungry: {source: hungry, memory_mb: [128, 1024], timeout_seconds: 20}
          sleeper: {source: sleeper, timeout_seconds: 1}
          fine: {source: fine}
    """)

    code, report = project.run()

    found = rows(report)
    assert code == 0
    for name, words in {
        "syntax": "Runtime.UserCodeSyntaxError",
        "missing": "No module named 'no_such_module'",
        "exits": "exit status 3",
    }.items():
        for memory in (128, 1024):
            row = found[name, "head", memory, "x86_64"]
            assert row["status"] == "error"
            assert words in row["reason"]
    assert found["hungry", "head", 128, "x86_64"]["status"] == "out of memory"
    assert found["hungry", "head", 1024, "x86_64"]["status"] == "measured"
    assert found["sleeper", "head", 128, "x86_64"]["status"] == "timeout"
    assert "timed out after 1.00 seconds" in found["sleeper", "head", 128, "x86_64"]["reason"]
    assert found["fine", "head", 128, "x86_64"]["status"] == "measured"
    assert report["spend"]["deployments_removed"] == report["spend"]["deployments_created"] == 12


def test_where_nothing_could_be_measured_the_exit_says_so(project):
    project.write("src/app.py", "raise RuntimeError('at import')\n")
    project.settings(ONE)

    code, report = project.run()

    assert code == 3
    assert report["functions"][0]["recommendation"] is None


def test_a_size_that_the_machine_cannot_give_is_not_measured(project, rows):
    project.write("src/app.py", BUSY.format(seconds=0.001))
    project.settings(ONE.replace("[512, 1024]", "[512, 10240]"))

    code, report = project.run()

    row = rows(report)["busy", "head", 10240, "x86_64"]
    assert code == 0
    assert (row["status"], row["mean_duration_ms"]) == ("not measured", None)
    assert "vCPUs" in row["reason"]


def test_without_a_way_to_the_endpoint_the_report_still_says_what_it_can(project):
    project.write("src/app.py", BUSY.format(seconds=0.001))
    project.settings(ONE)

    code, report = project.run(endpoint="http://127.0.0.1:9")

    (function,) = report["functions"]
    assert code == 3
    assert "127.0.0.1:9" in function["error"]
    assert function["arm64"]["verdict"] == "ready"
    assert report["spend"]["deployments_created"] == 0


def test_what_cannot_be_packaged_is_a_reason_not_an_end(project, rows):
    project.write("src/app.py", BUSY.format(seconds=0.001))
    project.write("src/requirements.txt", "-e .\n")
    project.write("fine/app.py", "def handler(event, context):\n    return 1\n")
    project.settings(
        ONE + "      fine: {source: fine, handler: app.handler, memory_mb: [128], architectures: [x86_64]}\n"
    )

    code, report = project.run()

    assert code == 0
    broken = rows(report)["busy", "head", 512, "x86_64"]
    assert broken["status"] == "not measured"
    assert "requirements.txt:1: this is an editable requirement" in broken["reason"]
    assert rows(report)["fine", "head", 128, "x86_64"]["status"] == "measured"


def test_a_dry_run_says_what_would_happen_and_does_nothing(project, capsys):
    project.write("src/app.py", BUSY.format(seconds=0.001))
    project.settings(ONE)

    code = main(["run", "--config", str(project.folder / "lambdabot.yml"), "--endpoint", "local", "--dry-run"])

    said = capsys.readouterr().out
    assert code == 0
    assert "  Variants     3, base included" in said
    assert "  at most      120 invocations, $1.00, 1 minutes" in said
    assert "control-plane calls" in said
    assert not project.out.exists()


def test_nothing_starts_when_the_least_is_more_than_the_budget(project, capsys):
    project.write("src/app.py", BUSY.format(seconds=0.001))
    project.settings(ONE.replace("invocations: 120", "invocations: 5, usd: 0.000001"))

    code = main(["run", "--config", str(project.folder / "lambdabot.yml"), "--endpoint", "local"])

    said = capsys.readouterr().err
    assert code == 2
    assert "lambdabot.yml:4:3: `busy`: 2 Variants need 24 invocations for a first answer" in said
    assert "`budget.invocations` is 5" in said
    assert "if every call ran into the timeout of 30 s, and `budget.usd` leaves $0.000001" in said
    assert "deploying" not in said


def test_no_function_may_spend_the_dollars_that_another_had(project):
    project.write("src/app.py", BUSY.format(seconds=0.001))
    project.settings("""
        version: 1
        budget: {usd: 0.5}
        defaults: {handler: app.handler, memory_mb: [512], architectures: [x86_64], budget: {invocations: 30}}
        functions:
          first: {source: src}
          second: {source: src}
    """)

    code, report = project.run()

    first, second = (Decimal(one["plan"]["budget"]["usd"]) for one in report["functions"])
    assert code == 0
    assert first == Decimal("0.5")
    assert Decimal(0) < first - second < Decimal(str(report["spend"]["usd"]))


def test_todays_configuration_on_the_other_architecture_is_compared_but_only_an_estimate(project, rows):
    project.write("src/app.py", BUSY.format(seconds=0.05))
    project.write("base/src/app.py", BUSY.format(seconds=0.02))
    project.settings(ONE.replace("[512, 1024]", "[512]").replace("architecture: x86_64", "architecture: arm64"))

    code, report = project.run("--base", str(project.folder / "base"))

    assert (code, report["verdict"]) == (1, "regression")
    assert rows(report)["busy", "head", 512, "arm64"]["status"] == "estimated"
    assert rows(report)["busy", "base", 512, "arm64"]["status"] == "estimated"
    assert report["functions"][0]["recommendation"]["architecture"] == "x86_64"


def test_a_size_between_the_default_ones_is_deployed_when_it_promises_a_saving(project, rows):
    project.write(
        "src/app.py",
        """
        import time

        HELD = bytearray(b"x" * 140_000_000)

        def handler(event, context):
            time.sleep(0.05)
        """,
    )
    settings = ONE.replace("memory_mb: [512, 1024]", "architectures: [x86_64]").replace("512", "1024")
    project.settings(settings.replace("invocations: 120", "invocations: 300"))

    code, report = project.run()

    (function,) = report["functions"]
    default = {128, 256, 512, 1024, 1769, 3008}
    added = {memory for _, _, memory, _ in rows(report)} - default
    assert code == 0
    assert added
    assert function["recommendation"]["memory_mb"] == min(added)
    assert rows(report)["busy", "head", min(added), "x86_64"]["status"] == "measured"
    assert report["spend"]["deployments_created"] == report["spend"]["deployments_removed"] == len(default | added)


def test_what_nobody_foresaw_in_one_function_costs_no_other(project, rows, monkeypatch):
    from lambdabot.pipeline import arm64_check
    from lambdabot.pipeline import function as module

    def package(function, *arguments, **options):
        if function.name == "first":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(function, *arguments, **options)

    def check_function(*_, **__):
        msg = "odd"
        raise TypeError(msg)

    real = module.package
    monkeypatch.setattr(module, "package", package)
    monkeypatch.setattr(arm64_check, "check_function", check_function)
    project.write("src/app.py", BUSY.format(seconds=0.001))
    project.settings("""
        version: 1
        defaults: {handler: app.handler, memory_mb: [512], budget: {invocations: 60, minutes: 1}}
        functions:
          first: {source: src, current: {memory_mb: 512}}
          second: {source: src, current: {memory_mb: 512}}
    """)

    code, report = project.run()

    assert code == 0
    assert rows(report)["second", "head", 512, "x86_64"]["status"] == "measured"
    assert rows(report)["first", "head", 512, "x86_64"]["status"] == "not measured"
    assert "lambdabot failed: OSError: [Errno 28] No space left on device" in project.comment
    arm64 = next(one["arm64"] for one in report["functions"] if one["name"] == "second")
    assert arm64["verdict"] == "unknown"
    assert "lambdabot failed: TypeError: odd" in project.comment
