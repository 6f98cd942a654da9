"""Prices of Lambda by Region, from the bundled table."""

import json
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from lambdabot.model import Architecture, Prices


def prices(region: str) -> Prices:
    """Return the list prices of a Region, first tier, in US dollars; a Region that the table lacks gets us-east-1's.

    Source: AWS Price List, service `AWSLambda`, groups `AWS-Lambda-Duration[-ARM]`, `AWS-Lambda-Requests` and
    `AWS-Lambda-Storage-Duration`. Tier, free tier and savings plans of an account cannot be known here.
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
    )


@cache
def _table() -> Any:  # noqa: ANN401 - as json.loads returns it; the tests read every entry
    return json.loads(Path(__file__).with_name("prices.json").read_text())
