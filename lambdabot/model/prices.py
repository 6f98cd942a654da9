"""What AWS charges in a Region."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from lambdabot.model.configuration import Architecture, Configuration


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """Prices of one Region: per GB-second by architecture, per request, per GB-second of extra ephemeral storage.

    Provisioned concurrency has two: what is kept ready, and the duration while it is. SnapStart's cache is paid per
    GB-second of each published version, its restores per GB; for Java both are free.
    """

    region: str
    published: str  # date of the price list, ISO 8601
    source: str
    gb_second: Mapping[Architecture, Decimal]
    request: Decimal
    storage_gb_second: Decimal
    provisioned_gb_second: Mapping[Architecture, Decimal] = field(default_factory=dict)
    provisioned_duration_gb_second: Mapping[Architecture, Decimal] = field(default_factory=dict)
    snap_start_cache_gb_second: Decimal = Decimal(0)
    snap_start_restore_gb: Decimal = Decimal(0)
    currency: str = "USD"

    def cost(
        self, configuration: Configuration, billed_ms: float | Decimal, *, ephemeral_storage_mb: int = 512
    ) -> Decimal:
        """Return what one invocation costs, request fee and storage above 512 MB included (AWS Lambda Pricing)."""
        per_gb = Decimal(billed_ms) / (1000 * 1024)
        compute = per_gb * configuration.memory_mb * self.gb_second[configuration.architecture]
        storage = per_gb * max(0, ephemeral_storage_mb - 512) * self.storage_gb_second
        return compute + storage + self.request

    def snapshot(self, configuration: Configuration) -> Decimal:
        """Return what SnapStart's cache of one published version costs: three hours are the least (AWS Lambda Pricing).

        Its restores are priced by `restore`. Both are free for Java.
        """
        return self.snap_start_cache_gb_second * configuration.memory_mb / 1024 * 3 * 3600

    def restore(self, configuration: Configuration) -> Decimal:
        """Return what one restore from a snapshot costs."""
        return self.snap_start_restore_gb * configuration.memory_mb / 1024
