"""Figures as a reader says them, ready for the comment: `$41.20`, `1.2 s`, `38 %`, `5.1 M`."""

import math
from datetime import UTC, datetime

from markupsafe import Markup

from lambdabot import figures
from lambdabot.figures import MINUS

TEN, MINUTE, THOUSAND, MILLION = 10, 60, 1_000, 1_000_000


def usd(value: float) -> Markup:
    """Return dollars: `$1,240`, `$41.20`, `$0.12`, `$0.0034`; two significant digits below ten cents."""
    return _figure(figures.usd(value))


def signed_usd(value: float) -> Markup:
    """Return a change of dollars: `+$11.77`, `−$3.20`."""
    return _figure("+" if value > 0 else "") + usd(value)


def whole_usd(value: float) -> Markup:
    """Return dollars without cents from ten dollars on, as in `would save $16 a month`."""
    return usd(value) if abs(value) < TEN else _figure(f"{MINUS if value < 0 else ''}${abs(value):,.0f}")


def milliseconds(value: float) -> Markup:
    """Return a duration: `0.83 ms`, `8.3 ms`, `83 ms`, `1.2 s`, `83 s`."""
    return _figure(figures.milliseconds(value))


def percent(value: float) -> Markup:
    """Return the size of a change or a share: `38 %`, `2.4 %`, `0.3 %`."""
    return _figure(figures.percent(value))


def signed_percent(value: float) -> Markup:
    """Return a change: `+18 %`, `−38 %`, `0 %`."""
    sign = "" if abs(value) < figures.LEAST_PERCENT else "+" if value > 0 else MINUS
    return _figure(sign) + percent(value)


def confidence(share: float) -> Markup:
    """Return a confidence, never rounded up to certainty: `99 %`, `99.98 %`."""
    return _figure(f"{math.floor(share * 1e4 + 1e-6) / 100:g} %")


def count(value: float) -> Markup:
    """Return a number of things: `5.1 M`, `320 k`, `1,240`."""
    if value >= MILLION:
        return _figure(f"{value / MILLION:,.1f} M".replace(".0 M", " M"))
    return _figure(f"{value / THOUSAND:,.0f} k" if value >= TEN * THOUSAND else f"{value:,.0f}")


def duration(seconds: float) -> Markup:
    """Return how long something took: `38 s`, `2 min 5 s`."""
    minutes, rest = divmod(round(seconds), MINUTE)
    return _figure(f"{minutes} min {rest} s" if minutes else f"{rest} s")


def times(factor: float) -> Markup:
    """Return how often: `2.2`, `14`."""
    return _figure(f"{factor:.1f}" if factor < TEN else f"{factor:.0f}")


def moment(text: str) -> Markup:
    """Return a moment (ISO 8601) in UTC, `2026-11-23 12:05 UTC`."""
    return _figure(f"{datetime.fromisoformat(text).astimezone(UTC):%Y-%m-%d %H:%M} UTC")


def _figure(text: str) -> Markup:
    return Markup(text)  # noqa: S704  # digits, a sign and a unit of ours
