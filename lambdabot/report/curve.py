"""The picture of aws-lambda-power-tuning, by its own address format."""

import struct
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass

from lambdabot.model import Architecture, Measurement, Side, Status

PAGE = "https://lambda-power-tuning.show/#"
FEWEST_SIZES = 2


@dataclass(frozen=True, slots=True)
class _Line:
    name: str
    sizes: tuple[int, ...]
    times: tuple[float, ...]  # mean duration, ms
    costs: tuple[float, ...]  # dollars per invocation

    def parts(self) -> str:
        """Return `sizes;times;costs`: base64 of little-endian int16, float32, float32."""
        count = len(self.sizes)
        packed = (
            struct.pack(f"<{count}h", *self.sizes),
            struct.pack(f"<{count}f", *self.times),
            struct.pack(f"<{count}f", *self.costs),
        )
        return ";".join(b64encode(part).decode() for part in packed)


def curve_url(measurements: Sequence[Measurement]) -> str | None:
    """Return the address that shows the measured sizes of head, both architectures when both were measured.

    The form is `#sizes;times;costs`, or `#…1;…1;…1;…2;…2;…2;name1;name2` to compare two lines
    (aws-lambda-power-tuning, README-ADVANCED, "State machine output"). None when fewer than two sizes were measured.
    """
    lines = [line for one in Architecture if len((line := _line(measurements, one)).sizes) >= FEWEST_SIZES]
    match lines:
        case []:
            return None
        case [one]:
            return PAGE + one.parts()
        case _:
            return PAGE + ";".join([*(one.parts() for one in lines), *(one.name for one in lines)])


def _line(measurements: Sequence[Measurement], architecture: Architecture) -> _Line:
    points = sorted(
        (one.variant.configuration.memory_mb, one.mean_duration_ms, one.cost_per_million.value / 1e6)
        for one in measurements
        if one.variant.side is Side.HEAD
        and one.variant.configuration.architecture is architecture
        and one.status is Status.MEASURED
        and one.mean_duration_ms is not None
        and one.cost_per_million is not None
    )
    return _Line(
        name=architecture,
        sizes=tuple(size for size, _, _ in points),
        times=tuple(time for _, time, _ in points),
        costs=tuple(cost for _, _, cost in points),
    )
