"""A chart in Markdown, as Mermaid draws it on GitHub."""

from collections.abc import Mapping, Sequence


def lines(title: str, x: tuple[str, Sequence[str]], y: str, series: Mapping[str, Sequence[float]]) -> str:
    """Return a line for each of the series; Mermaid has no legend, so they are named above, from the top downwards."""
    names = ", ".join(sorted(series, key=lambda name: -sum(series[name])))
    drawn = [f"    line [{', '.join(f'{value:.4g}' for value in values)}]" for values in series.values()]
    return _chart(title, x, y, drawn, f"Lines from the top: {names}.")


def bars(title: str, x: tuple[str, Sequence[str]], y: str, values: Sequence[float]) -> str:
    """Return a bar for each of the values."""
    return _chart(title, x, y, [f"    bar [{', '.join(f'{value:.4g}' for value in values)}]"], "")


def _chart(title: str, x: tuple[str, Sequence[str]], y: str, drawn: Sequence[str], below: str) -> str:
    label, places = x
    ticks = ", ".join(f'"{place}"' for place in places)
    head = [
        "```mermaid",
        "xychart-beta",
        f'    title "{title}"',
        f'    x-axis "{label}" [{ticks}]',
        f'    y-axis "{y}"',
    ]
    return "\n".join([*head, *drawn, "```", below]).rstrip()
