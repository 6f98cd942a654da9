"""Charts for the comment in mermaid's `xychart-beta`, which GitHub draws on the web; the table has their figures."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from lambdabot.model import Architecture
from lambdabot.report.table import Row

FEWEST_SIZES = 2
TEN_THOUSAND = 10_000
COLOURS = {Architecture.X86_64: "#2f6fde", Architecture.ARM64: "#e8710a"}
DOTS = {Architecture.X86_64: "🔵", Architecture.ARM64: "🟠"}
"""The legend: `xychart-beta` has none of its own."""

Figure = Callable[[Row], float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """One chart, ready to be written."""

    legend: Markup
    code: Markup


def charts(rows: Sequence[Row]) -> tuple[Chart, ...]:
    """Return cost and mean duration over memory: a line for each architecture that was measured at the same sizes."""
    figures: dict[str, Figure] = {
        "US$ per million invocations": lambda row: row.usd,
        "Mean duration (ms)": lambda row: row.mean_ms,
    }
    return tuple(chart for title, figure in figures.items() for chart in _chart(title, rows, figure))


def _chart(title: str, rows: Sequence[Row], figure: Figure) -> Iterator[Chart]:
    lines = {one: _line(rows, one, figure) for one in Architecture}
    sizes = max((tuple(line) for line in lines.values()), key=len)
    drawn = {one: line for one, line in lines.items() if tuple(line) == sizes}
    if len(sizes) < FEWEST_SIZES:
        return
    palette = ", ".join(COLOURS[one] for one in drawn)
    most = max(max(line.values()) for line in drawn.values())
    text = [
        f'%%{{init: {{"themeVariables": {{"xyChart": {{"plotColorPalette": "{palette}"}}}}}}}}%%',
        "xychart-beta",
        f'    title "{title}"',
        f'    x-axis "Memory (MB)" [{", ".join(map(str, sizes))}]',
        f"    y-axis 0 --> {_short(most * 1.1)}",
        *(f"    line [{', '.join(map(_short, line.values()))}]" for line in drawn.values()),
    ]
    yield Chart(
        legend=Markup(" ").join(f"{DOTS[one]} {one}" for one in drawn),
        code=Markup("\n".join(text)),  # noqa: S704  # figures and words of ours
    )


def _line(rows: Sequence[Row], architecture: Architecture, figure: Figure) -> dict[int, float]:
    found = {
        row.memory_mb: value
        for row in rows
        if not row.base and row.architecture == architecture and (value := figure(row)) is not None
    }
    return dict(sorted(found.items()))


def _short(value: float) -> str:
    """Return the value as mermaid reads it: without an exponent."""
    return f"{value:.4g}" if 1 <= value < TEN_THOUSAND else f"{value:.4f}" if value < 1 else f"{value:.0f}"
