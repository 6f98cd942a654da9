"""The one way out: files are made anew, and no link of the workspace leads one elsewhere."""

import os
import stat
from pathlib import Path

import pytest

from lambdabot import output
from lambdabot.confidential import keeping
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


def test_nothing_is_written_among_gits_own_files(workspace):
    (workspace.root / ".git").mkdir()

    for act in (write, output.check):
        with pytest.raises(UsageError, match="is git's own"):
            act(workspace.root / ".git/out", workspace)


def test_the_work_tree_that_we_stand_in_is_anybodys_too(workspace, tmp_path, monkeypatch):
    """The settings may be one's own, and lie elsewhere."""
    (workspace.root / ".git").mkdir()
    (workspace.root / "out").symlink_to(tmp_path / "home", target_is_directory=True)
    monkeypatch.chdir(workspace.root)

    with pytest.raises(UsageError, match="is a link"):
        write(Path("out"), Workspace(tmp_path / "elsewhere"))


def test_a_link_that_comes_between_check_and_write_is_refused(workspace, tmp_path):
    output.check(workspace.root / "out", workspace)
    (workspace.root / "out").symlink_to(tmp_path / "home", target_is_directory=True)

    with pytest.raises(UsageError, match="is a link"):
        write(workspace.root / "out", workspace)


def test_an_open_folder_is_not_left_for_the_link_that_takes_its_place(workspace, tmp_path):
    with output.opened(workspace.root / "out", workspace) as out:
        (workspace.root / "out").rename(workspace.root / "before")
        (workspace.root / "out").symlink_to(tmp_path / "home", target_is_directory=True)
        out.write("file", "new")

    assert (workspace.root / "before/file").read_text() == "new"
    assert (tmp_path / "home/file").read_text() == "home"


def test_a_folder_that_bears_a_files_name_is_told_before_the_file_is_made(workspace):
    (workspace.root / "out/report.json").mkdir(parents=True)

    (mistake,) = output.mistakes(workspace.root / "out", workspace, output.REPORT_FILES)
    assert mistake.message == "is a folder, where a file is to be written"
    assert mistake.path == workspace.root / "out/report.json"
    assert output.mistakes(workspace.root / "other", workspace, output.REPORT_FILES) == ()


def test_a_folder_of_somebody_elses_is_told_before_anything_is_made(workspace):
    if os.geteuid() != 0:
        pytest.skip("needs root")
    (workspace.root / "out").mkdir(mode=0o755)
    for folder in (workspace.root, *list(workspace.root.parents)[:4]):
        folder.chmod(folder.stat().st_mode | 0o055)
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.setresuid(1234, 1234, 1234)
            found = output.mistakes(workspace.root / "out", workspace, output.REPORT_FILES)
            status = [one.message for one in found] != ["cannot be written to by this user"]
        finally:
            os._exit(status)  # whatever happened, no second pytest goes on from here

    assert os.waitpid(child, 0)[1] == 0


def test_a_file_that_is_begun_must_not_be_there(workspace, tmp_path):
    with output.opened(workspace.root, workspace) as out:
        with out.begin("file") as file:
            file.write(b"line\n")
        (workspace.root / "link").symlink_to(tmp_path / "home/file")
        for name in ("file", "link"):
            with pytest.raises(UsageError, match="cannot be written: File exists"):
                out.begin(name)

    assert (workspace.root / "file").read_text() == "line\n"


def test_no_secret_goes_into_a_text_and_bytes_stay_as_they_are(workspace):
    with keeping({"GITHUB_TOKEN": "ghs_0123456789"}), output.opened(workspace.root, workspace) as out:
        out.write("text", "a ghs_0123456789")
        out.write("data", b"a ghs_0123456789")

    assert (workspace.root / "text").read_text() == "a ***"
    assert (workspace.root / "data").read_text() == "a ghs_0123456789"
