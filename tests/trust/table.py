"""The table of attacks: what a hostile pull request tries, at which door, and the guard that keeps it out.

Each attack is tried at every door that it applies to, and says why where one of `must_be_at` is not among them. Its
control is the attack with the guard taken out. Code in the sandbox has its control at two doors, embedded endpoint and
action, for a run takes seconds: at the command line the same functions run that code and tell whether it worked.
"""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tests.trust.arena import Arena

Door = Literal["action", "command line", "second stage", "embedded endpoint"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """One row: `attempt` returns whether the attack worked; with `guard` replaced by `without` it must.

    `guard` is `module:attribute` or `module:Class.attribute`: the one place that keeps the promise. `needs` says what
    of the machine the row takes, None when all is there.
    """

    name: str  # what the pull request does, as the end of "A pull request …"
    promise: str  # the promise that it would break, in SECURITY.md's words
    door: Door
    attempt: Callable[[Arena], bool]
    guard: str
    without: object
    needs: Callable[[], str | None] = lambda: None
    only: str = ""  # why it is not at each door that it must be at
    of_report: bool = False  # it stands in a report that another run made
    of_code: bool = False  # code of the pull request does it, in the sandbox
    control: bool = True  # False: its control is run at another door

    @property
    def must_be_at(self) -> set[Door]:
        """Return the doors at which it is tried, unless `only` tells why not."""
        report: set[Door] = {"second stage"} if self.of_report else set()
        code: set[Door] = {"embedded endpoint"} if self.of_code else set()
        return {"action", "command line"} | report | code

    @property
    def id(self) -> str:
        return f"{self.door}: {self.name}"

    def target(self) -> tuple[object, str]:
        """Return the object and the name of its attribute that is the guard."""
        module, _, path = self.guard.partition(":")
        owner: object = importlib.import_module(module)
        *outer, name = path.split(".")
        for part in outer:
            owner = getattr(owner, part)
        return owner, name


def attacks() -> list[Attack]:
    """Return the rows of every module beside this one, in their order."""
    folder = Path(__file__).parent / "attacks"
    modules = sorted(path.stem for path in folder.glob("*.py"))
    return [one for name in modules for one in importlib.import_module(f"tests.trust.attacks.{name}").ATTACKS]
