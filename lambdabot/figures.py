"""Figures as a reader says them: `$41.20`, `1.2 s`, `38 %`. One way for all who write one, so that none differs."""

MINUS = "\u2212"

LEAST_PERCENT = 0.05
"""What is smaller is written `0 %`."""

DECIMALS = ((0.995, 2), (9.95, 1))
"""Below each bound, so many decimals give two digits that mean something."""

TENTH, TEN, MINUTE, THOUSAND, MILLION = 0.1, 10, 60, 1_000, 1_000_000


def usd(value: float) -> str:
    """Return dollars: `$1,240`, `$41.20`, `$0.12`, `$0.0034`; two significant digits below ten cents."""
    size = abs(value)
    if size >= THOUSAND:
        text = f"{size:,.0f}"
    elif size >= TENTH or size == 0:
        text = f"{size:.2f}"
    else:
        text = _without_exponent(size)
    return f"{MINUS if value < 0 else ''}${text}"


def milliseconds(value: float) -> str:
    """Return a duration: `0.83 ms`, `8.3 ms`, `83 ms`, `1.2 s`, `83 s`."""
    if round(value) < THOUSAND:
        return f"{value:.{_decimals(value)}f} ms"
    seconds = value / THOUSAND
    return f"{seconds:.1f} s" if seconds < MINUTE else f"{seconds:,.0f} s"


def percent(value: float) -> str:
    """Return the size of a change or a share: `38 %`, `2.4 %`, `0.3 %`."""
    size = abs(value)
    digits = min(1, _decimals(size)) if size >= LEAST_PERCENT else 0
    return f"{size:,.{digits}f} %".replace(".0 %", " %")


def _decimals(value: float) -> int:
    return next((digits for bound, digits in DECIMALS if value < bound), 0)


def _without_exponent(value: float) -> str:
    """Write a small number with two significant digits, to a billionth of a dollar at most."""
    mantissa, _, exponent = f"{value:.1e}".partition("e")
    places = min(9, 1 - int(exponent))
    text = f"{float(mantissa) * 10 ** int(exponent):.{places}f}"
    return text.rstrip("0").ljust(4, "0")  # cents at least
