"""The one way in: what a name may lead to, and what it may not."""

import os
from pathlib import Path

import pytest

from lambdabot.workspace import OUTSIDE, FileRefusedError, Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    for name in ("work/.git/config", "work/src/app.py", "home/secret"):
        path = tmp_path / name
        path.parent.mkdir(parents=True)
        path.write_text(name)
    (tmp_path / "work/out").symlink_to(tmp_path / "home")
    (tmp_path / "work/inner").symlink_to("src")
    (tmp_path / "work/circle").symlink_to("circle")
    (tmp_path / "work/gitdir").symlink_to(".git")
    return Workspace(tmp_path / "work")


@pytest.mark.parametrize("name", ["src/app.py", "inner/app.py", "src/../src/app.py"])
def test_its_files_are_read(workspace, name):
    assert workspace.read(workspace.root / name) == b"work/src/app.py"
    assert workspace.is_file(workspace.root / name)


@pytest.mark.parametrize(
    "name", ["../home/secret", "out/secret", ".git/config", "gitdir/config", "/etc/passwd", "/proc/self/environ", ".."]
)
def test_nothing_else_is(workspace, name):
    path = workspace.root / name

    assert not workspace.holds(path)
    assert not workspace.is_file(path)
    assert not workspace.is_dir(path)
    with pytest.raises(FileRefusedError, match=OUTSIDE):
        workspace.open(path)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("src", "is a folder"),
        ("fifo", "is no regular file"),
        ("circle", "no path that can be followed|cannot be read: Too many levels"),
        ("nothing", "cannot be read: No such file"),
        ("a\0b", "no path that can be followed"),
        ("x" * 300, "cannot be read: File name too long|no path that can be followed"),
    ],
)
def test_what_is_no_file_says_so_and_holds_nobody(workspace, name, why):
    os.mkfifo(workspace.root / "fifo")

    with pytest.raises(FileRefusedError, match=why):
        workspace.read(workspace.root / name)
    assert not workspace.is_file(workspace.root / name)


def test_a_device_is_no_file(tmp_path):
    with pytest.raises(FileRefusedError, match="is no regular file"):
        Workspace(Path("/dev")).read(Path("/dev/zero"))


def test_a_file_is_read_up_to_a_bound(workspace):
    path = workspace.root / "large"
    path.write_bytes(b"x" * 2048)

    assert len(workspace.read(path, largest=2048)) == 2048
    with pytest.raises(FileRefusedError, match="is larger than 1 kB"):
        workspace.read(path, largest=1024)
    path.write_bytes(b"x" * (3 * 1024**2 + 1))
    with pytest.raises(FileRefusedError, match="is larger than 3 MB"):
        workspace.open(path, largest=3 * 1024**2)


def test_a_file_that_tells_no_size_is_bounded_all_the_same():
    with pytest.raises(FileRefusedError, match="is larger than 0 kB"):
        Workspace(Path("/proc")).read(Path(f"/proc/{os.getpid()}/maps"), largest=16)


def test_a_terminals_workspace_is_the_repository_else_the_current_folder(workspace, tmp_path, monkeypatch):
    assert Workspace.around(workspace.root / "src/app.py") == workspace
    (tmp_path / "home/inner").mkdir()
    monkeypatch.chdir(tmp_path)
    assert Workspace.around(tmp_path / "home/inner") == Workspace(tmp_path)
    monkeypatch.chdir(workspace.root)
    assert Workspace.around(tmp_path / "home/inner/none.yml") == Workspace(tmp_path / "home/inner")


def test_what_it_covers_by_name_or_by_a_link(tmp_path):
    (tmp_path / "work").mkdir()
    (tmp_path / "home").mkdir()
    (tmp_path / "work/out").symlink_to(tmp_path / "home")
    (tmp_path / "in").symlink_to(tmp_path / "work")
    workspace = Workspace(tmp_path / "work")

    assert workspace.covers(tmp_path / "work/cache")
    assert workspace.covers(tmp_path / "work/out/cache")
    assert workspace.covers(tmp_path / "in/cache")
    assert not workspace.covers(tmp_path / "home/cache")


def test_a_link_does_not_name_its_own_workspace(workspace, tmp_path, monkeypatch):
    (tmp_path / "other/.git").mkdir(parents=True)
    (tmp_path / "other/file.txt").touch()
    (workspace.root / "file.txt").symlink_to(tmp_path / "other/file.txt")
    (workspace.root / "folder").symlink_to(tmp_path / "other")
    assert Workspace.around(workspace.root / "file.txt") == workspace
    monkeypatch.chdir(workspace.root)
    assert Workspace.around(Path("file.txt")) == workspace
    assert Workspace.around(Path("folder/file.txt")) == workspace
