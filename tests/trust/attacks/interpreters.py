"""What a pull request puts where the job's interpreters are looked for."""

from collections.abc import Callable, Iterator

from lambdabot import interpreters
from tests.trust.arena import SETTINGS, Arena, Seen
from tests.trust.table import Attack

NODE = "export const handler = async () => 1\n"
HOSTILE = "#!/bin/sh\ntouch {mark}\nexit 1\n"


def _brings_its_own(arena: Arena, go: Callable[[Arena], Seen], folder: str) -> bool:
    """Put a `node` into a folder of the checkout that a job has on its PATH, as tools for Node.js and Python do."""
    mark = arena.runner / "started"
    arena.write("src/app.mjs", NODE)
    arena.write("src/app.mjs", NODE.replace("1", "2"), at=arena.base)
    for place in (arena.work, arena.base):
        arena.write("lambdabot.yml", SETTINGS.replace("handler:", "runtime: nodejs22.x\n    handler:"), at=place)
    arena.write(f"{folder}/node", HOSTILE.format(mark=mark)).chmod(0o755)
    arena.monkeypatch.setenv("PATH", f"{arena.work / folder}:/usr/bin:/bin")
    interpreters.node.cache_clear()
    try:
        go(arena)
    finally:
        interpreters.node.cache_clear()
    return mark.exists()


def _rows(folder: str) -> Iterator[Attack]:
    doors = {"action": Arena.action, "command line": Arena.run}
    for door, go in doors.items():
        yield Attack(
            name=f"has its own node run from {folder}",
            promise="never in the workspace or in a `node_modules`",
            door=door,
            attempt=lambda arena, go=go: _brings_its_own(arena, go, folder),
            guard="lambdabot.interpreters:_is_a_guest",
            without=lambda _: False,
        )


ATTACKS = [*_rows("node_modules/.bin"), *_rows(".venv/bin")]
