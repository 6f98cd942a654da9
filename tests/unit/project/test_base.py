"""The base's files come from a folder, a ref or HEAD^1, by real git on real repositories."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from lambdabot.model import BaseKind, Commits, Since
from lambdabot.project import base as base_module
from lambdabot.project.base import BaseTree, NoBase, default_branch, head_sha, resolve_base
from lambdabot.workspace import Workspace

GIT = shutil.which("git") or "git"
IDENTITY = {
    "GIT_AUTHOR_NAME": "a",
    "GIT_AUTHOR_EMAIL": "a@example.com",
    "GIT_COMMITTER_NAME": "a",
    "GIT_COMMITTER_EMAIL": "a@example.com",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "PATH": os.environ["PATH"],
}


def git(at: Path, *arguments: str) -> str:
    return subprocess.run(
        [GIT, *arguments], cwd=at, env=IDENTITY, check=True, capture_output=True, text=True
    ).stdout.strip()


def commit(at: Path, message: str = "more") -> str:
    git(at, "add", "--all")
    git(at, "commit", "--quiet", "--allow-empty", "-m", message)
    return git(at, "rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """`main` with app.py = 1, and a pull request's merge commit with app.py = 2 checked out."""
    root = tmp_path / "repository"
    root.mkdir()
    git(root, "init", "--quiet", "--initial-branch=main")
    (root / "app.py").write_text("1\n")
    (root / "private.txt").write_text("kept\n")
    (root / ".gitattributes").write_text("private.txt export-ignore\n")
    commit(root, "first")
    git(root, "checkout", "--quiet", "-b", "feature")
    (root / "app.py").write_text("2\n")
    commit(root, "second")
    git(root, "checkout", "--quiet", "--detach", "main")
    git(root, "merge", "--quiet", "--no-ff", "-m", "merge", "feature")
    return root


def event(at: Path) -> Commits:
    """Return what GitHub says when the commit that is checked out is what it merged."""
    parents = [line[7:] for line in git(at, "cat-file", "commit", "HEAD").splitlines() if line.startswith("parent ")]
    # The target branch may have moved on since the event was made.
    return Commits(base="0" * 40, head=parents[-1] if parents else None, merge=git(at, "rev-parse", "HEAD"))


def tree(found: BaseTree | NoBase) -> BaseTree:
    assert isinstance(found, BaseTree), found
    return found


def reason(found: BaseTree | NoBase) -> str:
    assert isinstance(found, NoBase), found
    return found.reason


def test_a_pull_request_is_compared_with_the_first_parent_of_its_merge_commit(repository: Path, tmp_path: Path) -> None:
    found = tree(resolve_base(None, root=repository, commits=event(repository), workdir=tmp_path / "work"))
    assert (found.path / "app.py").read_text() == "1\n"
    assert found.sha == git(repository, "rev-parse", "main")
    assert found.description == f"HEAD^1 at {git(repository, 'rev-parse', '--short=7', 'main')}"


def test_export_ignore_does_not_apply(repository: Path, tmp_path: Path) -> None:
    found = tree(resolve_base("main", root=repository, commits=None, workdir=tmp_path))
    assert (found.path / "private.txt").read_text() == "kept\n"
    assert (found.path / ".gitattributes").exists()


def test_the_work_tree_index_and_repository_stay_as_they_are(repository: Path, tmp_path: Path) -> None:
    (repository / "app.py").write_text("3\n")
    (repository / "new.py").write_text("untracked\n")
    git(repository, "add", "app.py")

    def state() -> list[tuple[str, int, bytes]]:
        return [
            (str(path.relative_to(repository)), path.stat().st_mtime_ns, path.read_bytes() if path.is_file() else b"")
            for path in sorted(repository.rglob("*"))
        ]

    before = state()
    tree(resolve_base(None, root=repository, commits=event(repository), workdir=tmp_path / "work"))
    assert state() == before


