"""CPU time from the start of the program to `--help`, and of the action to its first API call."""

import os
import statistics
import subprocess
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from benchmarks.figures import Figures

RUNS = 7
SETTINGS = """version: 1
functions:
  hello:
    source: src
    handler: app.handler
"""


def run(seed: int) -> Figures:  # noqa: ARG001  # nothing here is random
    """Return the median of several processes, each accounted by the operating system."""
    help_seconds = statistics.median(_cpu_seconds([sys.executable, "-m", "lambdabot", "--help"]) for _ in range(RUNS))
    first_call = statistics.median(_to_first_call() for _ in range(RUNS))
    table = (
        "| way | CPU seconds (median of 7) |\n| --- | ---: |\n"
        f"| `lambdabot --help` | {help_seconds:.2f} |\n| the action to its first API call | {first_call:.2f} |"
    )
    return Figures({"startup.cpu_seconds": first_call, "startup.help_cpu_seconds": help_seconds}, table)


def _cpu_seconds(command: list[str], **options: object) -> float:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options)  # type: ignore[call-overload]  # options are Popen's own
    _, _, usage = os.wait4(process.pid, 0)
    process.returncode = 0
    return float(usage.ru_utime + usage.ru_stime)


def _to_first_call() -> float:
    """Let the action meet a server that reads its CPU clock at the first request, then refuses."""
    seen: list[float] = []
    process: subprocess.Popen[bytes]

    class Refuse(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            fields = Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
            seen.append((int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"))
            self.send_response(403)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_POST = do_GET  # noqa: N815  # the name is http.server's

        def log_message(self, *_: object) -> None:
            """Keep the benchmark's output to its table."""

    server = HTTPServer(("127.0.0.1", 0), Refuse)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "src")
        source.mkdir()
        Path(source, "app.py").write_text("def handler(event, context):\n    return 1\n")
        Path(folder, "lambdabot.yml").write_text(SETTINGS)
        environment = {
            "PATH": os.environ["PATH"],
            "GITHUB_ACTIONS": "true",
            "GITHUB_WORKSPACE": folder,
            "GITHUB_EVENT_NAME": "push",
            "RUNNER_TEMP": folder,
            "INPUT_ENDPOINT": f"http://127.0.0.1:{server.server_port}",
            "INPUT_AWS-REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "example",
        }
        program = [sys.executable, str(Path("entrypoint.py").resolve())]
        process = subprocess.Popen(
            program, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        process.wait(timeout=60)
    server.shutdown()
    if not seen:
        msg = "the action made no API call"
        raise RuntimeError(msg)
    return seen[0]
