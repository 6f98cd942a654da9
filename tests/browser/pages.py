"""Pages to look at, made of the runs of the report's tests and of invocations as such a run would see them."""

import random
from collections.abc import Iterator

from lambdabot.model import RunResult, Status
from lambdabot.report.document import document
from lambdabot.report.page import page
from lambdabot.report.thinning import ChartSamples


def page_of(run: RunResult, *, seed: int = 1) -> str:
    """Return the page of a run; it sees eighty invocations of every Variant, twelve of them cold."""
    samples = ChartSamples()
    for line in _invocations(run, random.Random(seed)):  # noqa: S311  # durations, no secrets
        samples.add(line)
    return page(document(run), samples)


def _invocations(run: RunResult, generator: random.Random) -> Iterator[dict[str, object]]:
    for function in run.functions:
        for one in function.measurements:
            if one.status is not Status.MEASURED:
                continue
            for index in range(80):
                yield {
                    "function": function.function.name,
                    "side": one.variant.side.value,
                    "memory_mb": one.variant.configuration.memory_mb,
                    "architecture": one.variant.configuration.architecture.value,
                    "outcome": "ok",
                    "duration_ms": one.mean_duration_ms * generator.lognormvariate(0, 0.1),
                    "init_ms": generator.gauss(212, 12) if index < 12 else None,
                }
