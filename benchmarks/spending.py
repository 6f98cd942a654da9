"""What a run on AWS invokes, spends and takes, on the simulated Lambda."""

from statistics import fmean

from benchmarks.figures import Figures
from benchmarks.lambda_simulator.run import gate_plan, measure
from benchmarks.lambda_simulator.simulator import Account, Simulator
from benchmarks.lambda_simulator.workload import Workload
from lambdabot.model import Architecture, Configuration, Side

RUNS = 20
CURRENT = Configuration(memory_mb=512, architecture=Architecture.X86_64)
SWEEP = tuple(
    Configuration(memory_mb=size, architecture=one)
    for one in Architecture
    for size in (128, 256, 512, 1024, 1769, 3008)
)
FUNCTIONS = {
    "waits 20 ms": Workload(cpu_ms=2, waiting_ms=18),
    "computes 0.2 s": Workload(cpu_ms=60),
    "computes 2 s": Workload(cpu_ms=600),
}
"""Their durations at 512 MB."""

QUESTIONS = {"unchanged": (1.0, ()), "25 % slower": (1.25, ()), "unchanged, and a sweep": (1.0, SWEEP)}


def run(seed: int) -> Figures:
    """Return the averages of several runs each."""
    values: dict[str, float] = {}
    rows = []
    for words, work in FUNCTIONS.items():
        for question, (factor, sweep) in QUESTIONS.items():
            found = [_one(work, factor, sweep, seed + number) for number in range(RUNS)]
            calls, dollars, seconds = (fmean(column) for column in zip(*found, strict=True))
            name = f"spending.{words} {question}".replace(" ", "_").replace(",", "").replace("%", "percent")
            values |= {f"{name}.invocations": calls, f"{name}.usd": dollars, f"{name}.seconds": seconds}
            rows.append(f"| {words} | {question} | {calls:.0f} | ${dollars:.4f} | {seconds:.0f} s |")
    head = "| Function at 512 MB | Head against base | Invocations | Lambda's bill | Invoking |\n"
    head += "| --- | --- | ---: | ---: | ---: |"
    return Figures(values, "\n".join([head, *rows]))


def _one(work: Workload, factor: float, sweep: tuple[Configuration, ...], seed: int) -> tuple[int, float, float]:
    """Return a run's invocations, its dollars and the seconds of its waves, one after the other."""
    plan = gate_plan(CURRENT, sweep, seed=seed)
    slower = Workload(cpu_ms=work.cpu_ms * factor, waiting_ms=work.waiting_ms * factor)
    seen, _ = measure(plan, Simulator({Side.BASE: work, Side.HEAD: slower}, Account(), seed=seed))
    dollars = sum(plan.price(one.variant, one.billed_ms or 0) for one in seen)
    return len(seen), float(dollars), max(one.at_seconds for one in seen)
