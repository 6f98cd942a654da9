"""A run that is interrupted at any moment leaves nothing on the endpoint."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import boto3
import pytest

from lambdabot.errors import InterruptionError
from lambdabot.local.endpoint import serve
from lambdabot.report.progress import LineProgress
from tests.spot_check import spot_check

MOMENTS, TRIED = 50, 10  # each takes seconds of waiting
LATEST_SECONDS = 4.0


@pytest.fixture
def endpoint():
    with serve(anyone=True) as endpoint:
        yield endpoint


def client(endpoint, service: str):
    return boto3.client(
        service,
        endpoint_url=endpoint.url,
        region_name="us-east-1",
        aws_access_key_id="anyone",
        aws_secret_access_key="anything",
    )


def interrupt(project, endpoint, after: float, number: signal.Signals, out: str) -> tuple[int, str]:
    """Return the exit status and what was printed."""
    process = subprocess.Popen(
        [sys.executable, "-m", "lambdabot", "run", "--endpoint", endpoint.url, "--out", str(project.folder / out),
         "--config", str(project.folder / "lambdabot.yml"), "--base", str(project.folder / "base")],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={"PATH": os.environ["PATH"], "HOME": str(project.folder)},
    )  # fmt: skip
    timer = threading.Timer(after, process.send_signal, [number])
    timer.start()
    try:
        printed, _ = process.communicate(timeout=120)
        return process.returncode, printed
    finally:
        timer.cancel()


def test_nothing_is_left_whenever_the_signal_comes(project, endpoint):
    project.write("src/app.py", "def handler(event, context):\n    return 1\n")
    project.write("base/src/app.py", "def handler(event, context):\n    return 2\n")
    for folder in ("", "base/"):
        project.write(f"{folder}shared/python/common.py", "")
    project.settings("""
        version: 1
        functions:
          one:
            source: src
            handler: app.handler
            layers: [shared]
            memory_mb: [128, 256]
            architectures: [x86_64, arm64]
    """)
    generator = random.Random(1)  # noqa: S311  # moments, no secrets
    moments = [
        (generator.uniform(0, LATEST_SECONDS), generator.choice([signal.SIGINT, signal.SIGTERM]))
        for _ in range(MOMENTS)
    ]

    with ThreadPoolExecutor(2) as pool:
        ends = list(
            pool.map(
                lambda trial: interrupt(project, endpoint, *trial[1], out=f"out-{trial[0]}"),
                enumerate(spot_check(moments, TRIED)),
            )
        )

    interrupted = {128 + signal.SIGINT, 128 + signal.SIGTERM, -signal.SIGINT, -signal.SIGTERM}
    finished = {0, 1}  # before its signal came; on a busy machine the gate may fail
    assert [end for end in ends if end[0] not in interrupted | finished] == []
    # A signal that meets the interpreter while it sets itself up ends it with 1, before a line of ours has run.
    early = "Fatal Python error: init_import_site"
    assert [printed for code, printed in ends if code == 1 and "### 🔴" not in printed and early not in printed] == []
    assert interrupted & {code for code, _ in ends}, "no signal came in time"
    assert client(endpoint, "lambda").list_functions()["Functions"] == []
    assert client(endpoint, "lambda").list_layers()["Layers"] == []
    assert client(endpoint, "logs").describe_log_groups()["logGroups"] == []


def test_an_interrupted_run_reports_what_it_has_and_what_it_removed(project, endpoint, monkeypatch):
    project.write("src/app.py", "import time\n\ndef handler(event, context):\n    time.sleep(event['seconds'])\n")
    project.settings("""
        version: 1
        functions:
          slow:
            source: src
            handler: app.handler
            memory_mb: [128, 256]
            architectures: [x86_64]
            payloads: [{name: slow, event: {seconds: 25}}]
            timeout_seconds: 30
    """)

    def end(interruption: InterruptionError) -> None:
        raise SystemExit(128 + interruption.signal_number)

    monkeypatch.setattr("lambdabot.door.end_now", end)
    invoked = threading.Event()
    wave = LineProgress.wave
    monkeypatch.setattr(LineProgress, "wave", lambda *arguments: (wave(*arguments), invoked.set()))
    threading.Thread(target=lambda: (invoked.wait(60), os.kill(os.getpid(), signal.SIGTERM)), daemon=True).start()

    with pytest.raises(SystemExit) as ended:
        project.run(endpoint=endpoint.url)

    report = json.loads((project.out / "report.json").read_text())
    assert ended.value.code == 143
    assert report["interrupted"]
    assert report["spend"]["deployments_created"] == report["spend"]["deployments_removed"] == 2
    assert {one["status"] for one in report["functions"][0]["measurements"]} == {"not measured"}
    assert client(endpoint, "lambda").list_functions()["Functions"] == []


def test_an_interruption_before_anything_was_created_still_reports(project, monkeypatch):
    project.write("src/app.py", "def handler(event, context):\n    return 1\n")
    project.settings("version: 1\nfunctions:\n  one: {source: src, handler: app.handler}\n")

    def end(interruption: InterruptionError) -> None:
        raise SystemExit(128 + interruption.signal_number)

    monkeypatch.setattr("lambdabot.door.end_now", end)
    monkeypatch.setattr("lambdabot.pipeline.run.pair_all", lambda *_, **__: os.kill(os.getpid(), signal.SIGINT))

    with pytest.raises(SystemExit) as ended:
        project.run()

    assert ended.value.code == 130
    assert json.loads((project.out / "report.json").read_text())["verdict_reason"] == "nothing was measured"
