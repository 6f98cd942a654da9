"""What is to be measured, and within which limits: all that the decisions depend on besides what was seen."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from lambdabot.measurement.noise import Noise, prior
from lambdabot.model import (
    Budget,
    Configuration,
    Constraints,
    Extras,
    Form,
    Payload,
    Prices,
    Side,
    Strategy,
    Variant,
)

ASSUMED_COLD_STARTS = 0.01
"""Their share of the calls where it is not known: "under 1 %" in production (AWS Compute Blog, Operating Lambda)."""

CALLS_OF_A_LIST = 4
"""Warm calls of each environment where every call gets another event: a list whose tenth event takes a hundred times as
long then has intervals at four environments that hold, by simulation; at one call it takes twenty."""

_MONTH_SECONDS = 730 * 3600  # as AWS's own pricing calculator has it


@dataclass(frozen=True, slots=True, kw_only=True)
class Aside:
    """What is invoked around each wave, outside of the measurement."""

    once: bool  # for each wave; else for each of its calls
    worst_usd: Decimal | None  # of one call of it at most; None: as much as a call that is measured


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One function's measurement as declared before anything is invoked.

    `variants` are all that are live at the start; where `refine` is true, sizes between them may join. The gate looks
    at head at `current` against base at `base`; `no_comparison` says why there is nothing to compare, `identical` that
    both sides are the same package and settings.
    `cut_short` says what ended the measurement before its time.
    `estimated` Configurations cannot be measured on this endpoint and are priced from the same memory size on the other
    architecture; `unavailable` Variants could not be deployed, with the reason.
    """

    function: str
    variants: tuple[Variant, ...]
    current: Configuration
    base: Configuration | None
    no_comparison: str = ""
    identical: bool = False
    cut_short: str = ""
    sweep: tuple[Configuration, ...]
    refine: bool = False
    estimated: tuple[Configuration, ...] = ()
    unavailable: Mapping[Variant, str]
    payloads: tuple[Payload, ...]
    gate_payloads: tuple[Payload, ...] = ()  # where the gate compares with others
    constraints: Constraints
    strategy: Strategy
    balanced_weight: float
    tie_tolerance_percent: float
    budget: Budget
    concurrency: int
    prices: Prices
    extras: Extras = field(default_factory=Extras)
    base_extras: Extras | None = None  # None: the same
    no_recommendation: str = ""  # why none is made of what is measured
    threshold_percent: float
    threshold_usd_monthly: float | None = None
    failures: Literal["fail", "warn"] | None = None  # of a head that fails more often; None: not looked at, as once
    monthly_invocations: int | None = None
    cold_start_share: float | None = None  # cold starts over calls in the real traffic; None: not known
    seed: int
    local: bool = False
    waiting_counted: bool = False  # of one machine: durations are without what its other work made calls wait
    timeout_seconds: int = 900  # Lambda's own limit; the worst case that the dollar budget is held against
    asides: tuple[Aside, ...] = ()  # which the dollar budget is held against too

    def noise(self, memory_mb: int) -> Noise:
        """Return what noise to expect at a memory size."""
        return prior(memory_mb, local=self.local, waiting_counted=self.waiting_counted)

    @property
    def weights(self) -> dict[str, float]:
        """Return each payload's share of the traffic; they add up to one."""
        return _shares(self.payloads)

    @property
    def gate_weights(self) -> dict[str, float]:
        """Return each payload's share of what the gate compares with."""
        return _shares(self.gate_payloads or self.payloads)

    def weights_of(self, side: Side) -> dict[str, float]:
        """Return the shares of the payloads that a side's Measurements are of; the base is there for the gate."""
        return self.gate_weights if side is Side.BASE else self.weights

    def called_with(self, variant: Variant) -> tuple[Payload, ...]:
        """Return what a Variant is invoked with: for the sweep, for the gate, or for both."""
        own = self.payloads if variant.side is Side.HEAD else ()
        gate = self.gate_payloads or self.payloads if variant in (self.pair or ()) else ()
        if own == gate or not gate:
            return own
        return tuple({one.name: one for one in (*own, *gate)}.values())

    def usual_payload(self, variant: Variant) -> str:
        """Return the payload that a Variant starts with."""
        payloads = self.gate_payloads if self.gate_payloads and variant in (self.pair or ()) else self.payloads
        return max(payloads, key=lambda payload: payload.weight).name

    @property
    def pair(self) -> tuple[Variant, Variant] | None:
        """Return the gate's Variants, base then head; None where there is nothing to measure for it."""
        if self.base is None or self.no_comparison or self.identical:
            return None
        base = Variant(side=Side.BASE, configuration=self.base)
        head = Variant(side=Side.HEAD, configuration=self.current)
        return (base, head) if {base, head} <= set(self.variants) else None

    def contest(self, seen: Iterable[Variant]) -> tuple[Variant, ...]:
        """Return the head Variants among which one is recommended: the swept ones, and those `seen` besides."""
        declared = set(self.variants)
        return (*self.swept, *(one for one in seen if one.side is Side.HEAD and one not in declared))

    @property
    def swept(self) -> tuple[Variant, ...]:
        """Return the head Variants that were declared for the sweep."""
        head = (Variant(side=Side.HEAD, configuration=configuration) for configuration in self.sweep)
        live = set(self.variants)
        return tuple(variant for variant in head if variant in live)

    def extras_of(self, side: Side) -> Extras:
        """Return what a side is billed for besides."""
        return self.base_extras if side is Side.BASE and self.base_extras is not None else self.extras

    def rate(self, configuration: Configuration, side: Side = Side.HEAD) -> float:
        """Return the dollars of one billed millisecond, ephemeral storage above 512 MB included.

        Where environments are kept ready, every invocation is taken to be served by one of them.
        """
        extras, prices = self.extras_of(side), self.prices
        by_architecture = prices.provisioned_duration_gb_second if extras.provisioned_concurrency else prices.gb_second
        storage_gb = max(0, extras.ephemeral_storage_mb - 512) / 1024
        compute = float(by_architecture[configuration.architecture]) * configuration.memory_mb / 1024
        return (compute + float(prices.storage_gb_second) * storage_gb) / 1000

    def fee(self, configuration: Configuration, side: Side = Side.HEAD) -> float:
        """Return the dollars of one invocation that do not depend on its duration.

        They are the request, and its share of what is paid for the memory size by the month (environments that are kept
        ready, SnapStart's cache), where the traffic is known; and of SnapStart's restores.
        """
        extras, prices, gb = self.extras_of(side), self.prices, configuration.memory_mb / 1024
        monthly = restores = 0.0
        if extras.provisioned_concurrency:
            ready = float(prices.provisioned_gb_second[configuration.architecture])
            monthly = extras.provisioned_concurrency * ready * gb * _MONTH_SECONDS
        if extras.snap_start:
            monthly += float(prices.snap_start_cache_gb_second) * gb * _MONTH_SECONDS
            restores = self.cold_starts * float(prices.snap_start_restore_gb) * gb
        return (
            float(prices.request) + restores + (monthly / self.monthly_invocations if self.monthly_invocations else 0)
        )

    @property
    def cold_starts(self) -> float:
        """Return the share of cold starts in the real traffic, known or assumed."""
        return ASSUMED_COLD_STARTS if self.cold_start_share is None else self.cold_start_share

    def cost(self, configuration: Configuration, billed_ms: float, side: Side = Side.HEAD) -> float:
        """Return the dollars of one invocation of the real function; statistics, not accounting, so a float."""
        return self.rate(configuration, side) * billed_ms + self.fee(configuration, side)

    def price(self, variant: Variant, billed_ms: float) -> Decimal:
        """Return the dollars of one invocation of a copy, which has none kept ready: for accounting."""
        storage_mb = self.extras_of(variant.side).ephemeral_storage_mb
        return self.prices.cost(variant.configuration, Decimal(billed_ms), ephemeral_storage_mb=storage_mb)


def calls_of(payload: Payload, calls: int) -> int:
    """Return how many warm calls with a payload an environment serves, where `calls` are worth it for one event."""
    return calls if payload.form is Form.EVENT else max(calls, CALLS_OF_A_LIST)


def _shares(payloads: tuple[Payload, ...]) -> dict[str, float]:
    total = float(sum(payload.weight for payload in payloads))
    if not total:
        return {payload.name: 1 / len(payloads) for payload in payloads}
    return {payload.name: float(payload.weight) / total for payload in payloads}
