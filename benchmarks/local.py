"""The embedded endpoint: how fast it answers, how truly a worker's CPU follows its memory size, also beside others."""

import http.client
import io
import json
import os
import random
import re
import statistics
import threading
import time
import zipfile
from base64 import b64decode
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3
from botocore.config import Config

from benchmarks import busy
from benchmarks.figures import Figures
from lambdabot.interpreters import OWN_PYTHON
from lambdabot.local.endpoint import Endpoint, serve
from lambdabot.local.region import Limits
from lambdabot.local.runtimes.available import unsupported
from tests import provided

REGION = "eu-west-1"
FULL = 1769  # MB; one vCPU
CPU_SIZES = (256, 512, 832, 1024)
IO_SIZES = (128, 256, 512, 1024)
CPU_MS = 450  # of work at one vCPU
IO_MS = 200  # that the upstream takes
CPU_ROUNDS = 9
IO_ROUNDS = 15
CALLS = 2_000
THREADS = 10
DURATION = re.compile(r"\tDuration: ([0-9.]+) ms\t")

CURVE_ROUNDS = 5
IN_NODEJS = """
exports.handler = async event => {
  if (event.loops === undefined) return null;
  const began = process.cpuUsage();
  let total = 0;
  for (let number = 0; number < event.loops; number++) total += number * number % 7;
  const { user, system } = process.cpuUsage(began);
  return (user + system) / 1000 + total * 0;
};
"""

Client = Any  # boto3 makes its clients at run time

HANDLER = """
import http.client, time

upstream = None

def handler(event, context):
    if "loops" in event:
        began, total = time.thread_time(), 0
        for number in range(event["loops"]):
            total += number * number
        return (time.thread_time() - began) * 1000
    if "upstream" in event:
        global upstream
        upstream = upstream or http.client.HTTPConnection(event["upstream"])
        upstream.request("GET", "/")
        return upstream.getresponse().read().decode()
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A size's median duration, its median ratio to a full vCPU's, and its median ratio to its own CPU time.

    The last one, None of work that waits, is what the endpoint answers for: a millisecond of CPU time does less work in
    a shared host's slow seconds, which the ratio of durations shows beside it.
    """

    duration_ms: float
    ratio: float
    to_cpu_time: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Runtime:
    """A runtime, with the same handler in its language; functions of each have names of their own."""

    identifier: str
    handler: str
    files: Mapping[str, str | bytes]
    prefix: str

    def name(self, size: int) -> str:
        """Return the name of its function of a memory size."""
        return f"{self.prefix}{size}"


PYTHON = Runtime(identifier=f"python{OWN_PYTHON}", handler="app.handler", files={"app.py": HANDLER}, prefix="f")


def others() -> dict[str, Runtime]:
    """Return the other runtimes that this machine has, by the name of their figures."""
    found = {}
    if not unsupported("nodejs22.x"):
        files = {"app.js": IN_NODEJS}
        found["nodejs"] = Runtime(identifier="nodejs22.x", handler="app.handler", files=files, prefix="node-")
    if not provided.missing():
        program = {"bootstrap": provided.bootstrap()}
        found["provided"] = Runtime(identifier="provided.al2023", handler="any", files=program, prefix="own-")
    return found


