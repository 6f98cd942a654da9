"""Zips are the same for the same input, leave out what is of no use, and keep within Lambda's limits."""

import base64
import hashlib
import os
import stat
import struct
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdabot import zip_directory
from lambdabot.errors import PackagingError
from lambdabot.model import Selection
from lambdabot.packaging import archive
from lambdabot.packaging.archive import File
from lambdabot.workspace import Workspace
from tests.spot_check import examples


def zipped(folder: Path, destination: Path) -> archive.Archive:
    return archive.write(dict(archive.files(folder, Workspace(folder.parent))), {}, destination)


def names(folder: Path) -> list[str]:
    return [name for name, _ in archive.files(folder, Workspace(folder.parent))]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "folder"
    (folder / "pkg").mkdir(parents=True)
    (folder / "app.py").write_text("1\n")
    (folder / "pkg" / "data.txt").write_text("2\n")
    (folder / "bootstrap").write_text("#!/bin/sh\n")
    (folder / "bootstrap").chmod(0o755)
    return folder


def test_times_umask_and_order_of_creation_do_not_matter(folder: Path, tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        other = tmp_path / "other"
        other.mkdir()
        (other / "bootstrap").write_text("#!/bin/sh\n")
        (other / "bootstrap").chmod(0o700)
        (other / "pkg").mkdir()
        (other / "pkg" / "data.txt").write_text("2\n")
        (other / "app.py").write_text("1\n")
        os.utime(other / "app.py", (1, 1))
        second = zipped(other, tmp_path / "second.zip")
    finally:
        os.umask(before)
    first = zipped(folder, tmp_path / "first.zip")
    assert second.sha256 == first.sha256
    assert (tmp_path / "second.zip").read_bytes() == (tmp_path / "first.zip").read_bytes()


def test_entries_are_sorted_with_a_fixed_time_and_fixed_modes(folder: Path, tmp_path: Path) -> None:
    zipped(folder, tmp_path / "a.zip")
    with zipfile.ZipFile(tmp_path / "a.zip") as opened:
        entries = opened.infolist()
    assert [entry.filename for entry in entries] == ["app.py", "bootstrap", "pkg/data.txt"]
    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
    modes = [entry.external_attr >> 16 for entry in entries]
    assert modes == [stat.S_IFREG | 0o644, stat.S_IFREG | 0o755, stat.S_IFREG | 0o644]


def test_the_bytes_are_known(tmp_path: Path) -> None:
    """A change here changes the CodeSha256 of every user's function: it must be meant."""
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "app.py").write_text("x = 1\n")
    written = zipped(tmp_path / "one", tmp_path / "one.zip")
    header = struct.pack("<4sHHHHHIIIHH", b"PK\3\4", 20, 0, 8, 0, 1 << 5 | 1, zlib.crc32(b"x = 1\n"), 8, 6, 6, 0)
    assert (tmp_path / "one.zip").read_bytes().startswith(header + b"app.py")
    assert written.unzipped_bytes == 6


def test_the_hash_is_lambdas(folder: Path, tmp_path: Path) -> None:
    written = zipped(folder, tmp_path / "a.zip")
    content = (tmp_path / "a.zip").read_bytes()
    assert written.sha256 == base64.b64encode(hashlib.sha256(content).digest()).decode()
    assert written.zip_bytes == len(content)
    assert written.unzipped_bytes == sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def test_what_is_of_no_use_stays_out(folder: Path) -> None:
    for unwanted in (".git/config", "pkg/__pycache__/x.cpython-313.pyc", "old.pyc", ".venv/lib/x.py", "pkg/.DS_Store"):
        (folder / unwanted).parent.mkdir(parents=True, exist_ok=True)
        (folder / unwanted).touch()
    assert names(folder) == ["app.py", "bootstrap", "pkg/data.txt"]


def test_a_git_file_of_a_worktree_stays_out_and_like_named_files_stay_in(folder: Path) -> None:
    (folder / ".git").write_text("gitdir: elsewhere\n")
    (folder / ".gitignore").touch()
    assert ".git" not in names(folder)
    assert ".gitignore" in names(folder)


