"""The picture of aws-lambda-power-tuning, by its own address format."""

import struct
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lambdabot.model import Architecture, Measurement, Side, Status

PAGE = "https://lambda-power-tuning.show/#"
FEWEST_SIZES = 2


@dataclass(frozen=True, slots=True)
class _Line:
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
    """Return the address that shows the measured sizes of head, beside the other architecture or beside base.

    The form is `#sizes;times;costs`, or `#…1;…1;…1;…2;…2;…2;name1;name2` to compare two lines
    (aws-lambda-power-tuning, README-ADVANCED, "State machine output"); the page itself joins the sizes of both.
    None when fewer than two sizes of an architecture were measured.
    """
    swept = {one.value: _line(measurements, Side.HEAD, one) for one in Architecture}
    lines = {one: line for one, line in swept.items() if len(line.sizes) >= FEWEST_SIZES}
    if len(lines) == 1:
        [(architecture, head)] = lines.items()
        base = _line(measurements, Side.BASE, Architecture(architecture))
        return PAGE + (_compared({"head": head, "base": base}) if base.sizes else head.parts())
    return PAGE + _compared(lines) if lines else None


def _compared(lines: Mapping[str, _Line]) -> str:
    return ";".join([*(line.parts() for line in lines.values()), *lines])


def _line(measurements: Sequence[Measurement], side: Side, architecture: Architecture) -> _Line:
    points = sorted(
        (one.variant.configuration.memory_mb, one.mean_duration_ms, one.cost_per_million.value / 1e6)
        for one in measurements
        if one.variant.side is side
        and one.variant.configuration.architecture is architecture
        and one.status is Status.MEASURED
        and one.mean_duration_ms is not None
        and one.cost_per_million is not None
    )
    return _Line(
        sizes=tuple(size for size, _, _ in points),
        times=tuple(time for _, time, _ in points),
        costs=tuple(cost for _, _, cost in points),
    )