def run(seed: int) -> Figures:
    """Measure on this machine, sizes interleaved in random order."""
    load = os.getloadavg()[0]  # whoever else computes takes from the one size that needs a whole processor
    with serve(limits=Limits(concurrency=2 * THREADS)) as endpoint:
        client = _client(endpoint)
        _deploy(client, sorted({*CPU_SIZES, *IO_SIZES, FULL}))
        speed = _speed(endpoint, client)
        loops = _calibrated(client)
        generator = random.Random(seed)
        cpu = _compared(client, CPU_SIZES, {"loops": loops}, CPU_ROUNDS, generator, warm_up={"loops": 1})
        curves = _curves(client, loops, generator)
        with _upstream() as address:
            asking = {"upstream": address}  # the first time it connects
            waiting = _compared(client, IO_SIZES, asking, IO_ROUNDS, generator, warm_up=asking)
    cpu_errors = {size: comparison.ratio / (FULL / size) - 1 for size, comparison in cpu.items()}
    io_errors = {size: comparison.ratio - 1 for size, comparison in waiting.items()}
    quota_errors = {
        size: comparison.to_cpu_time / (FULL / size) - 1
        for size, comparison in cpu.items()
        if comparison.to_cpu_time is not None
    }
    values = {
        "local.invocations_per_second": speed["HTTP, one connection"],
        "local.cpu_law_worst_error": max(abs(error) for error in cpu_errors.values()),
        "local.cpu_law_worst_error_of_cpu_time": max(abs(error) for error in quota_errors.values()),
        "local.io_worst_error": max(abs(error) for error in io_errors.values()),
        **{f"local.curve.{name}": max(map(abs, curve.values())) for name, curve in curves.items()},
    }
    rows = ["| what | measured |", "| --- | --- |"]
    rows += [f"| invocations/s, trivial handler, {who} | {per_second:,.0f} |" for who, per_second in speed.items()]
    rows += [
        f"| the same loops, {size} MB: {cpu[size].duration_ms:,.0f} ms, against 1769/MB and the host's slow seconds | "
        f"{error:+.1%} |"
        for size, error in cpu_errors.items()
    ]
    rows += [
        f"| CPU-bound, {size} MB: duration to own CPU time, against 1769/MB | {error:+.1%} |"
        for size, error in quota_errors.items()
    ]
    rows += [
        f"| I/O-bound, {size} MB: {waiting[size].duration_ms:,.1f} ms, against {FULL} MB | {error:+.1%} |"
        for size, error in io_errors.items()
    ]
    rows += [
        f"| the same handler in {name}, {size} MB: duration to own CPU time, against Python's | {error:+.1%} |"
        for name, curve in curves.items()
        for size, error in curve.items()
    ]
    rows += ["", f"Machine: {endpoint.machine} Load before: {load:.1f}.", ""]
    beside_others = busy.run(seed)
    return Figures(values | beside_others.values, "\n".join([*rows, beside_others.table]))


def _curves(client: Client, loops: int, generator: random.Random) -> dict[str, dict[int, float]]:
    """Return by how much each size's duration to its own CPU time is off from that of the same handler in Python.

    All runtimes take turns, so that the host's slow seconds are everybody's.
    """
    runtimes, events = {"python": PYTHON, **others()}, {"python": {"loops": loops}}
    for name, runtime in runtimes.items():
        if name not in events:
            _deploy(client, sorted({*CPU_SIZES, FULL}), runtime)
            events[name] = {"loops": _calibrated(client, runtime)}
    ratios: dict[str, dict[int, list[float]]] = {name: {size: [] for size in CPU_SIZES} for name in runtimes}
    for number in range(CURVE_ROUNDS):
        for runtime in runtimes.values():
            for size in CPU_SIZES:
                _renew(client, size, -number - 1, {"loops": 1}, runtime)
        for size in generator.sample(CPU_SIZES, len(CPU_SIZES)):
            for name, runtime in generator.sample(sorted(runtimes.items()), len(runtimes)):
                timing = _timing(client, size, events[name], runtime)
                ratios[name][size].append(timing.duration_ms / (timing.cpu_ms or float("nan")))
    medians = {name: {size: statistics.median(of) for size, of in one.items()} for name, one in ratios.items()}
    python = medians.pop("python")
    return {name: {size: ratio / python[size] - 1 for size, ratio in one.items()} for name, one in medians.items()}


def _client(endpoint: Endpoint) -> Client:
    config = Config(max_pool_connections=THREADS, read_timeout=60, retries={"total_max_attempts": 1})
    return boto3.client(
        "lambda",
        endpoint_url=endpoint.url,
        region_name=REGION,
        aws_access_key_id=endpoint.access_key,
        aws_secret_access_key="any",  # noqa: S106  # the endpoint asks for the access key alone
        config=config,
    )


def _deploy(client: Client, sizes: list[int], runtime: Runtime = PYTHON) -> None:
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        for name, data in runtime.files.items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = 0o755 << 16
            archive.writestr(entry, data)
    for size in sizes:
        client.create_function(
            FunctionName=runtime.name(size),
            Runtime=runtime.identifier,
            Role="arn:aws:iam::123456789012:role/any",
            Handler=runtime.handler,
            Timeout=60,
            MemorySize=size,
            Code={"ZipFile": package.getvalue()},
        )
        client.get_waiter("function_active_v2").wait(FunctionName=runtime.name(size), WaiterConfig={"Delay": 0.01})
        _timing(client, size, {}, runtime)


