"""The last line of defence for what is read: an error that nobody foresaw costs what raised it, and no other."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from lambdabot.errors import reason
from lambdabot.model import Place, Undecided

T = TypeVar("T")


def unforeseen(error: Exception, place: Place) -> Undecided:
    """Return the problem that an unforeseen error is told as."""
    return Undecided(reason=f"cannot be read: {reason(error)}", place=place)


def guarded(read: Callable[[], T], place: Place) -> T | Undecided:
    """Return what is read, or the problem that an unforeseen error is."""
    try:
        return read()
    except Exception as error:  # noqa: BLE001  # whatever it is, the other functions are measured
        return unforeseen(error, place)


def told(read: Iterable[T], place: Place, problems: list[Undecided]) -> Iterator[T]:
    """Yield what is read up to an unforeseen error, which becomes one of the problems."""
    try:
        yield from read
    except Exception as error:  # noqa: BLE001  # whatever it is, the other functions are measured
        problems.append(unforeseen(error, place))