def test_what_frameworks_and_lambdabot_write_stays_out(folder: Path) -> None:
    for unwanted in (
        ".aws-sam/build/app.py",
        ".serverless/shop.zip",
        "cdk.out/asset/app.py",
        ".terraform/providers/aws",
        "terraform.tfstate",
        "pkg/terraform.tfstate.backup",
        ".lambdabot-base/app.py",
        "lambdabot-report/report.json",
        ".env",
        "pkg/.env",
    ):
        (folder / unwanted).parent.mkdir(parents=True, exist_ok=True)
        (folder / unwanted).touch()
    (folder / ".env.example").touch()
    assert names(folder) == [".env.example", "app.py", "bootstrap", "pkg/data.txt"]


def test_a_selection_decides_and_what_it_leaves_out_may_be_a_link_that_leads_nowhere(folder: Path) -> None:
    (folder / "broken").symlink_to("nowhere")
    selection = Selection(patterns=("!**", "pkg/**", "*.py"))
    found = [name for name, _ in archive.files(folder, Workspace(folder.parent), selection)]
    assert found == ["app.py", "pkg/data.txt"]


def test_a_text_is_a_file_of_its_own(tmp_path: Path) -> None:
    archive.write({}, {"index.py": b"x = 1\n"}, tmp_path / "a.zip")
    with zipfile.ZipFile(tmp_path / "a.zip") as opened:
        assert [(one.filename, one.external_attr >> 16) for one in opened.infolist()] == [("index.py", 0o100644)]
        assert opened.read("index.py") == b"x = 1\n"


def test_links_inside_are_followed(folder: Path, tmp_path: Path) -> None:
    (folder / "link.txt").symlink_to("pkg/data.txt")
    (folder / "linked").symlink_to(folder / "pkg")
    zipped(folder, tmp_path / "a.zip")
    with zipfile.ZipFile(tmp_path / "a.zip") as opened:
        assert opened.read("link.txt") == b"2\n"
        assert opened.read("linked/data.txt") == b"2\n"


def test_a_source_that_is_a_link_itself_is_followed(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "alias").symlink_to(folder)
    assert names(tmp_path / "alias") == names(folder)


def test_links_that_leave_the_source_are_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("token")
    (folder / "pkg" / "link").symlink_to(tmp_path / "secret")
    with pytest.raises(PackagingError, match=r"the link pkg/link leads out of folder"):
        names(folder)


def test_links_to_excluded_files_are_refused(folder: Path) -> None:
    (folder / ".git").mkdir()
    (folder / ".git" / "config").write_text("token")
    (folder / "innocent.txt").symlink_to(".git/config")
    with pytest.raises(PackagingError, match=r"the link innocent\.txt"):
        names(folder)