def test_hooks_and_filters_of_the_repository_do_not_run(repository: Path, tmp_path: Path) -> None:
    traces = tmp_path / "traces"
    for hook in ("post-checkout", "post-index-change"):
        path = repository / ".git" / "hooks" / hook
        path.write_text(f"#!/bin/sh\ntouch {traces}\n")
        path.chmod(0o755)
    git(repository, "config", "filter.noisy.smudge", f"touch {traces}; cat")
    git(repository, "config", "core.fsmonitor", f"touch {traces}; true")
    git(repository, "checkout", "--quiet", "main")
    (repository / ".gitattributes").write_text("*.py filter=noisy\n")
    commit(repository)
    traces.unlink(missing_ok=True)
    found = tree(resolve_base("main", root=repository, commits=None, workdir=tmp_path / "work"))
    assert (found.path / "app.py").read_text() == "1\n"
    assert not traces.exists()


def test_a_sparse_checkout_still_gives_the_whole_base(repository: Path, tmp_path: Path) -> None:
    git(repository, "sparse-checkout", "set", "--no-cone", "app.py")
    found = tree(resolve_base("main", root=repository, commits=None, workdir=tmp_path / "work"))
    assert (found.path / "private.txt").exists()


def test_modes_and_links_are_those_of_the_commit(repository: Path, tmp_path: Path) -> None:
    git(repository, "checkout", "--quiet", "main")
    (repository / "run").write_text("#!/bin/sh\n")
    (repository / "run").chmod(0o755)
    (repository / "link").symlink_to("app.py")
    commit(repository)
    found = tree(resolve_base("main", root=repository, commits=None, workdir=tmp_path / "work"))
    assert os.access(found.path / "run", os.X_OK)
    assert (found.path / "link").readlink() == Path("app.py")


def test_a_folder_comes_before_a_ref_of_the_same_name(repository: Path, tmp_path: Path) -> None:
    (repository / "main").mkdir()
    found = tree(resolve_base("main", root=repository, commits=event(repository), workdir=tmp_path / "work"))
    folder = (repository / "main").resolve()
    assert found == BaseTree(path=folder, workspace=Workspace(folder), sha=None, description="folder main")
    assert not (tmp_path / "work").exists()