def _renew(client: Client, size: int, number: int, warm_up: Mapping[str, object], runtime: Runtime) -> None:
    """Give a function a new environment, and a first call: Lambda keeps none over a change of the configuration."""
    name = runtime.name(size)
    client.update_function_configuration(FunctionName=name, Environment={"Variables": {"ROUND": str(number)}})
    client.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig={"Delay": 0.01})
    _timing(client, size, warm_up, runtime)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """One invocation: its REPORT's duration, and the CPU time that the handler counted itself."""

    duration_ms: float
    cpu_ms: float | None


def _timing(client: Client, size: int, event: Mapping[str, object], runtime: Runtime = PYTHON) -> Timing:
    answer = client.invoke(FunctionName=runtime.name(size), Payload=json.dumps(event), LogType="Tail")
    payload = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        raise RuntimeError(payload)
    found = DURATION.findall(b64decode(answer["LogResult"]).decode())
    return Timing(duration_ms=float(found[-1]), cpu_ms=payload if isinstance(payload, float) else None)


def _calibrated(client: Client, runtime: Runtime = PYTHON) -> int:
    """Return the loops that take CPU_MS at one vCPU, from fewer that take long enough to tell."""
    loops, took = 500_000, 0.0
    while took < CPU_MS / 10:
        loops *= 2
        took = min(_timing(client, FULL, {"loops": loops}, runtime).duration_ms for _ in range(5))
    return round(loops * CPU_MS / took)


def _compared(
    client: Client,
    sizes: tuple[int, ...],
    event: Mapping[str, object],
    rounds: int,
    generator: random.Random,
    *,
    warm_up: Mapping[str, object],
) -> dict[int, Comparison]:
    """Compare sizes with a full vCPU: each call with the two full ones around it, for the host has slow seconds.

    Every round has new environments, for the same loops take some percent more time in one process than in another.
    """
    timings: dict[int, list[Timing]] = {size: [] for size in sizes}
    ratios: dict[int, list[float]] = {size: [] for size in sizes}
    for number in range(rounds):
        for size in (*sizes, FULL):
            _renew(client, size, number, warm_up, PYTHON)
        before = _timing(client, FULL, event)
        for size in generator.sample(sizes, len(sizes)):
            timing = _timing(client, size, event)
            after = _timing(client, FULL, event)
            timings[size].append(timing)
            ratios[size].append(2 * timing.duration_ms / (before.duration_ms + after.duration_ms))
            before = after
    return {size: _comparison(timings[size], ratios[size]) for size in sizes}


def _comparison(timings: list[Timing], ratios: list[float]) -> Comparison:
    to_cpu_time = [timing.duration_ms / timing.cpu_ms for timing in timings if timing.cpu_ms]
    return Comparison(
        duration_ms=statistics.median(timing.duration_ms for timing in timings),
        ratio=statistics.median(ratios),
        to_cpu_time=statistics.median(to_cpu_time) if to_cpu_time else None,
    )


def _speed(endpoint: Endpoint, client: Client) -> dict[str, float]:
    """Return invocations per second of a bare connection, of one boto3 client, and of several threads of it."""
    scope = f"{endpoint.access_key}/20260101/{REGION}/lambda/aws4_request"
    headers = {"Authorization": f"AWS4-HMAC-SHA256 Credential={scope}", "X-Amz-Log-Type": "Tail"}
    connection = http.client.HTTPConnection(endpoint.url.removeprefix("http://"))

    def bare(_: int) -> None:
        connection.request("POST", f"/2015-03-31/functions/f{FULL}/invocations", b"{}", headers)
        connection.getresponse().read()

    def boto(_: int) -> None:
        client.invoke(FunctionName=f"f{FULL}", Payload=b"{}", LogType="Tail")["Payload"].read()

    speed = {}
    for who, call in (("HTTP, one connection", bare), ("boto3, one thread", boto)):
        started = time.perf_counter()
        for number in range(CALLS):
            call(number)
        speed[who] = CALLS / (time.perf_counter() - started)
    connection.close()
    started = time.perf_counter()
    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(boto, range(CALLS)))
    speed[f"boto3, {THREADS} threads"] = CALLS / (time.perf_counter() - started)
    return speed


@contextmanager
def _upstream() -> Iterator[str]:
    """Serve, on loopback, an upstream that takes its time."""

    class Slow(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:  # the name that http.server looks for
            time.sleep(IO_MS / 1000)
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # http.server's name
            """Write nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Slow)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
