"""The target branch's code: a folder of the workflow's, a git ref, or the pull request's own base.

A ref is written out by a repository of our own that borrows the objects of the user's: its work tree, index,
configuration, hooks and filters are neither touched nor used.
"""

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from lambdabot.model import BaseKind, Commits, Since
from lambdabot.workspace import Workspace

TIMEOUT_SECONDS = 120

FETCH_PARENT = """Let the workflow fetch the parent of the merge commit too:

      - uses: actions/checkout@v5
        with:
          fetch-depth: 2"""

FETCH_ALL = """Let the workflow fetch it:

      - uses: actions/checkout@v5
        with:
          fetch-depth: 0"""

CHECK_OUT_MERGE = """Let the workflow check out what GitHub merged, and its parent, without a `ref` of its own:

      - uses: actions/checkout@v5
        with:
          fetch-depth: 2"""


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseTree:
    """The target branch's files."""

    path: Path  # what stands for the repository's root
    workspace: Workspace  # the base's own, so that none of its links leads into the pull request's
    sha: str | None  # None: a folder that is no checkout
    description: str
    kind: BaseKind = BaseKind.TARGET_BRANCH
    settings: "BaseTree | None" = None  # whose settings count, where those are another's: the target branch today


@dataclass(frozen=True, slots=True)
class NoBase:
    """There is nothing to compare with, and why; the target branch's files may be known all the same."""

    reason: str
    settings: BaseTree | None = None


class _GitError(Exception):
    """Git is missing, took too long or refused; the message says which."""


def resolve_base(
    base: str | None, *, root: Path, commits: Commits | None, workdir: Path, since: Since | None = None
) -> BaseTree | NoBase:
    """Return the target branch's files, written out below `workdir` unless `base` is a folder.

    `base` is a folder (seen from the current directory or from `root`) or else a git ref; without it, a pull request
    has what its event says. `commits` are that event's, None where there is no pull request; `since` is what any other
    event looks back to.
    """
    try:
        if base:
            return _named(base, root, commits, workdir)
        if commits is None and since is not None:
            return _earlier(since, root, workdir)
        if commits is None:
            return NoBase("no base was named, and this is no pull request: name a folder or a git ref with `base`")
        return _of_event(commits, root, workdir)
    except _GitError as error:
        return NoBase(str(error))


def default_branch(root: Path, workdir: Path, name: str | None = None) -> BaseTree | None:
    """Return the files of the remote's default branch, written out below `workdir`; None where HEAD is part of it.

    None as well where git knows no such branch. `name` is its name as the event has it: a workflow's checkout does not
    know which of the branches it is.
    """
    head, default = _exists("HEAD", root), _default(name, root)
    if head is None or default is None or _merge_base(head, default, root) == head:
        return None
    return _tree(default, root, workdir, "origin's default branch")


def committed(commit: str, root: Path) -> list[str] | None:
    """Return the names of a commit's files below the root; None where git does not know it."""
    try:
        return _git("ls-tree", "-r", "-z", "--name-only", commit, at=root).split("\0")[:-1]
    except _GitError:
        return None


def head_sha(root: Path) -> str | None:
    """Return the commit that is checked out, or None where there is no repository or no git."""
    try:
        return _git("rev-parse", "--verify", "--quiet", "HEAD^{commit}", at=root)
    except _GitError:
        return None


def _named(base: str, root: Path, commits: Commits | None, workdir: Path) -> BaseTree | NoBase:
    """Return what the run itself names, unless a pull request put itself in its place."""
    folder = next((one for one in (Path(base).absolute(), root / base) if one.is_dir()), None)
    sha = next((found for ref in (base, f"origin/{base}") if (found := _exists(ref, root))), None)
    if folder is not None:
        committed = _is_committed(folder, root)
        if committed and commits is not None:
            return NoBase(f"the folder `{base}` is one of the pull request's own files")
        if sha is None or not committed:
            sha = head_sha(folder) if (folder / ".git").exists() else None
            real = folder.resolve()
            return BaseTree(path=real, workspace=Workspace(real), sha=sha, description=f"folder {base}")
    _require_repository(root, base)
    if sha is None:
        reason = f"`{base}` is neither a folder nor a git ref of this checkout"
        return NoBase(f"{reason}, which is a shallow one.\n{FETCH_ALL}" if _is_shallow(root) else reason)
    if commits is not None and sha in {commits.head, commits.merge, _exists("HEAD", root)}:
        return NoBase(f"`{base}` is the pull request's own commit here")
    return _tree(sha, root, workdir, f"{base} at {sha[:7]}")


