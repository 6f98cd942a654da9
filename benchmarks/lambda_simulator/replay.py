"""Functions whose curves were measured on Lambda by others, replayed under simulated noise."""

import csv
import gzip
import json
import os
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean

import numpy as np

from lambdabot.model import Architecture, Configuration, Outcome


def shared_data() -> Path | None:
    """Return the folder of public data, None where it is absent (`LAMBDABOT_SHARED_DATA`, else beside the project)."""
    folder = Path(os.environ.get("LAMBDABOT_SHARED_DATA", Path(__file__).parents[3] / "shared" / "data"))
    return folder if folder.is_dir() else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """A measured curve: mean duration in milliseconds by Configuration."""

    name: str
    durations: Mapping[Configuration, float]
    init_ms: float = 150.0
    memory_mb: int = 60
    failures: Mapping[Configuration, tuple[Outcome, float]] = field(default_factory=dict)

    def duration_ms(self, configuration: Configuration, payload: str = "") -> float:  # noqa: ARG002  # one payload only
        """Return the measured mean."""
        return self.durations[configuration]


def replays(folder: Path) -> list[Replay]:
    """Return the functions of demystifying-serverless-costs (CPU-bound) and lambda-benchmark (S3 uploads)."""
    return [_demystifying(folder), *_mbwilding(folder)]


def random_sizes(replay: Replay, generator: np.random.Generator, count: int = 8) -> tuple[Configuration, ...]:
    """Return some of the sizes that were measured, the same on every architecture, the smallest and largest always."""
    sizes = sorted({one.memory_mb for one in replay.durations})
    inner = generator.choice(sizes[1:-1], size=count - 2, replace=False)
    chosen = {sizes[0], sizes[-1], *(int(size) for size in inner)}
    return tuple(sorted(one for one in replay.durations if one.memory_mb in chosen))


def _demystifying(folder: Path) -> Replay:
    times: dict[int, list[float]] = defaultdict(list)
    with gzip.open(folder / "demystifying_cpu" / "aws_memory_sweep.csv.gz", "rt") as file:
        for row in csv.DictReader(file):
            times[int(row["memory_mb"])].append(float(row["duration_ms"]))
    x86 = Architecture.X86_64
    curve = {Configuration(memory_mb=size, architecture=x86): fmean(values) for size, values in times.items()}
    return Replay(name="demystifying", durations=curve)


def _mbwilding(folder: Path) -> list[Replay]:
    found = []
    for path in sorted((folder / "mbwilding").glob("*.json")):
        for runtime, by_architecture in json.loads(path.read_text()).items():
            sizes = set.intersection(*({int(size) for size in by_size} for by_size in by_architecture.values()))
            curve = {
                Configuration(memory_mb=size, architecture=Architecture(architecture)): fmean(
                    call["duration"] for call in by_size[str(size)]
                )
                for architecture, by_size in by_architecture.items()
                for size in sizes
            }
            found.append(Replay(name=f"{path.stem} {runtime}", durations=curve))
    return found
