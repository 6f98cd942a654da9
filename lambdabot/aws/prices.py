"""Prices of Lambda by Region, from the bundled table."""

import json
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from lambdabot.model import Architecture, Prices


def prices(region: str) -> Prices:
    """Return the list prices of a Region, first tier, in US dollars; a Region that the table lacks gets us-east-1's.

    Source: AWS Price List, service `AWSLambda`, groups `AWS-Lambda-Duration[-ARM]`, `AWS-Lambda-Requests`,
    `AWS-Lambda-Storage-Duration`, `AWS-Lambda-Provisioned-Concurrency[-ARM]`, `AWS-Lambda-Duration-Provisioned[-ARM]`;
    SnapStart: AWS Lambda Pricing. Provisioned concurrency and SnapStart are us-east-1's in every Region. Tier, free
    tier and savings plans of an account cannot be known here.
    """
    table = _table()
    shared = table["shared"]
    own = table["regions"].get(region, {})
    source = "AWS Price List, bundled"
    if not own and region not in shared["regions"]:
        source = f"AWS Price List, bundled; us-east-1's prices, which most Regions share, stand in for {region}"
    figures = {**shared, **own}
    return Prices(
        region=region,
        published=table["published"],
        source=source,
        gb_second={architecture: Decimal(figures[architecture]) for architecture in Architecture},
        request=Decimal(figures["request"]),
        storage_gb_second=Decimal(figures["storage_gb_second"]),
        provisioned_gb_second={one: Decimal(figures[f"provisioned_{one}"]) for one in Architecture},
        provisioned_duration_gb_second={one: Decimal(figures[f"provisioned_duration_{one}"]) for one in Architecture},
        snap_start_cache_gb_second=Decimal(figures["snap_start_cache_gb_second"]),
        snap_start_restore_gb=Decimal(figures["snap_start_restore_gb"]),
    )


@cache
def _table() -> Any:  # noqa: ANN401 - as json.loads returns it; the tests read every entry
    return json.loads(Path(__file__).with_name("prices.json").read_text())