def _is_committed(folder: Path, root: Path) -> bool:
    """Tell whether a folder, or a link on the way to it, belongs to the commit that is checked out."""
    path = Path(os.path.relpath(folder, root))
    if not path.parts:
        return True
    if path.parts[0] == ".." or _exists("HEAD", root) is None:
        return False
    names = [path.as_posix(), *(one.as_posix() for one in path.parents if one.parts)]
    entries = _git("ls-tree", "-z", "HEAD", "--", *names, at=root).split("\0")
    return any(entry.split("\t")[-1] == names[0] or entry.startswith("120000 ") for entry in entries if entry)


def _of_event(commits: Commits, root: Path, workdir: Path) -> BaseTree | NoBase:
    """Return the first parent of GitHub's merge; for any other checkout, the commit where it left the target branch.

    A pull request chooses its own commits and their parents, so nothing is taken for the target branch but what the
    event's commits show to be.
    """
    _require_repository(root, "HEAD")
    head = _exists("HEAD", root)
    if head is None:
        return NoBase("nothing is checked out")
    if commits.queued and commits.base and head in {commits.head, commits.merge}:
        if _exists(commits.base, root) is None:
            return NoBase(
                f"the checkout does not hold what the merge queue builds on ({commits.base[:7]}).\n{FETCH_ALL}"
            )
        return _tree(commits.base, root, workdir, f"what the merge queue builds on, at {commits.base[:7]}")
    if (parent := _target_parent(head, commits, root)) is not None:
        if _exists(parent, root) is None:
            return NoBase(
                f"the checkout holds one commit only, without its parent on the target branch.\n{FETCH_PARENT}"
            )
        return _tree(parent, root, workdir, f"HEAD^1 at {parent[:7]}")
    return _of_another_checkout(head, commits, root, workdir)


def _of_another_checkout(head: str, commits: Commits, root: Path, workdir: Path) -> BaseTree | NoBase:
    """Return where a commit that GitHub did not merge left the target branch, which today's settings come from."""
    what = f"what is checked out ({head[:7]}) is not what GitHub merged of this pull request and its target branch"
    target = _exists(commits.base, root) if commits.base else None
    if target is None:
        return NoBase(f"{what}, and the target branch is not in the checkout.\n{CHECK_OUT_MERGE}")
    settings = _tree(target, root, workdir, f"the target branch at {target[:7]}")
    start = _merge_base(head, target, root)
    if start is None:
        return NoBase(f"{what}, and where it left the target branch is not in the checkout.\n{FETCH_ALL}", settings)
    if start == head:
        return NoBase(f"{what}: it is a commit of the target branch itself.\n{CHECK_OUT_MERGE}", settings)
    description = f"where the pull request left the target branch, at {start[:7]}"
    if start == target:
        return replace(settings, description=description)
    return replace(_tree(start, root, workdir, description), settings=settings)


def _earlier(since: Since, root: Path, workdir: Path) -> BaseTree | NoBase:
    """Return what a run without a pull request is compared with.

    A push is with what it replaced, and the first one to a branch with where that left the default branch. Any other
    run is with the last release, and where there is none with the default branch, or on it with the commit before.
    """
    _require_repository(root, "HEAD")
    if _exists("HEAD", root) is None:
        return NoBase("nothing is checked out")
    known = _exists(since.before, root) if since.before else None
    if since.before and known is None and _is_shallow(root):
        what = f"the commit that this push replaced ({since.before[:7]}) is not in the checkout, which is a shallow one"
        return NoBase(f"{what}.\n{FETCH_ALL}")
    found = (known, "what was there before this push", BaseKind.PUSHED_OVER) if known else _looked_back(since, root)
    if found is None:
        reason = "there is no earlier commit to compare with"
        return NoBase(
            f"{reason} in the checkout, which is a shallow one.\n{FETCH_ALL}" if _is_shallow(root) else reason
        )
    sha, words, kind = found
    return replace(_tree(sha, root, workdir, f"{words}, at {sha[:7]}"), kind=kind)


