"""The one way out: files are made anew, and no link of the workspace leads one elsewhere."""

import os
import stat
from pathlib import Path

import pytest

from lambdabot import output
from lambdabot.errors import UsageError
from lambdabot.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    (tmp_path / "work").mkdir()
    (tmp_path / "home").mkdir()
    (tmp_path / "home/file").write_text("home")
    return Workspace(tmp_path / "work")


def write(folder: Path, workspace: Workspace | None, name: str = "file", data: str = "new") -> None:
    with output.opened(folder, workspace) as out:
        out.write(name, data)


def test_folders_are_made_and_files_replaced(workspace):
    for data in ("one", "two"):
        write(workspace.root / "a/b", workspace, data=data)

        assert (workspace.root / "a/b/file").read_text() == data
    assert [path.name for path in (workspace.root / "a/b").iterdir()] == ["file"]


def test_a_file_that_is_a_link_is_replaced_and_not_written_through(workspace, tmp_path):
    (workspace.root / "file").symlink_to(tmp_path / "home/file")

    write(workspace.root, workspace)

    assert (tmp_path / "home/file").read_text() == "home"
    assert not (workspace.root / "file").is_symlink()
    assert (workspace.root / "file").read_text() == "new"


@pytest.mark.parametrize("link", ["out", "out/inner"])
def test_a_link_on_the_way_is_refused_before_anything_is_made(workspace, tmp_path, link):
    (workspace.root / link).parent.mkdir(exist_ok=True)
    (workspace.root / link).symlink_to(tmp_path / "home", target_is_directory=True)

    for act in (write, output.check):
        with pytest.raises(UsageError, match="is a link: lambdabot writes through none"):
            act(workspace.root / "out/inner/deep", workspace)
    assert [path.name for path in (tmp_path / "home").iterdir()] == ["file"]


def test_a_link_inside_the_workspace_is_refused_too(workspace):
    (workspace.root / "src").mkdir()
    (workspace.root / "out").symlink_to("src")

    with pytest.raises(UsageError, match="is a link"):
        write(workspace.root / "out", workspace)


def test_a_file_in_the_place_of_a_folder_is_refused(workspace):
    (workspace.root / "out").write_text("")

    for act in (write, output.check):
        with pytest.raises(UsageError, match="is no folder"):
            act(workspace.root / "out", workspace)


def test_a_folder_in_the_place_of_a_file_is_said(workspace):
    (workspace.root / "file").mkdir()

    with pytest.raises(UsageError, match="cannot be written: Is a directory"):
        write(workspace.root, workspace)
    assert [path.name for path in workspace.root.iterdir()] == ["file"]


def test_outside_of_the_workspace_the_machines_own_links_are_followed(workspace, tmp_path):
    (tmp_path / "temporary").symlink_to(tmp_path / "home", target_is_directory=True)

    write(tmp_path / "temporary/reports", workspace)
    write(tmp_path / "temporary/reports", None, name="other")

    assert sorted(path.name for path in (tmp_path / "home/reports").iterdir()) == ["file", "other"]


def test_a_link_from_outside_leads_nowhere_into_the_workspace(workspace, tmp_path):
    (tmp_path / "door").symlink_to(workspace.root, target_is_directory=True)

    with pytest.raises(UsageError, match="leads into the workspace by a link"):
        write(tmp_path / "door/out", workspace)


def test_what_is_checked_is_not_made(workspace):
    output.check(workspace.root / "a/b", workspace)

    assert list(workspace.root.iterdir()) == []


def test_files_are_the_folders_owners(workspace):
    if os.geteuid() != 0:
        pytest.skip("needs root")
    os.chown(workspace.root, 1234, 1234)

    with output.opened(workspace.root / "out", workspace, mode=0o700) as out:
        out.write("file", b"raw", mode=0o600)

    assert (workspace.root / "out").stat().st_uid == (workspace.root / "out/file").stat().st_uid == 1234
    assert stat.S_IMODE((workspace.root / "out/file").stat().st_mode) == 0o600
