"""Bars of block characters: they work in a table, in e-mail and on every GitHub."""

EIGHTHS = " ▏▎▍▌▋▊▉█"


def bar(share: float, width: int) -> str:
    """Return a bar of `share` (0 to 1) of `width` characters, exact to an eighth; more than nothing is never empty."""
    eighths = max(round(min(share, 1.0) * width * 8), 1 if share > 0 else 0)
    full, rest = divmod(eighths, 8)
    return "█" * full + (EIGHTHS[rest] if rest else "")