def test_a_file_reached_through_a_linked_parent_is_checked_too(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (folder / "dir").symlink_to(tmp_path / "outside")
    with pytest.raises(PackagingError, match="the link dir"):
        names(folder)


@pytest.mark.parametrize("target", ["missing.txt", "self"])
def test_links_that_lead_nowhere_are_refused(folder: Path, target: str) -> None:
    (folder / "self").symlink_to(target)
    with pytest.raises(PackagingError, match="the link self leads nowhere"):
        names(folder)


def test_links_in_a_circle_are_refused(folder: Path) -> None:
    (folder / "pkg" / "up").symlink_to("..")
    with pytest.raises(PackagingError, match="the link pkg/up leads in a circle"):
        names(folder)


def test_what_is_no_file_is_refused(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    with pytest.raises(PackagingError, match="pipe is neither a file nor a folder"):
        names(folder)


def test_a_folder_that_cannot_be_read_is_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refuse)  # root can read everything, so the refusal is made up
    with pytest.raises(PackagingError, match="cannot be read: Permission denied"):
        names(folder)


def test_a_file_that_cannot_be_read_is_said(folder: Path, tmp_path: Path) -> None:
    contents = {name: File(folder / name, Workspace(folder)) for name in ("app.py", "pkg")}  # a folder is no file
    with pytest.raises(PackagingError, match="pkg is a folder"):
        archive.write(contents, {}, tmp_path / "a.zip")


def test_a_name_that_is_not_utf8_is_refused(folder: Path, tmp_path: Path) -> None:
    (folder / os.fsdecode(b"caf\xe9.txt")).touch()
    with pytest.raises(PackagingError, match="not valid UTF-8"):
        zipped(folder, tmp_path / "a.zip")


def test_names_beyond_ascii_are_kept(folder: Path, tmp_path: Path) -> None:
    (folder / "café.txt").touch()
    zipped(folder, tmp_path / "a.zip")
    with zipfile.ZipFile(tmp_path / "a.zip") as opened:
        assert "café.txt" in opened.namelist()


def test_more_than_lambda_unpacks_is_refused_before_anything_is_written(folder: Path, tmp_path: Path) -> None:
    for name, size in (("models/big.bin", 240 << 20), ("models/small.bin", 8 << 20), ("extra.bin", 6 << 20)):
        (folder / name).parent.mkdir(exist_ok=True)
        with (folder / name).open("wb") as file:
            file.truncate(size)  # sparse: no disk is used
    with pytest.raises(PackagingError) as raised:
        zipped(folder, tmp_path / "a.zip")
    said = "the package is 254 MB unzipped; Lambda takes 250 MB (largest: models 248 MB, extra.bin 6 MB, "
    assert raised.value.what.startswith(said)
    assert "layer" in raised.value.advice
    assert not (tmp_path / "a.zip").exists()


def test_more_than_a_direct_upload_takes_is_refused(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "MAX_ZIP_BYTES", 2 << 20)
    (folder / "noise.bin").write_bytes(os.urandom(3 << 20))
    with pytest.raises(PackagingError, match=r"the package is 3 MB zipped; Lambda takes 2 MB by direct upload"):
        zipped(folder, tmp_path / "a.zip")


def test_memory_stays_small_while_a_large_file_is_written(folder: Path, tmp_path: Path) -> None:
    with (folder / "large.bin").open("wb") as file:
        file.truncate(64 << 20)
    tracemalloc.start()
    zipped(folder, tmp_path / "a.zip")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 16 << 20


def test_credentials_that_another_action_leaves_stay_out(folder: Path) -> None:
    (folder / "gha-creds-0123456789abcdef.json").write_text("token")
    (folder / ".GIT").mkdir()
    (folder / ".GIT" / "config").write_text("token")
    assert names(folder) == ["app.py", "bootstrap", "pkg/data.txt"]
    (folder / "innocent.txt").symlink_to("gha-creds-0123456789abcdef.json")
    with pytest.raises(PackagingError, match=r"the link innocent\.txt"):
        names(folder)


def test_a_source_outside_of_the_workspace_is_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "src").symlink_to(folder)
    with pytest.raises(PackagingError, match="its source `src` does not lie in the workspace"):
        list(archive.files(tmp_path / "work" / "src", Workspace(tmp_path / "work")))


def test_what_takes_a_files_place_after_it_was_found_is_refused(folder: Path, tmp_path: Path) -> None:
    contents = dict(archive.files(folder, Workspace(folder)))
    (folder / "app.py").unlink()
    (tmp_path / "secret").write_text("1\n")
    (folder / "app.py").symlink_to(tmp_path / "secret")
    with pytest.raises(PackagingError, match=r"app\.py does not lie in the workspace"):
        archive.write(contents, {}, tmp_path / "a.zip")


