"""The embedded endpoint beside other work: whether its intervals hold the truth, and whether it recommends the same.

The truth is the CPU law: a quota of memory/1,769 of each 20 ms, begun anywhere in its period, and a handler that only
computes. How much it computes is what the calls with a whole processor take, on this machine and at that hour.
"""

import io
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median
from typing import Any

from benchmarks.figures import Figures
from lambdabot.cli import main
from lambdabot.report.samples import load
from lambdabot.report.schema import FunctionSection, Report
from lambdabot.report.table import rows

LOADS = (0, 4, 12)  # processes that compute without end
FULL = 1769
PERIOD_MS = 20.0
PLACES = 50
SIZES = (512, 832, 1024, 1346, FULL)
TODAY = 1024
TRIALS = 10  # at each load; each has a ratio for every size but today's
RUNS = 20
FLIPS_AT = 4
LOOPS = {"covered": 400_000, "recommended": 170_000}  # about 40 and 18 ms at one vCPU
BUSY_LOOP = """
import os, threading, time

def watch(parent=os.getppid()):
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(0)

threading.Thread(target=watch, daemon=True).start()
while True:
    pass
"""
HANDLER = """
def handler(event, context):
    return sum(number * number % 7 for number in range({loops}))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of lambdabot: its part of report.json, and how long each warm call with a whole processor took."""

    section: FunctionSection
    whole_ms: tuple[float, ...]


def run(seed: int) -> Figures:
    """Measure the same function again and again beside ever more other work."""
    values: dict[str, float] = {}
    table = ["| beside | load | ratios | 99 % intervals that hold the truth | median half width | waited at most |"]
    table.append("| --- | ---: | ---: | ---: | ---: | ---: |")
    for loops in LOADS:
        with other_work(loops):
            runs = [measured("covered", SIZES, seed + trial) for trial in range(TRIALS)]
            average = os.getloadavg()[0]
        found = list(intervals(runs))
        held = values[f"local.coverage_load_{loops}"] = fmean(low <= truth <= high for low, truth, high in found)
        width = median((high - low) / 2 for low, _, high in found)
        waited = max(one.section.waited_share for one in runs)
        table.append(f"| {loops} loops | {average:.1f} | {len(found)} | {held:.1%} | ±{width:.0%} | {waited:.0%} |")
    with other_work(FLIPS_AT):
        runs = [measured("recommended", None, seed) for _ in range(RUNS)]
        average = os.getloadavg()[0]
    costs, picked = true_costs(runs), Counter(map(recommended, runs))
    above = {size: costs[size] / min(costs.values()) - 1 for size in picked}
    values["local.flips_of_20"] = float(RUNS - picked.most_common(1)[0][1])
    values["local.flips_worst_regret"] = max(above.values())
    table += ["", f"| recommended in {RUNS} runs of one seed beside {FLIPS_AT} loops | runs | above the best |"]
    table.append("| --- | ---: | ---: |")
    table += [f"| {size} MB | {count} | {above[size]:.1%} |" for size, count in picked.most_common()]
    return Figures(values, "\n".join([*table, "", f"Load then: {average:.1f}."]))


@contextmanager
def other_work(loops: int) -> Iterator[None]:
    """Keep the processors busy with so many processes, which end with this one whatever happens."""
    processes = [subprocess.Popen([sys.executable, "-I", "-S", "-c", BUSY_LOOP]) for _ in range(loops)]
    try:
        time.sleep(1)
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


def measured(name: str, sizes: tuple[int, ...] | None, seed: int) -> Run:
    """Run lambdabot on a function that computes; None: its default sizes."""
    function: dict[str, Any] = {
        "source": "src",
        "handler": "app.handler",
        "architectures": ["x86_64"],
        "current": {"memory_mb": TODAY},
    }
    if sizes:
        function["memory_mb"] = list(sizes)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # the worker is another user
        source, out = Path(folder, "src"), Path(folder, "out")
        source.mkdir()
        Path(source, "app.py").write_text(HANDLER.format(loops=LOOPS[name]))
        config = Path(folder, "lambdabot.yml")
        config.write_text(json.dumps({"version": 1, "functions": {name: function}}))
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()) as told:
            code = main(["run", "--config", str(config), "--endpoint", "local", "--out", str(out), "--seed", str(seed)])
        if code != 0:
            raise RuntimeError(told.getvalue())
        section = Report.model_validate_json((out / "report.json").read_text()).functions[0]
        calls = load(out / "samples.jsonl")[name]
    whole = [
        one.duration_ms
        for one in calls
        if one.variant.configuration.memory_mb == FULL and not one.cold and one.duration_ms is not None
    ]
    return Run(section=section, whole_ms=tuple(whole))


def intervals(runs: Sequence[Run]) -> Iterator[tuple[float, float, float]]:
    """Yield each interval of a cost against today's as low, truth, high."""
    costs = true_costs(runs)
    for one in runs:
        for row in rows(one.section):
            change = row.change
            if change is not None and change.low is not None and change.high is not None:
                yield change.low, costs[row.memory_mb] / costs[TODAY] - 1, change.high


def true_costs(runs: Sequence[Run]) -> dict[int, float]:
    """Return dollars per invocation by size, from what the calls with a whole processor took in all the runs."""
    whole = [one for each in runs for one in each.whole_ms]
    prices: Any = runs[0].section.plan["prices"]
    rate, fee = float(prices["gb_second"]["x86_64"]) / 1024 / 1000, float(prices["request"])
    sizes = {row.memory_mb for row in runs[0].section.measurements if row.cost_per_million_usd}
    # Billed time is in whole milliseconds, half of one more in the mean.
    return {size: (fmean(law(one, size) for one in whole) + 0.5) * size * rate + fee for size in sizes}


def law(cpu_ms: float, memory_mb: int) -> float:
    """Return how long so much CPU time takes in the mean, wherever in a period it begins."""
    share = memory_mb / FULL
    if share >= 1:
        return cpu_ms
    total = 0.0
    for place in range(PLACES):
        left, room, quota = cpu_ms, (place + 0.5) / PLACES * PERIOD_MS, share * PERIOD_MS
        while left > (spent := min(quota, room)):
            left, total, room, quota = left - spent, total + room, PERIOD_MS, share * PERIOD_MS
        total += left
    return total / PLACES


def recommended(one: Run) -> int:
    """Return the memory size that a run recommends."""
    if one.section.recommendation is None:
        raise RuntimeError(one.section.recommendation_reason)
    return one.section.recommendation.memory_mb
