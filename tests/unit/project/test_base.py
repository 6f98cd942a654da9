"""The base's files come from a folder, a ref or HEAD^1, by real git on real repositories."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from lambdabot.project import base as base_module
from lambdabot.project.base import BaseTree, NoBase, head_sha, resolve_base
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


def tree(found: BaseTree | NoBase) -> BaseTree:
    assert isinstance(found, BaseTree), found
    return found


def reason(found: BaseTree | NoBase) -> str:
    assert isinstance(found, NoBase), found
    return found.reason


def test_a_pull_request_is_compared_with_the_first_parent_of_its_merge_commit(repository: Path, tmp_path: Path) -> None:
    found = tree(resolve_base(None, root=repository, pull_request=True, workdir=tmp_path / "work"))
    assert (found.path / "app.py").read_text() == "1\n"
    assert found.sha == git(repository, "rev-parse", "main")
    assert found.description == f"HEAD^1 at {git(repository, 'rev-parse', '--short=7', 'main')}"


def test_export_ignore_does_not_apply(repository: Path, tmp_path: Path) -> None:
    found = tree(resolve_base("main", root=repository, pull_request=False, workdir=tmp_path))
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
    tree(resolve_base(None, root=repository, pull_request=True, workdir=tmp_path / "work"))
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
    found = tree(resolve_base("main", root=repository, pull_request=False, workdir=tmp_path / "work"))
    assert (found.path / "app.py").read_text() == "1\n"
    assert not traces.exists()


def test_a_sparse_checkout_still_gives_the_whole_base(repository: Path, tmp_path: Path) -> None:
    git(repository, "sparse-checkout", "set", "--no-cone", "app.py")
    found = tree(resolve_base("main", root=repository, pull_request=False, workdir=tmp_path / "work"))
    assert (found.path / "private.txt").exists()


def test_modes_and_links_are_those_of_the_commit(repository: Path, tmp_path: Path) -> None:
    git(repository, "checkout", "--quiet", "main")
    (repository / "run").write_text("#!/bin/sh\n")
    (repository / "run").chmod(0o755)
    (repository / "link").symlink_to("app.py")
    commit(repository)
    found = tree(resolve_base("main", root=repository, pull_request=False, workdir=tmp_path / "work"))
    assert os.access(found.path / "run", os.X_OK)
    assert (found.path / "link").readlink() == Path("app.py")


def test_a_folder_comes_before_a_ref_of_the_same_name(repository: Path, tmp_path: Path) -> None:
    (repository / "main").mkdir()
    found = tree(resolve_base("main", root=repository, pull_request=True, workdir=tmp_path / "work"))
    folder = (repository / "main").resolve()
    assert found == BaseTree(path=folder, workspace=Workspace(folder), sha=None, description="folder main")
    assert not (tmp_path / "work").exists()


def test_a_folder_is_seen_from_the_current_directory_too(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere" / "old").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "elsewhere")
    found = tree(resolve_base("old", root=repository, pull_request=False, workdir=tmp_path / "work"))
    assert found.path == tmp_path / "elsewhere" / "old"


def test_a_folder_that_is_a_checkout_says_its_commit(repository: Path, tmp_path: Path) -> None:
    found = tree(resolve_base(str(repository), root=tmp_path, pull_request=False, workdir=tmp_path / "work"))
    assert found.sha == git(repository, "rev-parse", "HEAD")


def test_a_branch_known_only_as_the_remotes_is_found(repository: Path, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", "--branch", "feature", f"file://{repository}", str(clone))
    found = tree(resolve_base("main", root=clone, pull_request=False, workdir=tmp_path / "work"))
    assert found.sha == git(repository, "rev-parse", "main")
    assert (found.path / "app.py").read_text() == "1\n"


def test_a_ref_that_does_not_exist_is_said_and_head_is_not_taken_instead(repository: Path, tmp_path: Path) -> None:
    found = resolve_base("mian", root=repository, pull_request=True, workdir=tmp_path / "work")
    assert reason(found) == "`mian` is neither a folder nor a git ref of this checkout"


def test_a_ref_that_looks_like_an_option_is_only_a_ref(repository: Path, tmp_path: Path) -> None:
    found = resolve_base("--git-dir", root=repository, pull_request=False, workdir=tmp_path / "work")
    assert "`--git-dir` is neither a folder nor a git ref" in reason(found)


@pytest.mark.parametrize("depth", [1, 2])
def test_a_shallow_clone_needs_the_parent(repository: Path, tmp_path: Path, depth: int) -> None:
    git(repository, "branch", "merged")
    clone = tmp_path / "clone"
    options = ["--quiet", f"--depth={depth}", "--branch=merged"]
    git(tmp_path, "clone", *options, f"file://{repository}", str(clone))
    found = resolve_base(None, root=clone, pull_request=True, workdir=tmp_path / "work")
    if depth == 2:
        assert (tree(found).path / "app.py").read_text() == "1\n"
    else:
        assert "- uses: actions/checkout@" in reason(found)
        assert "fetch-depth: 2" in reason(found)


def test_a_ref_that_a_shallow_clone_lacks_asks_for_the_whole_history(repository: Path, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", "--depth=1", "--branch=feature", f"file://{repository}", str(clone))
    found = resolve_base("main", root=clone, pull_request=True, workdir=tmp_path / "work")
    assert "fetch-depth: 0" in reason(found)


def test_a_first_commit_has_no_base(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    commit(tmp_path)
    found = resolve_base(None, root=tmp_path, pull_request=True, workdir=tmp_path / "work")
    assert reason(found) == "the commit that is checked out has no parent"


def test_a_checkout_that_is_no_merge_commit_says_so(repository: Path, tmp_path: Path) -> None:
    git(repository, "checkout", "--quiet", "feature")
    found = tree(resolve_base(None, root=repository, pull_request=True, workdir=tmp_path / "work"))
    assert found.description.endswith("(the commit before HEAD, which is no merge commit)")


def test_a_root_below_the_top_of_the_repository_has_its_like_in_the_base(repository: Path, tmp_path: Path) -> None:
    git(repository, "checkout", "--quiet", "main")
    (repository / "services" / "a").mkdir(parents=True)
    (repository / "services" / "a" / "app.py").write_text("a\n")
    commit(repository)
    root = repository / "services" / "a"
    found = tree(resolve_base("main", root=root, pull_request=False, workdir=tmp_path / "work"))
    assert (found.path / "app.py").read_text() == "a\n"


def test_an_earlier_tree_in_the_same_place_is_replaced(repository: Path, tmp_path: Path) -> None:
    first = tree(resolve_base("main", root=repository, pull_request=False, workdir=tmp_path / "work"))
    (first.path / "stale.py").touch()
    again = tree(resolve_base("main", root=repository, pull_request=False, workdir=tmp_path / "work"))
    assert again.path == first.path
    assert not (again.path / "stale.py").exists()


def test_a_worktree_of_the_repository_has_a_base_too(repository: Path, tmp_path: Path) -> None:
    git(repository, "worktree", "add", "--quiet", "--detach", str(tmp_path / "second"))
    found = tree(resolve_base(None, root=tmp_path / "second", pull_request=True, workdir=tmp_path / "work"))
    assert (found.path / "app.py").read_text() == "1\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give the repository to another user")
def test_a_repository_of_another_owner_is_read(repository: Path, tmp_path: Path) -> None:
    for path in [repository, *repository.rglob("*")]:
        os.chown(path, 12345, 12345, follow_symlinks=False)
    assert tree(resolve_base(None, root=repository, pull_request=True, workdir=tmp_path / "work")).sha
    assert head_sha(repository) is not None


def test_nothing_named_and_no_pull_request_is_no_base(repository: Path, tmp_path: Path) -> None:
    assert "no base was named" in reason(resolve_base(None, root=repository, pull_request=False, workdir=tmp_path))
    assert "no base was named" in reason(resolve_base("", root=repository, pull_request=False, workdir=tmp_path))


def test_a_folder_that_is_no_repository_has_no_base(tmp_path: Path) -> None:
    found = resolve_base(None, root=tmp_path, pull_request=True, workdir=tmp_path / "work")
    assert "no git repository" in reason(found)
    assert head_sha(tmp_path) is None


def test_without_git_there_is_no_base_and_the_reason_is_said(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    found = resolve_base("main", root=repository, pull_request=True, workdir=tmp_path / "work")
    assert "git is not installed" in reason(found)


def test_a_clone_that_lacks_the_files_of_the_base_is_said(repository: Path, tmp_path: Path) -> None:
    blob = git(repository, "rev-parse", "main:app.py")
    (repository / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    found = resolve_base("main", root=repository, pull_request=False, workdir=tmp_path / "work")
    assert reason(found).startswith("git read-tree: error: unable to read")


def test_a_git_that_hangs_is_given_up(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "git").write_text("#!/bin/sh\nexec /bin/sleep 60\n")
    (tmp_path / "git").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(base_module, "TIMEOUT_SECONDS", 0.1)
    found = resolve_base("main", root=repository, pull_request=True, workdir=tmp_path / "work")
    assert "took longer than 0.1 seconds" in reason(found)


def test_a_git_that_does_not_start_is_said(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "git").write_text("no program")
    (tmp_path / "git").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    found = resolve_base("main", root=repository, pull_request=True, workdir=tmp_path / "work")
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
