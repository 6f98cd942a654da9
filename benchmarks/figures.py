"""What a benchmark gives back."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figures:
    """Measured numbers by their fixed names (fractions: 0.004 is 0.4 %), and the Markdown table that shows them."""

    values: dict[str, float]
    table: str
