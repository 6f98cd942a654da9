"""What a pull request may name: the files of the workflow's workspace."""

from pathlib import Path

GIT = ".git"


def holds(workspace: Path | None, path: Path) -> bool:
    """Tell whether a path, links followed, is one of the workspace's and none of git's own; None holds everything.

    What is named goes into the function's package or event, and so to code that anyone may have written. Beside the
    workspace lie the job's event, its home and its credentials, and in `.git` what actions/checkout leaves there.
    """
    if workspace is None:
        return True
    top, real = workspace.resolve(), path.resolve()
    return real.is_relative_to(top) and GIT not in real.relative_to(top).parts
