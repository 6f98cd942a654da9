"""Guards of the sandbox and what stands in for each when it is taken out, in any process of lambdabot's."""

import importlib
import os
import socket
from collections.abc import Iterable
from pathlib import Path

from lambdabot.sandbox import seccomp, users
from lambdabot.sandbox.users import Users

HELD = []


def nothing(*_: object, **__: object) -> None:
    """Guard nothing."""


def our_own_user(given: Users) -> int:
    given.give_back = nothing
    return os.geteuid()


def by_abstract_names(given: Users) -> int:
    """Return a user id as it was locked once: by a name that every process may bind."""
    for user in range(users._FIRST, users._LAST + 1):
        lock = socket.socket(socket.AF_UNIX)
        try:
            lock.bind(f"\0lambdabot-user-{user}")
        except OSError:
            lock.close()
            continue
        HELD.append(lock)
        given.give_back = nothing
        return user
    return our_own_user(given)


def with_privileges() -> None:
    """Keep them; a filter cannot be set then."""
    seccomp.restrict = nothing


def system_folders_alone() -> list[Path]:
    return [Path("/var"), Path("/run")]


WITHOUT: dict[str, object] = {
    "lambdabot.sandbox.prctl:forbid_inspection": nothing,
    "lambdabot.sandbox.prctl:adopt_orphans": nothing,
    "lambdabot.sandbox.prctl:forbid_new_privileges": with_privileges,
    "lambdabot.sandbox.landlock:restrict": nothing,
    "lambdabot.sandbox.seccomp:restrict": nothing,
    "lambdabot.sandbox.namespaces:_CLONE_NEWIPC": 0,
    "lambdabot.sandbox.isolation:private_folders": system_folders_alone,
    "lambdabot.sandbox.isolation:Isolation.require_for_builds": nothing,
    "lambdabot.sandbox.isolation:Isolation.require_no_root": nothing,
    "lambdabot.sandbox.engines:reachable": lambda *_: [],
    "lambdabot.sandbox.storage:held_mb": lambda *_: 0,
    "lambdabot.sandbox.storage:_unnamed": lambda *_: (),
    "lambdabot.sandbox.users:Users.take": our_own_user,
}


def owner_of(guard: str) -> tuple[object, str]:
    module, _, path = guard.partition(":")
    owner: object = importlib.import_module(module)
    *outer, name = path.split(".")
    for part in outer:
        owner = getattr(owner, part)
    return owner, name


def take_out(guards: Iterable[tuple[str, str]]) -> None:
    """Replace these guards in the calling process, by what of this module they name, or else as `WITHOUT` has it."""
    for guard, name in guards:
        setattr(*owner_of(guard), globals().get(name, WITHOUT[guard]))
