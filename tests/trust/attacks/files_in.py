"""What a pull request names to be read."""

from pathlib import Path

from lambdabot.workspace import Workspace
from tests.trust.arena import SETTINGS, Arena, Seen
from tests.trust.table import Attack

PROMISE = "files are the workspace's own"
HOLDS = "lambdabot.workspace:Workspace._real"


def anywhere(self: Workspace, path: Path) -> Path:  # in the guard's place
    return path.resolve()


def _template(arena: Arena) -> None:
    arena.write("lambdabot.yml", SETTINGS + "comment: {template: .git/config}\n")


def _prints_gits_configuration(arena: Arena) -> bool:
    _template(arena)
    return _leaked(arena.command("run", "--endpoint", "local"))  # a base would have its own


def _leaked(seen: Seen) -> bool:
    return seen.shows("extraheader")


ATTACKS = [
    Attack(
        name="lets git's own configuration be the comment's template",
        promise=PROMISE,
        door="command line",
        attempt=_prints_gits_configuration,
        guard=HOLDS,
        without=anywhere,
    ),
]
