"""Figures as a reader says them, ready for the comment: `$41.20`, `1.2 s`, `38 %`, `5.1 M`."""

from markupsafe import Markup

MINUS = "\u2212"

_MILLION, _THOUSAND = 1_000_000, 1_000


def usd(value: float) -> Markup:
    """Return dollars: cents from one dollar to a thousand, whole dollars above, two significant digits below."""
    size = abs(value)
    if size >= _THOUSAND:
        text = f"{size:,.0f}"
    elif size >= 1 or size == 0:
        text = f"{size:.2f}"
    else:
        text = f"{size:.2f}" if size >= 0.1 else _significant(size, 2)  # noqa: PLR2004  # ten cents
    return _figure(f"{MINUS if value < 0 and text.strip('0.') else ''}${text}")


def whole_usd(value: float) -> Markup:
    """Return dollars without cents from ten dollars on, as in `would save $16 a month`."""
    return usd(value) if abs(value) < 10 else _figure(f"{MINUS if value < 0 else ''}${abs(value):,.0f}")  # noqa: PLR2004


def milliseconds(value: float) -> Markup:
    """Return a duration: `0.83 ms`, `8.3 ms`, `83 ms`, `1.2 s`, `83 s`."""
    if value < 999.5:  # noqa: PLR2004  # what rounds to 1,000 ms is a second
        digits = 2 if value < 0.995 else 1 if value < 9.95 else 0  # noqa: PLR2004  # two digits that mean something
        return _figure(f"{value:.{digits}f} ms")
    seconds = value / _THOUSAND
    return _figure(f"{seconds:.1f} s" if seconds < 59.95 else f"{seconds:.0f} s")  # noqa: PLR2004  # a minute


def percent(value: float) -> Markup:
    """Return a share or a size of change: `38 %`, `2.4 %`, `0.3 %`."""
    size = abs(value)
    digits = 0 if size >= 9.95 or size < 0.05 else 1  # noqa: PLR2004  # two digits that mean something
    return _figure(f"{size:.{digits}f} %".replace(".0 %", " %"))


def signed_percent(value: float) -> Markup:
    """Return a change: `+18 %`, `−38 %`, `0 %`."""
    text = percent(value)
    if text == "0 %":
        return text
    return _figure(f"{'+' if value > 0 else MINUS}{text}")


def count(value: float) -> Markup:
    """Return a large number: `5.1 M`, `320 k`, `1,240`."""
    if value >= _MILLION:
        text, unit = f"{value / _MILLION:,.1f}", " M"
    elif value >= 10 * _THOUSAND:
        text, unit = f"{value / _THOUSAND:,.0f}", " k"
    else:
        return _figure(f"{value:,.0f}")
    return _figure(text.removesuffix(".0") + unit)


def duration(seconds: float) -> Markup:
    """Return how long something took: `38 s`, `2 min 5 s`."""
    whole = round(seconds)
    return _figure(f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60} s")  # noqa: PLR2004  # a minute


def _significant(value: float, digits: int) -> str:
    """Write without an exponent, however small."""
    text = f"{value:.{digits - 1}e}"
    exponent = int(text.partition("e")[2])
    return f"{value:.{digits - 1 - exponent}f}" if exponent > -10 else "0.00"  # noqa: PLR2004  # below a nano-dollar


def _figure(text: str) -> Markup:
    return Markup(text)  # noqa: S704  # digits, a sign and a unit of ours
