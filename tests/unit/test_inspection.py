"""Both doors close themselves to other processes of their user before they do anything else."""

import ctypes
import os
from collections.abc import Callable

import pytest

from lambdabot import action, cli

PR_GET_DUMPABLE, PR_SET_DUMPABLE = 3, 4


def dumpable_after(door: Callable[[], object]) -> int:
    """Return whether a child of this process can be inspected once it went through a door."""
    child = os.fork()
    if child == 0:
        libc = ctypes.CDLL(None)
        libc.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)
        try:
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, 1)
            os.dup2(null, 2)
            door()
        except BaseException:  # noqa: BLE001, S110 - however it ends
            pass
        finally:
            os._exit(libc.prctl(PR_GET_DUMPABLE, 0, 0, 0, 0))
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.parametrize(
    "door",
    [
        lambda: cli.main(["schema"]),
        lambda: cli.main(["--version"]),
        lambda: action.main({"GITHUB_WORKSPACE": "/nowhere"}),
    ],
    ids=["a command", "an option", "the action"],
)
def test_a_door_forbids_inspection_first(door):
    assert dumpable_after(lambda: None) == 1
    assert dumpable_after(door) == 0