def _looked_back(since: Since, root: Path) -> tuple[str, str, BaseKind] | None:
    """Return the commit to compare with, in words and by kind; None where there is none before HEAD."""
    head, default = _exists("HEAD", root), _default(since.default_branch, root)
    start = _merge_base("HEAD", default, root) if default else None
    left = None if start == head else start
    release = None if since.pushed and left else _last_release(root)
    tagged = _exists(f"refs/tags/{release}", root) if release else None
    parent = _exists("HEAD^1", root)
    if tagged:
        return tagged, f"the release {release}", BaseKind.RELEASE
    if left:
        return left, "where this branch left the default branch", BaseKind.DEFAULT_BRANCH
    return (parent, "the commit before", BaseKind.PARENT) if parent else None


def _last_release(root: Path) -> str | None:
    """Return the nearest tag before HEAD that names a version, as v1.2.3 does; None where git knows none."""
    matches = (f"--match={one}" for one in ("[0-9]*", "v[0-9]*"))
    try:
        return _git("describe", "--tags", "--abbrev=0", *matches, "HEAD^1", at=root)
    except _GitError:
        return None


def _default(name: str | None, root: Path) -> str | None:
    """Return the commit of the remote's default branch; None where git does not know which, or does not have it."""
    refs = ("refs/remotes/origin/HEAD", *([f"refs/remotes/origin/{name}"] if name else []))
    return next((sha for ref in refs if (sha := _exists(ref, root))), None)


def _target_parent(head: str, commits: Commits, root: Path) -> str | None:
    """Return the parent on the target branch of a commit that merges the pull request; None of any other commit.

    The pull request's author may push such a merge as well, with a first parent of their own; it is GitHub's when the
    event names it, or the parent. The commit itself tells its parents where a shallow checkout hides them.
    """
    lines = _git("cat-file", "commit", head, at=root).partition("\n\n")[0].splitlines()
    parents = [line.removeprefix("parent ") for line in lines if line.startswith("parent ")]
    match parents:
        case [first, second] if second == commits.head and (head == commits.merge or first == commits.base):
            return first
    return None


def _merge_base(one: str, other: str, root: Path) -> str | None:
    try:
        return _git("merge-base", one, other, at=root)
    except _GitError:
        return None


def _require_repository(root: Path, wanted: str) -> None:
    try:
        _git("rev-parse", "--git-dir", at=root)
    except _GitError as error:
        msg = f"{root} is no git repository, so there is no `{wanted}`: {error}"
        raise _GitError(msg) from error


def _is_shallow(root: Path) -> bool:
    return _git("rev-parse", "--is-shallow-repository", at=root) == "true"


def _tree(sha: str, root: Path, workdir: Path, description: str) -> BaseTree:
    """Return a commit that is written out, with what stands for `root` in it."""
    top, below = _write_out(sha, root, workdir), _git("rev-parse", "--show-prefix", at=root)
    return BaseTree(path=top / below, workspace=Workspace(top), sha=sha, description=description)


def _exists(ref: str, root: Path) -> str | None:
    try:
        return _git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}", at=root)
    except _GitError:
        return None


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
        "GIT_CONFIG_COUNT": "3",
        "GIT_CONFIG_KEY_0": "safe.directory",  # a container's user is not the owner of the mounted workspace
        "GIT_CONFIG_VALUE_0": "*",
        "GIT_CONFIG_KEY_1": "core.hooksPath",
        "GIT_CONFIG_VALUE_1": os.devnull,
        "GIT_CONFIG_KEY_2": "safe.bareRepository",  # a pull request can commit one, whose HEAD and settings are its own
        "GIT_CONFIG_VALUE_2": "explicit",
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
