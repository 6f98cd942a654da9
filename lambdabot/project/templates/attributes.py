"""From a decided value to an attribute of the type that Lambda wants."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from lambdabot.model import Architecture, Attribute, NoSlot, Place, Slot, Stated, Undecided

T = TypeVar("T")

AWS_DEFAULT, FRAMEWORK_DEFAULT = "AWS's default", "the framework's default"

IMAGE_HOST = ".dkr.ecr."


def number(value: Any, place: Place, inherited: str = "") -> Attribute[int]:  # noqa: ANN401  # any value of a template
    """Return a whole number, which templates also write as text."""
    try:
        if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
            raise ValueError  # noqa: TRY301  # said below
        return Stated(value=int(value), place=place, inherited=inherited)
    except (TypeError, ValueError):
        return Undecided(reason=f"{_shown(value)} is no whole number", place=place)


def text(value: Any, place: Place, inherited: str = "") -> Attribute[str]:  # noqa: ANN401  # see above
    """Return a text."""
    if isinstance(value, str | int | float) and not isinstance(value, bool) and "\0" not in str(value):
        return Stated(value=str(value), place=place, inherited=inherited)
    return Undecided(reason=f"{_shown(value)} is no text", place=place)


def architecture(value: Any, place: Place, inherited: str = "") -> Attribute[Architecture]:  # noqa: ANN401  # see above
    """Return an architecture, from a name or a list of one name."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    try:
        return Stated(value=Architecture(value), place=place, inherited=inherited)
    except ValueError:
        return Undecided(reason=f"{_shown(value)} is not one of x86_64 and arm64", place=place)


def code(value: Any, folder: Path, place: Place) -> Attribute[Path | str]:  # noqa: ANN401  # see above
    """Return where code lies: a path seen from a folder, or an image's URI."""
    if not isinstance(value, str) or not value or "\0" in value:
        return Undecided(reason=f"{_shown(value)} is no path", place=place)
    if value.startswith("s3://"):
        return Undecided(reason="the code lies in S3", place=place)
    if "://" in value:
        return Undecided(reason="the code lies at an address", place=place)
    if IMAGE_HOST in value:
        return Stated(value=value, place=place)
    return Stated(value=(folder / value).resolve(), place=place)


@dataclass(frozen=True, slots=True)
class Form:
    """How a value is written: as the one item of a list, in quotes."""

    is_list: bool = False
    quote: str = ""

    @property
    def before(self) -> str:
        """Return what stands before the value."""
        return f"[{self.quote}" if self.is_list else self.quote

    @property
    def after(self) -> str:
        """Return what stands after the value."""
        return f"{self.quote}]" if self.is_list else self.quote


def editable(attribute: Attribute[T], slot: Slot | NoSlot) -> Attribute[T]:
    """Return an attribute with the slot of its value, where it has one."""
    return replace(attribute, slot=slot) if isinstance(attribute, Stated) else attribute


def named(name: str) -> str:
    """Return what a value came through, as code where it is a name and not words."""
    return name if " " in name else f"`{name}`"


def _shown(value: object) -> str:
    """Return a value for a message, in short."""
    written = "null" if value is None else repr(value)
    return f"`{written if len(written) <= 40 else f'{written[:37]}...'}`"  # noqa: PLR2004  # a word or two