def test_a_folder_is_seen_from_the_current_directory_too(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere" / "old").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "elsewhere")
    found = tree(resolve_base("old", root=repository, commits=None, workdir=tmp_path / "work"))
    assert found.path == tmp_path / "elsewhere" / "old"


def test_a_folder_that_is_a_checkout_says_its_commit(repository: Path, tmp_path: Path) -> None:
    found = tree(resolve_base(str(repository), root=tmp_path, commits=None, workdir=tmp_path / "work"))
    assert found.sha == git(repository, "rev-parse", "HEAD")


def test_a_branch_known_only_as_the_remotes_is_found(repository: Path, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", "--branch", "feature", f"file://{repository}", str(clone))
    found = tree(resolve_base("main", root=clone, commits=None, workdir=tmp_path / "work"))
    assert found.sha == git(repository, "rev-parse", "main")
    assert (found.path / "app.py").read_text() == "1\n"


def test_a_ref_that_does_not_exist_is_said_and_head_is_not_taken_instead(repository: Path, tmp_path: Path) -> None:
    found = resolve_base("mian", root=repository, commits=event(repository), workdir=tmp_path / "work")
    assert reason(found) == "`mian` is neither a folder nor a git ref of this checkout"


def test_a_ref_that_looks_like_an_option_is_only_a_ref(repository: Path, tmp_path: Path) -> None:
    found = resolve_base("--git-dir", root=repository, commits=None, workdir=tmp_path / "work")
    assert "`--git-dir` is neither a folder nor a git ref" in reason(found)


@pytest.mark.parametrize("depth", [1, 2])
def test_a_shallow_clone_needs_the_parent(repository: Path, tmp_path: Path, depth: int) -> None:
    git(repository, "branch", "merged")
    clone = tmp_path / "clone"
    options = ["--quiet", f"--depth={depth}", "--branch=merged"]
    git(tmp_path, "clone", *options, f"file://{repository}", str(clone))
    found = resolve_base(None, root=clone, commits=event(clone), workdir=tmp_path / "work")
    if depth == 2:
        assert (tree(found).path / "app.py").read_text() == "1\n"
    else:
        assert "- uses: actions/checkout@" in reason(found)
        assert "fetch-depth: 2" in reason(found)


def test_a_ref_that_a_shallow_clone_lacks_asks_for_the_whole_history(repository: Path, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", "--depth=1", "--branch=feature", f"file://{repository}", str(clone))
    found = resolve_base("main", root=clone, commits=event(clone), workdir=tmp_path / "work")
    assert "fetch-depth: 0" in reason(found)


def test_a_first_commit_has_no_base(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    commit(tmp_path)
    found = resolve_base(None, root=tmp_path, commits=event(tmp_path), workdir=tmp_path / "work")
    assert "is not what GitHub merged of this pull request" in reason(found)


@pytest.fixture
def own(repository: Path) -> tuple[Commits, str]:
    """The pull request's own last commit, its second, is checked out: what the event names, and its first commit."""
    git(repository, "checkout", "--quiet", "feature")
    first = git(repository, "rev-parse", "HEAD")
    (repository / "README.md").write_text("docs\n")
    head = commit(repository, "third")
    return Commits(base=git(repository, "rev-parse", "main"), head=head, merge="f" * 40), first


def test_the_pull_requests_own_commit_is_compared_with_where_it_left_the_target_branch(
    repository: Path, tmp_path: Path, own: tuple[Commits, str]
) -> None:
    found = tree(resolve_base(None, root=repository, commits=own[0], workdir=tmp_path / "work"))
    assert found.sha == own[0].base
    assert found.settings is None
    assert (found.path / "app.py").read_text() == "1\n"
    assert found.description.startswith("where the pull request left the target branch, at ")


def test_the_settings_are_those_of_the_target_branch_today(
    repository: Path, tmp_path: Path, own: tuple[Commits, str]
) -> None:
    left = git(repository, "rev-parse", "main")
    git(repository, "checkout", "--quiet", "main")
    (repository / "app.py").write_text("9\n")
    moved = commit(repository, "moved on")
    git(repository, "checkout", "--quiet", "feature")
    event = Commits(base=moved, head=own[0].head, merge="f" * 40)

    found = tree(resolve_base(None, root=repository, commits=event, workdir=tmp_path / "work"))

    assert found.sha == left
    assert found.settings is not None
    assert (found.path / "app.py").read_text() == "1\n"
    assert (found.settings.path / "app.py").read_text() == "9\n"


def test_the_pull_requests_own_first_commit_is_no_base(
    repository: Path, tmp_path: Path, own: tuple[Commits, str]
) -> None:
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", "--depth=2", "--branch=feature", f"file://{repository}", str(clone))
    assert git(clone, "rev-parse", "HEAD^1") == own[1]

    found = resolve_base(None, root=clone, commits=own[0], workdir=tmp_path / "work")

    assert "is not what GitHub merged of this pull request" in reason(found)
    assert "without a `ref` of its own" in reason(found)
    assert "fetch-depth: 2" in reason(found)


def test_a_merge_that_the_pull_request_pushes_is_not_githubs(
    repository: Path, tmp_path: Path, own: tuple[Commits, str]
) -> None:
    git(repository, "checkout", "--quiet", "-b", "weak", own[1])
    (repository / "lambdabot.yml").write_text("gate: {threshold_percent: 5000}\n")
    weak = commit(repository, "weak")
    git(repository, "merge", "--quiet", "--no-ff", "-m", "as GitHub's", "feature")
    assert git(repository, "rev-parse", "HEAD^1", "HEAD^2").split() == [weak, own[0].head]

    found = tree(resolve_base(None, root=repository, commits=own[0], workdir=tmp_path / "work"))

    assert found.sha == own[0].base


def test_a_merge_with_the_events_own_commits_is_githubs_whatever_it_is_called(repository: Path, tmp_path: Path) -> None:
    base, head = git(repository, "rev-parse", "HEAD^1", "HEAD^2").split()
    found = tree(resolve_base(None, root=repository, commits=Commits(base=base, head=head), workdir=tmp_path / "work"))
    assert found.sha == base


def test_a_start_that_a_shallow_clone_hides_is_no_base_but_the_settings_are_there(
    repository: Path, tmp_path: Path, own: tuple[Commits, str]
) -> None:
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", "--depth=1", "--branch=feature", f"file://{repository}", str(clone))
    git(clone, "fetch", "--quiet", "--depth=1", "origin", "main")

    found = resolve_base(None, root=clone, commits=own[0], workdir=tmp_path / "work")

    assert "where it left the target branch is not in the checkout" in reason(found)
    assert "fetch-depth: 0" in reason(found)
    assert isinstance(found, NoBase)
    assert found.settings is not None
    assert (found.settings.path / "app.py").read_text() == "1\n"


def test_the_target_branch_itself_is_no_pull_request(
    repository: Path, tmp_path: Path, own: tuple[Commits, str]
) -> None:
    git(repository, "checkout", "--quiet", "main")
    found = resolve_base(None, root=repository, commits=own[0], workdir=tmp_path / "work")
    assert "it is a commit of the target branch itself" in reason(found)


@pytest.mark.parametrize("linked", [False, True])
def test_a_folder_that_the_pull_request_commits_is_no_base(repository: Path, tmp_path: Path, *, linked: bool) -> None:
    (repository / "old").mkdir()
    (repository / "old" / "app.py").write_text("0\n")
    if linked:
        (repository / "build").symlink_to("old")
    commit(repository)
    named = "build" if linked else "old"

    found = resolve_base(named, root=repository, commits=Commits(), workdir=tmp_path / "work")

    assert reason(found) == f"the folder `{named}` is one of the pull request's own files"
    assert tree(resolve_base(named, root=repository, commits=None, workdir=tmp_path / "work")).path.name == "old"


def test_a_committed_folder_does_not_stand_before_a_ref_of_the_same_name(repository: Path, tmp_path: Path) -> None:
    (repository / "main").mkdir()
    (repository / "main" / "app.py").write_text("0\n")
    commit(repository)

    assert "own files" in reason(resolve_base("main", root=repository, commits=Commits(), workdir=tmp_path / "work"))
    found = tree(resolve_base("main", root=repository, commits=None, workdir=tmp_path / "work"))
    assert (found.path / "app.py").read_text() == "1\n"


def test_a_folder_behind_a_link_that_the_pull_request_commits_is_no_base(repository: Path, tmp_path: Path) -> None:
    (repository / "old" / "base").mkdir(parents=True)
    (repository / "old" / "base" / "app.py").write_text("0\n")
    (repository / "build").symlink_to("old")
    commit(repository)
    found = resolve_base("build/base", root=repository, commits=Commits(), workdir=tmp_path / "work")
    assert "the pull request's own files" in reason(found)


def test_the_workspace_itself_is_no_base(repository: Path, tmp_path: Path) -> None:
    found = resolve_base(str(repository), root=repository, commits=Commits(), workdir=tmp_path / "work")
    assert "the pull request's own files" in reason(found)


def test_a_branch_that_bears_the_target_branchs_name_is_no_base(repository: Path, tmp_path: Path) -> None:
    found = resolve_base("feature", root=repository, commits=event(repository), workdir=tmp_path / "work")
    assert reason(found) == "`feature` is the pull request's own commit here"


def test_a_root_below_the_top_of_the_repository_has_its_like_in_the_base(repository: Path, tmp_path: Path) -> None:
    git(repository, "checkout", "--quiet", "main")
    (repository / "services" / "a").mkdir(parents=True)
    (repository / "services" / "a" / "app.py").write_text("a\n")
    commit(repository)
    root = repository / "services" / "a"
    found = tree(resolve_base("main", root=root, commits=None, workdir=tmp_path / "work"))
    assert (found.path / "app.py").read_text() == "a\n"


def test_an_earlier_tree_in_the_same_place_is_replaced(repository: Path, tmp_path: Path) -> None:
    first = tree(resolve_base("main", root=repository, commits=None, workdir=tmp_path / "work"))
    (first.path / "stale.py").touch()
    again = tree(resolve_base("main", root=repository, commits=None, workdir=tmp_path / "work"))
    assert again.path == first.path
    assert not (again.path / "stale.py").exists()


def test_a_worktree_of_the_repository_has_a_base_too(repository: Path, tmp_path: Path) -> None:
    git(repository, "worktree", "add", "--quiet", "--detach", str(tmp_path / "second"))
    found = tree(
        resolve_base(None, root=tmp_path / "second", commits=event(tmp_path / "second"), workdir=tmp_path / "work")
    )
    assert (found.path / "app.py").read_text() == "1\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give the repository to another user")
def test_a_repository_of_another_owner_is_read(repository: Path, tmp_path: Path) -> None:
    commits = event(repository)
    for path in [repository, *repository.rglob("*")]:
        os.chown(path, 12345, 12345, follow_symlinks=False)
    assert tree(resolve_base(None, root=repository, commits=commits, workdir=tmp_path / "work")).sha
    assert head_sha(repository) is not None


def test_the_default_branch_is_known_where_the_checkout_is_not_part_of_it(repository: Path, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    git(repository, "checkout", "--quiet", "main")
    git(tmp_path, "clone", "--quiet", f"file://{repository}", str(clone))
    assert default_branch(clone, tmp_path / "work") is None  # it is checked out

    git(clone, "checkout", "--quiet", "feature")
    found = default_branch(clone, tmp_path / "work")
    assert found is not None
    assert (found.path / "app.py").read_text() == "1\n"
    assert default_branch(repository, tmp_path / "work") is None  # nobody's clone
    assert default_branch(tmp_path, tmp_path / "work") is None


def test_nothing_named_and_no_pull_request_is_no_base(repository: Path, tmp_path: Path) -> None:
    assert "no base was named" in reason(resolve_base(None, root=repository, commits=None, workdir=tmp_path))
    assert "no base was named" in reason(resolve_base("", root=repository, commits=None, workdir=tmp_path))


def test_a_folder_that_is_no_repository_has_no_base(tmp_path: Path) -> None:
    found = resolve_base(None, root=tmp_path, commits=Commits(), workdir=tmp_path / "work")
    assert "no git repository" in reason(found)
    assert head_sha(tmp_path) is None


def test_without_git_there_is_no_base_and_the_reason_is_said(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    found = resolve_base("main", root=repository, commits=Commits(), workdir=tmp_path / "work")
    assert "git is not installed" in reason(found)


def test_a_clone_that_lacks_the_files_of_the_base_is_said(repository: Path, tmp_path: Path) -> None:
    blob = git(repository, "rev-parse", "main:app.py")
    (repository / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    found = resolve_base("main", root=repository, commits=None, workdir=tmp_path / "work")
    assert reason(found).startswith("git read-tree: error: unable to read")


def test_a_git_that_hangs_is_given_up(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "git").write_text("#!/bin/sh\nexec /bin/sleep 60\n")
    (tmp_path / "git").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(base_module, "TIMEOUT_SECONDS", 0.1)
    found = resolve_base("main", root=repository, commits=Commits(), workdir=tmp_path / "work")
    assert "took longer than 0.1 seconds" in reason(found)


def test_a_git_that_does_not_start_is_said(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "git").write_text("no program")
    (tmp_path / "git").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    found = resolve_base("main", root=repository, commits=Commits(), workdir=tmp_path / "work")
    assert "git could not be run" in reason(found)


def test_secrets_do_not_reach_git(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = tmp_path / "seen"
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "git").write_text(f"#!/bin/sh\n/usr/bin/env > {seen}\n")
    (tmp_path / "bin" / "git").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("INPUT_GITHUB-TOKEN", "sekrit")
    head_sha(repository)
    assert "GIT_TERMINAL_PROMPT=0" in seen.read_text()
    assert "sekrit" not in seen.read_text()


def queue(at: Path, *, base: str) -> Commits:
    head = git(at, "rev-parse", "HEAD")
    return Commits(base=base, head=head, merge=head, queued=True)


def test_a_merge_queue_builds_on_the_commit_that_its_event_names_however_it_merges(
    repository: Path, tmp_path: Path
) -> None:
    main = git(repository, "rev-parse", "main")
    git(repository, "checkout", "--quiet", "--detach", "feature")  # as rebasing and squashing do: no merge
    commit(repository, "third")

    found = tree(resolve_base(None, root=repository, commits=queue(repository, base=main), workdir=tmp_path / "work"))

    assert (found.sha, found.kind) == (main, BaseKind.TARGET_BRANCH)
    assert found.description == f"what the merge queue builds on, at {main[:7]}"
    absent = resolve_base(None, root=repository, commits=queue(repository, base="f" * 40), workdir=tmp_path / "work")
    assert "does not hold what the merge queue builds on (fffffff).\nLet the workflow fetch it" in reason(absent)


def test_another_checkout_in_a_merge_queue_is_compared_with_where_it_left_the_target_branch(
    repository: Path, tmp_path: Path
) -> None:
    group = queue(repository, base=git(repository, "rev-parse", "main"))
    git(repository, "checkout", "--quiet", "--detach", "feature")
    commit(repository, "somebody's")

    found = tree(resolve_base(None, root=repository, commits=group, workdir=tmp_path / "work"))

    assert "where the pull request left the target branch" in found.description


@pytest.fixture
def lately(repository: Path, tmp_path: Path):
    """What a run without a pull request is compared with: its commit and its kind."""

    def found(**fields: object) -> tuple[str, BaseKind]:
        one = resolve_base(None, root=repository, commits=None, workdir=tmp_path / "work", since=Since(**fields))
        return tree(one).sha, tree(one).kind

    return found


def test_a_push_is_compared_with_what_it_replaced(repository: Path, lately) -> None:
    main = git(repository, "rev-parse", "main")
    git(repository, "tag", "v1.0.0", "main")

    assert lately(pushed=True, before=main) == (main, BaseKind.PUSHED_OVER)


def test_the_first_push_to_a_branch_is_compared_with_where_it_left_the_default_branch(repository: Path, lately) -> None:
    main = git(repository, "rev-parse", "main")
    git(repository, "update-ref", "refs/remotes/origin/trunk", "main")
    git(repository, "tag", "v1.0.0", "main")

    assert lately(pushed=True, default_branch="trunk") == (main, BaseKind.DEFAULT_BRANCH)
    # So is a push that took its predecessor out of the history.
    assert lately(pushed=True, before="f" * 40, default_branch="trunk") == (main, BaseKind.DEFAULT_BRANCH)


def test_a_run_by_hand_or_by_the_clock_is_compared_with_the_last_release_before_it(repository: Path, lately) -> None:
    main = git(repository, "rev-parse", "main")
    git(repository, "tag", "-a", "v1.0.0", "-m", "a release", "main")
    git(repository, "tag", "nightly", "feature")
    git(repository, "tag", "2.0", "HEAD")  # this one

    assert lately() == (main, BaseKind.RELEASE)


def test_without_a_release_it_is_compared_with_the_default_branch_or_the_commit_before(
    repository: Path, lately
) -> None:
    main = git(repository, "rev-parse", "main")
    git(repository, "update-ref", "refs/remotes/origin/main", "main")
    assert lately(default_branch="main") == (main, BaseKind.DEFAULT_BRANCH)

    git(repository, "update-ref", "refs/remotes/origin/main", "HEAD")
    assert lately(default_branch="main") == (main, BaseKind.PARENT)
    assert lately(default_branch="main", pushed=True) == (main, BaseKind.PARENT)


def test_what_a_shallow_clone_hides_from_a_run_without_a_pull_request_asks_for_the_history(
    repository: Path, tmp_path: Path
) -> None:
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{repository}", str(clone))

    for since in (Since(), Since(pushed=True, before="f" * 40)):
        found = resolve_base(None, root=clone, commits=None, workdir=tmp_path / "work", since=since)
        assert "fetch-depth: 0" in reason(found)


def test_a_first_commit_has_nothing_to_look_back_to(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    empty = resolve_base(None, root=tmp_path, commits=None, workdir=tmp_path / "work", since=Since())
    commit(tmp_path)
    first = resolve_base(None, root=tmp_path, commits=None, workdir=tmp_path / "work", since=Since(pushed=True))

    assert reason(empty) == "nothing is checked out"
    assert reason(first) == "there is no earlier commit to compare with"
