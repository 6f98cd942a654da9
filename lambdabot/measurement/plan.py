"""What is to be measured, and within which limits: all that the decisions depend on besides what was seen."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from lambdabot.model import (
    Budget,
    Configuration,
    Constraints,
    Payload,
    Prices,
    Side,
    Strategy,
    Variant,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One function's measurement as declared before anything is invoked.

    `variants` are all that are live at the start; where `refine` is true, sizes between them may join. The gate looks
    at head at `current` against base at `base`; `no_comparison` says why there is nothing to compare, `identical` that
    both sides are the same package and settings.
    `estimated` Configurations cannot be measured on this endpoint and are priced from the same memory size on the other
    architecture; `unavailable` Variants could not be deployed, with the reason.
    """

    function: str
    variants: tuple[Variant, ...]
    current: Configuration
    base: Configuration | None
    no_comparison: str = ""
    identical: bool = False
    sweep: tuple[Configuration, ...]
    refine: bool = False
    estimated: tuple[Configuration, ...] = ()
    unavailable: Mapping[Variant, str]
    payloads: tuple[Payload, ...]
    constraints: Constraints
    strategy: Strategy
    balanced_weight: float
    tie_tolerance_percent: float
    budget: Budget
    concurrency: int
    prices: Prices
    ephemeral_storage_mb: int = 512
    base_ephemeral_storage_mb: int | None = None  # None: the same
    threshold_percent: float
    threshold_usd_monthly: float | None = None
    monthly_invocations: int | None = None
    cold_start_share: float | None = None  # of the real traffic; None: not known
    seed: int
    local: bool = False
    timeout_seconds: int = 900  # Lambda's own limit; the worst case that the dollar budget is held against

    @property
    def weights(self) -> dict[str, float]:
        """Return each payload's share of the traffic; they add up to one."""
        total = float(sum(payload.weight for payload in self.payloads))
        if not total:
            return {payload.name: 1 / len(self.payloads) for payload in self.payloads}
        return {payload.name: float(payload.weight) / total for payload in self.payloads}

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

    def storage_mb(self, side: Side) -> int:
        """Return the ephemeral storage of a side."""
        if side is Side.BASE and self.base_ephemeral_storage_mb is not None:
            return self.base_ephemeral_storage_mb
        return self.ephemeral_storage_mb

    def rate(self, configuration: Configuration, side: Side = Side.HEAD) -> float:
        """Return the dollars of one billed millisecond, ephemeral storage above 512 MB included, request fee not."""
        storage_gb = max(0, self.storage_mb(side) - 512) / 1024
        gb = configuration.memory_mb / 1024
        compute = float(self.prices.gb_second[configuration.architecture]) * gb
        return (compute + float(self.prices.storage_gb_second) * storage_gb) / 1000

    def cost(self, configuration: Configuration, billed_ms: float, side: Side = Side.HEAD) -> float:
        """Return the dollars of one invocation; statistics, not accounting, so a float."""
        return self.rate(configuration, side) * billed_ms + float(self.prices.request)

    def price(self, variant: Variant, billed_ms: float) -> Decimal:
        """Return the dollars of one invocation, request fee and ephemeral storage included: for accounting."""
        storage_mb = self.storage_mb(variant.side)
        return self.prices.cost(variant.configuration, Decimal(billed_ms), ephemeral_storage_mb=storage_mb)
