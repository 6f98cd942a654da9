"""The target branch's code: a folder of the workflow's, a git ref, or the pull request's own base.

A ref is written out by a repository of our own that borrows the objects of the user's: its work tree, index,
configuration, hooks and filters are neither touched nor used.
"""

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from lambdabot.workspace import Workspace

TIMEOUT_SECONDS = 120

PULL_REQUEST_BASE = "HEAD^1"
"""On `pull_request`, actions/checkout gives the merge commit, whose first parent is the target branch."""

FETCH_PARENT = """Let the workflow fetch the parent of the merge commit too:

      - uses: actions/checkout@v5
        with:
          fetch-depth: 2"""

FETCH_ALL = """Let the workflow fetch it:

      - uses: actions/checkout@v5
        with:
          fetch-depth: 0"""


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseTree:
    """The target branch's files."""

    path: Path  # what stands for the repository's root
    workspace: Workspace  # of its own: no link of it leads into the pull request's
    sha: str | None  # None: a folder that is no checkout
    description: str


@dataclass(frozen=True, slots=True)
class NoBase:
    """There is nothing to compare with, and why."""

    reason: str


class _GitError(Exception):
    """Git is missing, took too long or refused; the message says which."""


def resolve_base(base: str | None, *, root: Path, pull_request: bool, workdir: Path) -> BaseTree | NoBase:
    """Return the target branch's files, checked out below `workdir` unless `base` is a folder.

    `base` is a folder (seen from the current directory or from `root`) or else a git ref; without it, a pull request
    has its merge commit's first parent.
    """
    if base:
        for folder in (Path(base).absolute(), root / base):
            if folder.is_dir():
                sha = head_sha(folder) if (folder / ".git").exists() else None
                real = folder.resolve()
                return BaseTree(path=real, workspace=Workspace(real), sha=sha, description=f"folder {base}")
    elif not pull_request:
        return NoBase("no base was named, and this is no pull request: name a folder or a git ref with `base`")
    try:
        return _of_repository(base or None, root, workdir)
    except _GitError as error:
        return NoBase(str(error))


def head_sha(root: Path) -> str | None:
    """Return the commit that is checked out, or None where there is no repository or no git."""
    try:
        return _git("rev-parse", "--verify", "--quiet", "HEAD^{commit}", at=root)
    except _GitError:
        return None


def _of_repository(base: str | None, root: Path, workdir: Path) -> BaseTree | NoBase:
    try:
        _git("rev-parse", "--git-dir", at=root)
    except _GitError as error:
        place = f"{root} is no git repository, so there is no `{base or PULL_REQUEST_BASE}`"
        return NoBase(f"{place}: {error}")
    sha = _commit(base, root)
    if sha is None:
        return NoBase(_missing(base, shallow=_git("rev-parse", "--is-shallow-repository", at=root) == "true"))
    below = _git("rev-parse", "--show-prefix", at=root)
    tree = _write_out(sha, root, workdir)
    description = f"{base or PULL_REQUEST_BASE} at {sha[:7]}"
    if base is None and not _exists("HEAD^2", root):
        description += " (the commit before HEAD, which is no merge commit)"
    return BaseTree(path=tree / below, workspace=Workspace(tree), sha=sha, description=description)


def _commit(base: str | None, root: Path) -> str | None:
    """Return the commit of a ref; a branch's name may be known only as the remote's."""
    candidates = [PULL_REQUEST_BASE] if base is None else [base, f"origin/{base}"]
    return next((sha for ref in candidates if (sha := _exists(ref, root))), None)


def _exists(ref: str, root: Path) -> str | None:
    try:
        return _git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}", at=root)
    except _GitError:
        return None


def _missing(base: str | None, *, shallow: bool) -> str:
    if base is None:
        if shallow:
            return f"the checkout holds one commit only, without its parent on the target branch.\n{FETCH_PARENT}"
        return "the commit that is checked out has no parent"
    reason = f"`{base}` is neither a folder nor a git ref of this checkout"
    return f"{reason}, which is a shallow one.\n{FETCH_ALL}" if shallow else reason


def _write_out(sha: str, root: Path, workdir: Path) -> Path:
    workdir.mkdir(parents=True, exist_ok=True)
    tree = workdir.resolve() / f"base-{sha[:12]}"
    shutil.rmtree(tree, ignore_errors=True)
    tree.mkdir()
    objects = root / _git("rev-parse", "--git-path", "objects", at=root)
    kind = _git("rev-parse", "--show-object-format", at=root)
    with tempfile.TemporaryDirectory(prefix="lambdabot-git-") as own:
        _git("init", "--quiet", "--bare", "--template=", f"--object-format={kind}", own, at=tree)
        borrowed = {
            "GIT_DIR": own,
            "GIT_OBJECT_DIRECTORY": str(objects.resolve()),
            "GIT_WORK_TREE": str(tree),
            "GIT_INDEX_FILE": f"{own}/index",
        }
        _git("read-tree", "--reset", "-u", sha, at=tree, **borrowed)
    return tree


def _git(*arguments: str, at: Path, **variables: str) -> str:
    """Run git without the user's settings, prompts and hooks, and return what it prints. Raises _GitError."""
    program = shutil.which("git")
    if program is None:
        msg = "git is not installed"
        raise _GitError(msg)
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "LC_ALL": "C",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_CONFIG_COUNT": "2",
        "GIT_CONFIG_KEY_0": "safe.directory",  # a container's user is not the owner of the mounted workspace
        "GIT_CONFIG_VALUE_0": "*",
        "GIT_CONFIG_KEY_1": "core.hooksPath",
        "GIT_CONFIG_VALUE_1": os.devnull,
        **variables,
    }
    try:
        process = subprocess.run(
            [program, *arguments],
            cwd=at,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="surrogateescape",
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        msg = f"git {arguments[0]} took longer than {TIMEOUT_SECONDS} seconds"
        raise _GitError(msg) from None
    except OSError as error:
        msg = f"git could not be run: {error.strerror}"
        raise _GitError(msg) from error
    if process.returncode != 0:
        said = next(iter(process.stderr.strip().splitlines()), f"status {process.returncode}")
        msg = f"git {arguments[0]}: {said}"
        raise _GitError(msg)
    return process.stdout.rstrip("\n")