@pytest.mark.parametrize("content", ["", "longer than before\n"])
def test_a_file_that_changes_while_it_is_packaged_is_refused(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    contents = dict(archive.files(folder, Workspace(folder)))
    check = archive.check_unzipped

    def late(sizes: dict[str, int]) -> None:
        check(sizes)
        (folder / "app.py").write_text(content)

    monkeypatch.setattr(archive, "check_unzipped", late)
    with pytest.raises(PackagingError, match=r"app\.py changed while it was packaged"):
        archive.write(contents, {}, tmp_path / "a.zip")


def test_links_that_stand_for_billions_of_files_are_counted(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zip_directory, "MAX_FILES", 500)
    for level in range(60):  # two links to the next level in each: 2**60 folders, none of which holds a file
        (folder / f"level{level:02}").mkdir()
        for link in "ab":
            (folder / f"level{level:02}" / link).symlink_to(f"../level{level + 1:02}")
    (folder / "level60").mkdir()
    with pytest.raises(PackagingError, match="more than 500 files and folders, links followed"):
        names(folder)


def test_a_folder_too_deep_is_refused_without_a_traceback(folder: Path) -> None:
    deep = folder / Path(*("d" for _ in range(120)))
    deep.mkdir(parents=True)
    with pytest.raises(PackagingError, match="nests deeper than 100 folders"):
        names(folder)


def test_a_zip_is_taken_without_its_files_being_read(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "own.zip", "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("app.py", b"0" * (2 << 20))
    taken = archive.take(tmp_path / "own.zip", Workspace(tmp_path), tmp_path / "copy.zip")
    assert taken.unzipped_bytes == 2 << 20
    assert (tmp_path / "copy.zip").read_bytes() == (tmp_path / "own.zip").read_bytes()


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_files_of_the_same_name_count_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_UNZIPPED_BYTES", 3 << 20)
    with zipfile.ZipFile(tmp_path / "own.zip", "w", zipfile.ZIP_DEFLATED) as opened:
        for _ in range(4):
            opened.writestr("app.py", b"0" * (1 << 20))
    with pytest.raises(PackagingError, match="the package is 4 MB unzipped"):
        archive.take(tmp_path / "own.zip", Workspace(tmp_path), tmp_path / "copy.zip")


@pytest.mark.parametrize(
    ("limit", "value", "words"),
    [
        ("MAX_BYTES", 1000, "its directory is larger than"),
        ("MAX_FILES", 40, "it holds more than 40 files"),
    ],
)
def test_a_zip_of_too_many_files_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, value: int, words: str
) -> None:
    monkeypatch.setattr(zip_directory, limit, value)
    with zipfile.ZipFile(tmp_path / "own.zip", "w") as opened:
        for number in range(50):
            opened.writestr(f"{number}.py", "")
    with pytest.raises(PackagingError, match=words):
        archive.take(tmp_path / "own.zip", Workspace(tmp_path), tmp_path / "copy.zip")
    assert not (tmp_path / "copy.zip").exists()


@pytest.mark.parametrize("name", ["pipe.zip", "link.zip", ".git/own.zip", "absent.zip"])
def test_what_is_no_zip_of_the_workspace_is_not_taken(tmp_path: Path, name: str) -> None:
    work = tmp_path / "work"
    (work / ".git").mkdir(parents=True)
    for place in (tmp_path / "own.zip", work / ".git" / "own.zip"):
        with zipfile.ZipFile(place, "w") as opened:
            opened.writestr("app.py", "")
    os.mkfifo(work / "pipe.zip")
    (work / "link.zip").symlink_to("../own.zip")
    with pytest.raises(PackagingError, match=r"is no regular file|does not lie in the workspace|cannot be read"):
        archive.take(work / name, Workspace(work), tmp_path / "copy.zip")
    assert not (tmp_path / "copy.zip").exists()


@settings(deadline=None, max_examples=examples(30))
@given(
    contents=st.dictionaries(
        st.text(st.characters(codec="utf-8", exclude_characters="/\\.\x00"), min_size=1, max_size=20),
        st.tuples(st.binary(max_size=200), st.booleans()),
        min_size=1,
        max_size=6,
    )
)
def test_any_content_comes_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, contents: dict[str, tuple[bytes, bool]]
) -> None:
    base = tmp_path_factory.mktemp("any")
    paths = {}
    for number, (name, (content, executable)) in enumerate(contents.items()):
        path = base / str(number)
        path.write_bytes(content)
        path.chmod(0o755 if executable else 0o600)
        paths[name] = File(path, Workspace(base))
    archive.write(paths, {}, base / "a.zip")
    with zipfile.ZipFile(base / "a.zip") as opened:
        assert {name: opened.read(name) for name in opened.namelist()} == {n: c for n, (c, _) in contents.items()}
        executables = {entry.filename for entry in opened.infolist() if entry.external_attr >> 16 & stat.S_IXUSR}
    assert executables == {name for name, (_, executable) in contents.items() if executable}
