"""A function's table: one line per Configuration, its cost against today's, and a bar."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING

from markupsafe import Markup

from lambdabot.model import Architecture, Side, Status
from lambdabot.report import numbers
from lambdabot.report.failing import failed

if TYPE_CHECKING:  # the process of a team's own template needs no pydantic
    from lambdabot.report.schema import EstimateSection, FunctionSection, IntervalSection, MeasurementSection

BAR_WIDTH = 10
NO_FIGURE = Markup("–")

EIGHTHS = " ▏▎▍▌▋▊▉█"


def bar(share: float, width: int) -> str:
    """Return a bar of `share` (0 to 1) of `width` characters, exact to an eighth; more than nothing is never empty."""
    eighths = max(round(min(share, 1.0) * width * 8), 1 if share > 0 else 0)
    full, rest = divmod(eighths, 8)
    return "█" * full + (EIGHTHS[rest] if rest else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A relative change with its interval; bounds are None where there are none."""

    value: float  # fraction: 0.18 is 18 % more
    low: float | None = None
    high: float | None = None

    def __str__(self) -> str:
        """Return `−38 % (−41 to −35)`."""
        return Markup("{} ({})").format(self.signed, self.interval) if self.interval else self.signed

    __html__ = __str__

    @property
    def interval(self) -> Markup | None:
        """Return `−41 to −35`."""
        if self.low is None or self.high is None:
            return None
        low, high = (numbers.signed_percent(100 * bound).removesuffix(" %") for bound in (self.low, self.high))
        return Markup("{} to {}").format(low, high)

    @property
    def signed(self) -> Markup:
        """Return `−38 %`."""
        return numbers.signed_percent(100 * self.value)

    @property
    def size(self) -> Markup:
        """Return `38 %`."""
        return numbers.percent(100 * self.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of a function's table: numbers for the charts, and their words once they are asked for."""

    configuration: str
    memory_mb: int
    architecture: str
    base: str  # what it is, where it is not the pull request's code: `target branch`
    today: bool
    recommended: bool
    tied: bool
    status: str
    change: Change | None
    share: float  # the cost over that of the dearest line
    note: str
    invocations: int
    environments: int
    mean_ms: float | None
    mean_bounds_ms: tuple[float, float] | None
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    init_ms: float | None
    memory_used_mb: int | None
    failed: str  # `2 of 9` calls; empty where none failed
    usd: float | None  # per million invocations
    low_usd: float | None
    high_usd: float | None

    @property
    def mean(self) -> Markup:
        """Return `461 ms`."""
        return _milliseconds(self.mean_ms)

    @property
    def p50(self) -> Markup:
        """Return the median."""
        return _milliseconds(self.p50_ms)

    @property
    def p95(self) -> Markup:
        """Return the 95th percentile."""
        return _milliseconds(self.p95_ms)

    @property
    def p99(self) -> Markup:
        """Return the 99th percentile."""
        return _milliseconds(self.p99_ms)

    @property
    def init(self) -> Markup:
        """Return the mean init duration."""
        return _milliseconds(self.init_ms)

    @property
    def memory_used(self) -> Markup:
        """Return `94 MB`."""
        return NO_FIGURE if self.memory_used_mb is None else Markup("{} MB").format(self.memory_used_mb)

    @property
    def cost(self) -> Markup:
        """Return `$4.74`."""
        return NO_FIGURE if self.usd is None else numbers.usd(self.usd)

    @property
    def interval(self) -> Markup | None:
        """Return the cost's interval: `$4.60 to $4.88`."""
        if self.low_usd is None or self.high_usd is None:
            return None
        return Markup("{} to {}").format(numbers.usd(self.low_usd), numbers.usd(self.high_usd))

    @property
    def bar(self) -> str:
        """Return the cost as a bar."""
        return bar(self.share, BAR_WIDTH)

    @property
    def notable(self) -> bool:
        """True for what a shortened table keeps."""
        return bool(self.base) or self.today or self.recommended or self.tied


def rows(one: "FunctionSection") -> tuple[Row, ...]:
    """Return the table's lines: base first, then head by architecture and size, so that the bars draw the curve."""
    measurements = sorted(
        one.measurements,
        key=lambda row: (row.side is not Side.BASE, row.architecture is not Architecture.X86_64, row.memory_mb),
    )
    most = max((row.cost_per_million_usd.value for row in measurements if row.cost_per_million_usd), default=0.0)
    today, best = one.current.configuration, one.recommendation and one.recommendation.configuration
    ties = {tie.configuration for tie in one.recommendation.ties} if one.recommendation else set()
    reference = next((row for row in measurements if row.side is Side.HEAD and row.configuration == today), None)
    reference_cost = reference and reference.cost_per_million_usd
    lines = []
    for row in measurements:
        head, cost = row.side is Side.HEAD, row.cost_per_million_usd
        recommended, change = head and row.configuration == best, None
        if cost and reference_cost and row is not reference:
            change = _of_the_gate(one, row) or _against(cost, reference_cost, row.status)
        lines.append(
            Row(
                configuration=str(row.configuration),
                memory_mb=row.memory_mb,
                architecture=row.architecture,
                base="" if head else one.base_is,
                today=head and row.configuration == today,
                recommended=recommended,
                tied=head and not recommended and row.configuration in ties,
                status=row.status,
                change=change,
                share=cost.value / most if cost and most > 0 else 0.0,
                note="" if row.status is Status.MEASURED else row.reason,
                invocations=row.invocations,
                environments=row.environments,
                mean_ms=row.mean_duration_ms,
                mean_bounds_ms=_bounds(row.mean_duration_interval_ms),
                p50_ms=row.p50_duration_ms,
                p95_ms=row.p95_duration_ms,
                p99_ms=row.p99_duration_ms,
                init_ms=row.mean_init_ms,
                memory_used_mb=row.max_memory_used_mb,
                failed=failed(row.failures),
                usd=cost.value if cost else None,
                low_usd=cost.low if cost else None,
                high_usd=cost.high if cost else None,
            )
        )
    return tuple(_merged(lines))


def _milliseconds(value: float | None) -> Markup:
    return NO_FIGURE if value is None else numbers.milliseconds(value)


def _merged(lines: Sequence[Row]) -> Iterator[Row]:
    """Yield the lines; those of one side and architecture that were not measured for the same reason become one."""
    same = groupby(
        lines, key=lambda row: (row.base, row.architecture, row.note) if row.status == "not measured" else row
    )
    for _, group in same:
        first, *others = group
        if others:
            sizes = f"{first.configuration.partition(' ')[0]} to {others[-1].configuration}"
            first = replace(first, configuration=sizes, today=any(row.today for row in (first, *others)))
        yield first


def _against(cost: "EstimateSection", todays: "EstimateSection", status: Status) -> Change:
    """Return the difference to today's cost; the interval is that of a ratio of independent estimates.

    Delta method on logarithms: half widths add in squares. An estimate is today's own duration at another price, so
    its interval would say nothing.
    """
    value = cost.value / todays.value if todays.value else 1.0
    own, reference = _half_width(cost), _half_width(todays)
    if status is not Status.MEASURED or own is None or reference is None:
        return Change(value=value - 1)
    width = math.hypot(own, reference)
    return Change(value=value - 1, low=value * math.exp(-width) - 1, high=value * math.exp(width) - 1)


def _of_the_gate(one: "FunctionSection", row: "MeasurementSection") -> Change | None:
    """Return the base's difference to today's as the gate found it, where it compared these two on the same events."""
    comparison, ratio = one.comparison, one.comparison.cost_ratio
    same = (
        row.side is Side.BASE
        and comparison.base is not None
        and row.configuration == comparison.base.configuration
        and comparison.head.configuration == one.current.configuration
        and not one.plan.get("gate_payloads")
    )
    if not same or ratio is None or ratio.value <= 0:
        return None
    low, high = (1 / bound - 1 if bound else None for bound in (ratio.high, ratio.low))
    return Change(value=1 / ratio.value - 1, low=low, high=high)


def _bounds(one: "IntervalSection | None") -> tuple[float, float] | None:
    return None if one is None or one.low is None or one.high is None else (one.low, one.high)


def _half_width(cost: "EstimateSection") -> float | None:
    low, high = cost.low, cost.high
    return math.log(high / low) / 2 if low and high and 0 < low <= high else None
