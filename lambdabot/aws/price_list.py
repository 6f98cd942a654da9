"""Prices of Lambda from AWS's public Price List: one file per Region, without credentials, kept for a day.

Format: AWS Billing User Guide, "Reading the price list files". Traps: rows of the location `Any` are the free tier, at
0; of the tiers the first begins at "0"; a group's name is the beginning of others' names.
"""

import json
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from lambdabot import output
from lambdabot.aws.calls.threads import start
from lambdabot.aws.prices import prices
from lambdabot.errors import UsageError
from lambdabot.model import Architecture, Prices

ADDRESS = "https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws/AWSLambda/current/{region}/index.json"
CHINA = "https://pricing.cn-north-1.amazonaws.com.cn/offers/v1.0/cn/AWSLambda/current/{region}/index.json"
_FRESH_SECONDS = 24 * 3600
_PATIENCE_SECONDS = 4.0  # then the run goes on with the bundled table
_READ_SECONDS = 3
_MOST_BYTES = 32 * 1024 * 1024
_PIECE = 1 << 16
_CURRENCIES = ("USD", "CNY")

_GROUPS = {
    "AWS-Lambda-Duration": "x86_64",
    "AWS-Lambda-Duration-ARM": "arm64",
    "AWS-Lambda-Requests": "request",
    "AWS-Lambda-Storage-Duration": "storage",
    "AWS-Lambda-Provisioned-Concurrency": "provisioned x86_64",
    "AWS-Lambda-Provisioned-Concurrency-ARM": "provisioned arm64",
    "AWS-Lambda-Duration-Provisioned": "provisioned duration x86_64",
    "AWS-Lambda-Duration-Provisioned-ARM": "provisioned duration arm64",
}
_NEEDED = ("x86_64", "arm64", "request")


class NoPricesError(Exception):
    """The price list could not be had or read; the message says why."""


def latest(region: str, *, cache: Path, address: str | None = None) -> Prices:
    """Return a Region's list prices as AWS publishes them, asked once a day.

    When there is no answer within four seconds, those of an earlier day, else the bundled ones, and it says so.
    """
    kept = cache / "prices" / f"{region}.json"
    if time.time() - _written(kept) < _FRESH_SECONDS and (found := _kept(kept, region)):
        return found
    address = address or (CHINA if region.startswith("cn-") else ADDRESS).format(region=region)
    try:
        content = start(lambda: _fetch(address)).result(timeout=_PATIENCE_SECONDS)
        found = _read(content, region)
    except (NoPricesError, TimeoutError) as error:
        why = str(error) or f"no answer within {_PATIENCE_SECONDS:.0f} s"
        earlier = _kept(kept, region) or prices(region)
        return replace(earlier, source=f"{earlier.source}; the Price List could not be read today: {why}")
    _keep(kept, content)
    return found


def _written(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _kept(path: Path, region: str) -> Prices | None:
    """Return what an earlier run kept, if it can still be read."""
    try:
        return _read(path.read_bytes(), region)
    except (OSError, NoPricesError):
        return None


def _keep(path: Path, content: bytes) -> None:
    """Write the file whole or not at all; where it cannot be kept, the next run asks again."""
    with suppress(OSError, UsageError), output.opened(path.parent, None) as folder:
        folder.write(path.name, content)


def _fetch(address: str) -> bytes:
    import requests  # noqa: PLC0415 - 0.1 s that come after the run's first API call

    parts = bytearray()
    try:
        with requests.get(address, timeout=_READ_SECONDS, stream=True) as response:
            response.raise_for_status()
            for piece in response.iter_content(_PIECE):
                parts += piece
                if len(parts) > _MOST_BYTES:
                    message = "it is larger than any price list"
                    raise NoPricesError(message)
    except requests.RequestException as error:
        status = getattr(error.response, "status_code", None)
        message = f"HTTP {status}" if status else type(error).__name__
        raise NoPricesError(message) from error
    return bytes(parts)


def _read(content: bytes, region: str) -> Prices:
    """Return what a price list file says of a Region; Decimal throughout, as the file writes them."""
    try:
        document = json.loads(content)
        published = datetime.fromisoformat(document["publicationDate"]).astimezone(UTC).date().isoformat()
        found = dict(_figures(document, region))
        currency = {unit for unit, _ in found.values()}
        amounts = {name: amount for name, (_, amount) in found.items()}
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError) as error:
        message = f"it has another form than is known ({type(error).__name__})"
        raise NoPricesError(message) from error
    missing = [name for name in _NEEDED if not amounts.get(name)]
    if missing or len(currency) != 1:
        message = f"it has no price for {', '.join(missing)} in {region}" if missing else "it mixes currencies"
        raise NoPricesError(message)
    return _with(prices(region), amounts, published=published, currency=currency.pop())


def _figures(document: Mapping[str, Any], region: str) -> Iterable[tuple[str, tuple[str, Decimal]]]:
    """Yield currency and first tier of each product of the Region that is of use."""
    terms = document["terms"]["OnDemand"]
    for sku, product in document["products"].items():
        attributes = product["attributes"]
        name = _GROUPS.get(attributes.get("group", ""))
        if name is None or attributes.get("regionCode") != region or attributes.get("location") == "Any":
            continue
        for term in terms.get(sku, {}).values():
            for dimension in term["priceDimensions"].values():
                if dimension.get("beginRange", "0") != "0":
                    continue
                for unit in _CURRENCIES:
                    if unit in dimension["pricePerUnit"]:
                        yield name, (unit, Decimal(dimension["pricePerUnit"][unit]))


def _with(bundled: Prices, amounts: Mapping[str, Decimal], *, published: str, currency: str) -> Prices:
    """Put the live figures in place of the bundled ones; what the list lacks stays, unless it is another currency's."""
    dollars = currency == "USD"
    source = "AWS Price List" if dollars else f"AWS Price List in {currency}: every amount written with $ is {currency}"

    def by_architecture(prefix: str, fallback: Mapping[Architecture, Decimal]) -> dict[Architecture, Decimal]:
        live = {one: amounts[f"{prefix}{one}"] for one in Architecture if f"{prefix}{one}" in amounts}
        return {**fallback, **live} if dollars else live

    return replace(
        bundled,
        published=published,
        source=source,
        gb_second=by_architecture("", {}),
        request=amounts["request"],
        storage_gb_second=amounts.get("storage", bundled.storage_gb_second if dollars else Decimal(0)),
        provisioned_gb_second=by_architecture("provisioned ", bundled.provisioned_gb_second),
        provisioned_duration_gb_second=by_architecture("provisioned duration ", bundled.provisioned_duration_gb_second),
        snap_start_cache_gb_second=bundled.snap_start_cache_gb_second if dollars else Decimal(0),
        snap_start_restore_gb=bundled.snap_start_restore_gb if dollars else Decimal(0),
        currency=currency,
    )
